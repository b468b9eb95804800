import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** How slow the line is: `latency` ms before each request, `bandwidth` bytes/s per connection and direction. */
export interface Shape {
  latency: number;
  bandwidth: number | undefined;
}

export type Direction = 'in' | 'out';

const lines = new WeakMap<Socket, Record<Direction, number>>();
const largestPiece = 64 * 1024;

/** Waits, but no longer than the connection lives. */
export async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal }).catch(() => undefined);
}

/** Cuts a chunk so that a slow line moves about twenty times a second. */
export function* pieces(chunk: Buffer, shape: Shape): Generator<Buffer> {
  const bandwidth = shape.bandwidth;
  const size = bandwidth === undefined ? chunk.length : Math.max(1, Math.min(largestPiece, Math.ceil(bandwidth / 20)));
  for (let at = 0; at < chunk.length; at += size) yield chunk.subarray(at, at + size);
}

/** Books `bytes` on the connection's line and waits until they have passed. */
export async function pace(
  shape: Shape,
  socket: Socket,
  way: Direction,
  bytes: number,
  signal: AbortSignal,
): Promise<void> {
  if (shape.bandwidth === undefined) return;
  const line = lines.get(socket) ?? { in: 0, out: 0 };
  lines.set(socket, line);
  const now = performance.now();
  line[way] = Math.max(now, line[way]) + (bytes / shape.bandwidth) * 1000;
  await waitFor(line[way] - now, signal);
}
