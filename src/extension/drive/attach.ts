import type { MessageConnection } from 'vscode-jsonrpc/node';
import { within } from '../../base/deadline.ts';
import { OwnershipError } from '../../base/ownFiles.ts';
import { openConnection } from '../../protocol/connection.ts';
import { DriveError } from '../../protocol/errors.ts';
import { type HelloResult, hello, protocolVersion, shutdown } from '../../protocol/messages.ts';
import { ensureSocketFolder } from '../../protocol/socketPath.ts';
import type { MountState } from '../../protocol/state.ts';
import { toDriveError } from '../errors.ts';
import { pause, reachDrive, tryConnect } from './link.ts';
import { type StartOptions, startAndConnect } from './startAndConnect.ts';

/** A drive that does not greet within this time is stuck. */
const helloDeadlineMs = 10_000;
/** How long an older drive may take to flush and let go of the socket. */
const handOverDeadlineMs = 10_000;

export interface AttachOptions extends StartOptions {
  readonly clientVersion: string;
  isFocused(): boolean;
  /** Adds handlers before the first message is read. */
  prepare(connection: MessageConnection): void;
}

export interface Attached {
  readonly connection: MessageConnection;
  readonly greeting: HelloResult;
  /** What a drive that was asked to hand over had mounted; empty without one. */
  readonly handedOver: readonly MountState[];
}

/**
 * Attaches to the user's drive process, starting it when there is none, and asks an older one to hand over, once.
 * Throws DriveError 'versionMismatch' when the drive is newer than this window, 'internal' when it does not come up.
 */
export async function attach(options: AttachOptions): Promise<Attached> {
  const first = await attachOnce(options);
  if (!needsHandOver(first, options.clientVersion)) return first;
  options.log.info('asking an older drive to hand over', { drive: first.greeting.driveVersion });
  await handOver(first.connection, options);
  const second = await attachOnce(options);
  if (second.greeting.protocolVersion === protocolVersion) {
    return { ...second, handedOver: first.greeting.state.mounts };
  }
  second.connection.dispose();
  throw new DriveError('versionMismatch');
}

async function attachOnce(options: AttachOptions): Promise<Attached> {
  try {
    ensureSocketFolder(options.socketFile);
  } catch (error) {
    if (!(error instanceof OwnershipError)) throw error;
    throw new DriveError('folderNotOurs', { path: error.path }, { cause: error });
  }
  const running = await reachDrive(options);
  // Somebody who listens and says nothing is waited for: the window may be closed by then, and needs no drive.
  if (running === undefined && options.signal.aborted) throw new DriveError('shuttingDown');
  const connection = openConnection(running ?? (await startAndConnect(options)));
  options.prepare(connection);
  connection.listen();
  try {
    const greeting = await within(
      helloDeadlineMs,
      connection.sendRequest(hello, {
        protocolVersion,
        clientVersion: options.clientVersion,
        keepsTokens: true,
        focused: options.isFocused(),
      }),
      tooLate,
    );
    return { connection, greeting, handedOver: [] };
  } catch (error) {
    connection.dispose();
    throw toDriveError(error);
  }
}

/** A drive newer than this window is never replaced: two windows would throw each other's drive out for ever. */
function needsHandOver({ connection, greeting }: Attached, clientVersion: string): boolean {
  if (greeting.protocolVersion > protocolVersion) {
    connection.dispose();
    throw new DriveError('versionMismatch');
  }
  return greeting.protocolVersion < protocolVersion || isOlder(greeting.driveVersion, clientVersion);
}

async function handOver(connection: MessageConnection, options: AttachOptions): Promise<void> {
  await within(handOverDeadlineMs, connection.sendRequest(shutdown, { reason: 'handOver' }), tooLate).catch((error) => {
    // The socket may close before the answer is out; what counts is that nobody listens any more.
    options.log.info('hand-over answered with an error', { error });
  });
  connection.dispose();
  const end = performance.now() + handOverDeadlineMs;
  while (performance.now() < end && !options.signal.aborted) {
    const socket = await tryConnect(options.socketFile);
    if (socket === undefined) return;
    socket.destroy();
    await pause(100, options.signal);
  }
  throw new DriveError('versionMismatch');
}

const tooLate = () => new DriveError('timeout');

/** Compares `major.minor.patch`; anything else counts as equal. */
export function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) => text.split(/[.+-]/).slice(0, 3).map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
