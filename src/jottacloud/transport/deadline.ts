import { JottaError } from '../errors.ts';

export interface Deadline {
  /** Aborts with the caller's reason, or with JottaError 'timeout' when time is up. */
  readonly signal: AbortSignal;
  stop(): void;
}

/** Bounds one piece of work. `ms` may be Infinity. Always `stop()` it. */
export function startDeadline(caller: AbortSignal, ms: number, message: string): Deadline {
  const controller = new AbortController();
  const onAbort = () => controller.abort(caller.reason);
  if (caller.aborted) onAbort();
  else caller.addEventListener('abort', onAbort, { once: true });
  const timer = Number.isFinite(ms)
    ? setTimeout(() => controller.abort(new JottaError('timeout', `${message} for ${ms} ms`)), ms)
    : undefined;
  return {
    signal: controller.signal,
    stop() {
      clearTimeout(timer);
      caller.removeEventListener('abort', onAbort);
    },
  };
}

/** Bounds `work` by `ms`, all its tries included. */
export async function withDeadline<T>(
  caller: AbortSignal,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = startDeadline(caller, ms, 'not done');
  try {
    return await work(deadline.signal);
  } finally {
    deadline.stop();
  }
}
