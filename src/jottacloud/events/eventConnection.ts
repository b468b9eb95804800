import type { Agent } from 'node:http';
import type { RawData } from 'ws';
import type { ClientClock } from '../../base/clock.ts';
import type { ClientLimits } from '../limits.ts';
import { parseServerFrame, type ServerFrame } from './serverEvents.ts';

export interface EventConnectionDeps {
  readonly username: string;
  readonly userAgent: string;
  readonly agent: Agent;
  readonly limits: ClientLimits;
  readonly clock: ClientClock;
  /** undefined: a frame nobody can read. */
  readonly onFrame: (frame: ServerFrame | undefined) => void;
}

/** `refused`: the server does not want this client here. `lost`: anything that may be better the next time. */
export type Ending = 'refused' | 'lost';

/**
 * One connection of the event socket, from its handshake to its end: subscribes to everything, pings, hands on each frame,
 * and takes silence for death (PROTOCOL.md §4). Never rejects; resolves 'lost' soon after `signal` aborts.
 */
export async function runEventConnection(deps: EventConnectionDeps, url: URL, signal: AbortSignal): Promise<Ending> {
  // Not with the process: a volume is usable before anybody needs events.
  const { WebSocket } = await import('ws');
  const { limits, clock } = deps;
  const { promise, resolve } = Promise.withResolvers<Ending>();
  if (signal.aborted) return 'lost';
  let ending: Ending = 'lost';
  let heardAt = clock.now();
  let pinging: NodeJS.Timeout | undefined;
  const socket = new WebSocket(url, {
    headers: { 'User-Agent': deps.userAgent },
    handshakeTimeout: limits.firstByteMs,
    maxPayload: limits.eventFrameBytes,
    // A compressed frame of any size would fit the limit on the wire.
    perMessageDeflate: false,
    agent: deps.agent,
  });
  const stop = () => socket.terminate();
  signal.addEventListener('abort', stop, { once: true });

  socket.on('unexpected-response', (_request, { statusCode = 500 }) => {
    ending = statusCode >= 500 || statusCode === 429 ? 'lost' : 'refused';
    stop();
  });
  socket.on('open', () => {
    heardAt = clock.now();
    socket.send(JSON.stringify({ SUBSCRIBE: { path: 'ALL', UA: deps.userAgent } }));
    pinging = setInterval(() => {
      const now = clock.now();
      // The clock may have been put back, and silence must not last until it has caught up.
      heardAt = Math.min(heardAt, now);
      if (now - heardAt > limits.eventSilenceMs) stop();
      else socket.send(JSON.stringify({ PING: 'Ok' }));
    }, limits.eventPingMs);
  });
  socket.on('message', (data: RawData, isBinary: boolean) => {
    heardAt = clock.now();
    deps.onFrame(isBinary ? undefined : parseServerFrame(String(data), deps.username));
  });
  // The error may hold the address with its token, and is not needed: 'close' follows.
  socket.on('error', () => {});
  socket.on('close', () => {
    clearInterval(pinging);
    signal.removeEventListener('abort', stop);
    resolve(ending);
  });
  return promise;
}
