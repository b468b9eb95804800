import { doubledWait } from '../../base/backoff.ts';
import { systemClock } from '../../base/clock.ts';
import { isJottaError, type JottaErrorKind } from '../errors.ts';
import type { Service } from '../service.ts';
import { type Ending, runEventConnection } from './eventConnection.ts';
import { fetchEventUrl } from './eventToken.ts';
import type { ServerEvent, ServerFrame } from './serverEvents.ts';

export interface EventListener {
  /** Events come from now on; whatever happened before may have been missed. */
  readonly onSubscribed: () => void;
  readonly onEvents: (sightings: readonly ServerEvent[]) => void;
  /** A socket that had subscribed was lost: the network may be gone with it. */
  readonly onLost: () => void;
}

/** Failures of createToken that pass by themselves. Every other one means that the account has no event socket. */
const passing: ReadonlySet<JottaErrorKind> = new Set([
  'offline',
  'timeout',
  'server',
  'incomplete',
  'proxy',
  'signedOut',
]);

/**
 * Keeps the event socket connected until `signal` aborts. Nobody knows for which accounts it still works
 * (PROTOCOL.md §4), so that its absence is no error: it is asked for again now and then, and only the debug log
 * tells. Never rejects.
 */
export async function watchEvents(
  service: Service,
  userAgent: string,
  listener: EventListener,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random } = service.retry;
  const { log, limits } = service.http;
  const sleep = clock.sleep?.bind(clock) ?? systemClock.sleep;
  let failures = 0;
  while (!signal.aborted) {
    const startedAt = clock.now();
    const ending = await connect(service, userAgent, listener, signal);
    // One that worked for a while starts over; one that is cut at once each time waits longer and longer.
    failures = clock.now() - startedAt > limits.eventSilenceMs ? 1 : failures + 1;
    const ceiling =
      ending === 'refused'
        ? limits.eventRefusedMs
        : doubledWait(failures, limits.eventBackoffBaseMs, limits.eventBackoffCapMs);
    const waitMs = Math.floor(ceiling * (0.5 + random() / 2));
    if (signal.aborted) return;
    log.debug('no event socket', { ending, waitMs });
    await sleep(waitMs, signal).catch(() => {});
  }
}

async function connect(
  service: Service,
  userAgent: string,
  listener: EventListener,
  signal: AbortSignal,
): Promise<Ending> {
  const { log, limits, agents } = service.http;
  let subscribed = false;
  const onFrame = (frame: ServerFrame | undefined) => {
    if (frame === undefined) {
      log.debug('an event was not understood');
      return;
    }
    if (!subscribed) {
      subscribed = true;
      log.debug('event socket subscribed');
      listener.onSubscribed();
    }
    if (frame.kind === 'event') listener.onEvents(frame.sightings);
  };
  try {
    const url = await fetchEventUrl(service, signal);
    const { username } = service.tokens;
    const { clock } = service.retry;
    const agent = agents.getAgentFor(url);
    const ending = await runEventConnection({ username, userAgent, agent, limits, clock, onFrame }, url, signal);
    if (subscribed && ending === 'lost' && !signal.aborted) listener.onLost();
    return ending;
  } catch (error) {
    const kind = isJottaError(error) ? error.kind : 'protocol';
    log.debug('no token for the event socket', { kind });
    return passing.has(kind) ? 'lost' : 'refused';
  }
}
