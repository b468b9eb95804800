import { doubledWait } from '../../base/backoff.ts';
import type { ClientClock } from '../../base/clock.ts';
import { systemClock } from '../../base/clock.ts';
import { isJottaError } from '../errors.ts';
import type { ClientLimits } from '../limits.ts';
import { fromAbort } from './transportErrors.ts';

export interface RetryDeps {
  readonly limits: ClientLimits;
  readonly clock: ClientClock;
  readonly random: () => number;
}

/**
 * Runs `attempt` up to `limits.tries` times, with exponential backoff and full jitter between tries. Only for calls that
 * may safely happen twice. Repeats network failures, answers meant for another request (roots.ts) and what
 * PROTOCOL.md §2.9 calls overload (429 500 502 503 504 509); everything else is thrown at once, as is anything
 * once `signal` has aborted.
 * `budgetMs`: no further try begins after that long, for calls whose body may take any time and so have no deadline.
 */
export async function withRetry<T>(
  deps: RetryDeps,
  signal: AbortSignal,
  attempt: () => Promise<T>,
  budgetMs = Number.POSITIVE_INFINITY,
): Promise<T> {
  const startedAt = deps.clock.now();
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!mayRepeat(error) || tried >= deps.limits.tries || signal.aborted) throw error;
      if (deps.clock.now() - startedAt > budgetMs) throw error;
      await backOff(deps, tried, signal, error);
    }
  }
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3); 0 for anything else. */
function getRetryAfterMs(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return ms > 0 ? ms : 0;
}

export function mayRepeat(error: unknown): boolean {
  if (isJottaError(error, 'protocol')) return error.retryable;
  return isJottaError(error, 'offline') || isJottaError(error, 'timeout') || isJottaError(error, 'server');
}

/**
 * Sleeps before try `tried + 1`: the backoff, or as long as the server's Retry-After asks, up to `retryAfterCapMs`. When the time runs out meanwhile, the failure that led here is the better
 * report.
 */
export async function backOff(deps: RetryDeps, tried: number, signal: AbortSignal, last: unknown): Promise<void> {
  const ceiling = doubledWait(tried, deps.limits.backoffBaseMs, deps.limits.backoffCapMs);
  const asked = isJottaError(last) ? getRetryAfterMs(last.retryAfter, deps.clock.now()) : 0;
  const sleep = deps.clock.sleep?.bind(deps.clock) ?? systemClock.sleep;
  try {
    await sleep(Math.max(Math.floor(deps.random() * ceiling), Math.min(asked, deps.limits.retryAfterCapMs)), signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    const aborted = fromAbort(signal.reason);
    throw aborted.kind === 'timeout' ? last : aborted;
  }
}
