import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { silentLog } from '../../../src/base/log.ts';
import { reachDrive } from '../../../src/extension/drive/link.ts';
import { openConnection } from '../../../src/protocol/connection.ts';
import * as messages from '../../../src/protocol/messages.ts';
import { socketPath } from '../../../src/protocol/socketPath.ts';
import type { DriveState } from '../../../src/protocol/state.ts';
import { driveEntry } from '../../support/driveEntry.ts';
import { makeGreeting } from '../../support/greeting.ts';
import { until } from '../../support/until.ts';
import type { World } from '../support.ts';

const main = driveEntry('main');

/** A busy computer takes half a minute to start one. ms. */
export const startMs = 90_000;

/** A VS Code window as the drive sees it; tokens are kept by the process it is attached to. */
export interface Window {
  readonly rpc: MessageConnection;
  readonly state: () => DriveState;
  /** Every state that was sent. */
  readonly states: readonly DriveState[];
  close(): void;
}

/** The drive process on a state folder of its own, with one window. */
export interface DriveProcess {
  readonly stateDir: string;
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  /** What windows keep for the drive, shared by all of one world. */
  readonly openWindow: () => Promise<Window>;
}

/** Tokens as the SecretStorage of all windows keeps them. */
export interface Secrets {
  stored: messages.StoredTokens | undefined;
}

/** Starts the drive; its home is inside the world's folder. Without a window it stays `graceMs`. */
export function startDriveProcess(
  world: World,
  secrets: Secrets,
  { env = {}, graceMs = 60_000 }: { env?: NodeJS.ProcessEnv; graceMs?: number } = {},
): DriveProcess {
  const stateDir = join(world.dir, 'drive');
  const args = [main, '--state', stateDir, '--cache', join(world.dir, 'cache'), '--grace', String(graceMs)];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, JOTTACLOUD_ENDPOINT: world.emulator.url, HOME: world.dir, ...env },
    stdio: 'ignore',
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { stateDir, child, exited, openWindow: () => openWindow(stateDir, secrets) };
}

async function openWindow(stateDir: string, secrets: Secrets): Promise<Window> {
  const address = { socketFile: socketPath(stateDir), stateDir, log: silentLog };
  const socket = await until('the socket answers', () => reachDrive(address), startMs);
  const rpc = openConnection(socket);
  rpc.onRequest(messages.storeTokens, (tokens) => {
    secrets.stored = tokens;
  });
  const states: DriveState[] = [];
  rpc.onNotification(messages.stateChanged, (next) => {
    states.push(next);
  });
  rpc.listen();
  const greeting = await rpc.sendRequest(messages.hello, makeGreeting(true));
  return { rpc, close: () => rpc.dispose(), states, state: () => states.at(-1) ?? greeting.state };
}
