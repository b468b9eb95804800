import net from 'node:net';
import type { Log } from '../../base/log.ts';
import { proveToDrive } from '../../protocol/socketProof.ts';
import { findSocketSecret } from '../../protocol/socketSecret.ts';

/** Between two attempts to reach a drive that is starting; it needs 100–300 ms. */
const firstPauseMs = 40;
const longestPauseMs = 400;

/** One attempt; undefined when nobody listens there (no such socket, refused). */
export function tryConnect(socketFile: string): Promise<net.Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketFile);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      // A later error is followed by 'close', which the connection reports.
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ENOTSOCK') resolve(undefined);
      else reject(error);
    });
  });
}

export interface ReachOptions {
  readonly socketFile: string;
  readonly stateDir: string;
  readonly log: Log;
}

/**
 * The drive of `stateDir`, which knows by then that it talks to its user. undefined when nobody listens there, or anybody
 * else, who heard nothing.
 */
export async function reachDrive({ socketFile, stateDir, log }: ReachOptions): Promise<net.Socket | undefined> {
  const socket = await tryConnect(socketFile);
  if (socket === undefined) return undefined;
  const outcome = await proveToDrive(socket, await findSocketSecret(stateDir));
  if (outcome === 'proved') return socket;
  log.warn('what listens on the socket did not prove to be the drive', { outcome });
  return undefined;
}

/** Tries until the drive is there; undefined when `deadlineMs` passed or the signal fired. */
export async function reachUntil(
  options: ReachOptions,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<net.Socket | undefined> {
  const end = performance.now() + deadlineMs;
  for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const socket = await reachDrive(options);
    if (socket !== undefined) return socket;
    if (performance.now() + pauseMs > end) return undefined;
    await pause(pauseMs, signal);
  }
  return undefined;
}

/** Resolves after `ms`, or at once when the signal fires. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
