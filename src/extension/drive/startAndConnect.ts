import type net from 'node:net';
import { DriveError } from '../../protocol/errors.ts';
import { findStartFailure } from '../../protocol/exitCodes.ts';
import { type ReachOptions, reachUntil } from './link.ts';
import type { StartedDrive } from './runtime.ts';

/** A cold start on a busy laptop, journal replay included. */
const startDeadlineMs = 15_000;
/** A drive that is ending no longer listens but keeps its files until its last uploads are out: up to 20 s. */
const inUseDeadlineMs = 40_000;
/** Before another try while the files are in use; another window's drive may also come up meanwhile. */
const inUsePauseMs = 500;

export interface StartOptions extends ReachOptions {
  readonly signal: AbortSignal;
  /** Starts the process; called only when no drive of this user listens. */
  start(): StartedDrive;
}

/**
 * Starts the drive and connects to whichever comes up: two windows may start one each, and one of them wins. Throws
 * DriveError 'internal' when it does not come up, 'stateInUse' when another keeps its files and does not answer.
 */
export async function startAndConnect(options: StartOptions): Promise<net.Socket> {
  const { stateDir, log, signal, start } = options;
  const inUseEnd = performance.now() + inUseDeadlineMs;
  for (;;) {
    const child = start();
    const gone = new AbortController();
    let exitCode: number | null | undefined;
    void child.ended.then((code) => {
      exitCode = code;
      gone.abort();
    });
    const socket = await reachUntil(options, startDeadlineMs, AbortSignal.any([signal, gone.signal]));
    if (socket !== undefined) return socket;
    const failure = findStartFailure(exitCode);
    if (failure !== 'stateInUse' || signal.aborted) {
      log.error('the drive process did not come up', { pid: child.pid, exitCode, failure });
      if (failure !== undefined) throw new DriveError(failure, { path: stateDir });
      throw new DriveError('internal', { detail: 'the drive process did not come up' });
    }
    const other = await reachUntil(options, inUsePauseMs, signal);
    if (other !== undefined) return other;
    if (performance.now() > inUseEnd) throw new DriveError('stateInUse');
    log.info('the files are in use by a drive that is ending; trying again');
  }
}
