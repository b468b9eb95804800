import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import type { Log } from '../../src/base/log.ts';
import { Drive } from '../../src/drive/drive.ts';
import { startServer } from '../../src/drive/windows/server.ts';
import { TokenKeeper } from '../../src/drive/windows/tokenKeeper.ts';
import { reachDrive } from '../../src/extension/drive/link.ts';
import { openConnection } from '../../src/protocol/connection.ts';
import { makeSocketSecret } from '../../src/protocol/socketSecret.ts';

/** A drive in this process that listens on its socket, and a connection to it that has proved to know the secret. */
export interface DriveOnSocket {
  readonly drive: Drive;
  readonly rpc: MessageConnection;
  /** Closes the connection and the socket; the drive is the caller's to close. */
  disconnect(): void;
}

export interface DriveOnSocketOptions {
  /** The state, the cache and the socket are kept in it. */
  readonly dir: string;
  /** URL of the service. */
  readonly endpoint: string;
  readonly log: Log;
  readonly onShutdown?: (reason: string) => void;
}

/** Tokens are kept by a window that takes all and forgets them. */
export async function startDriveOnSocket(options: DriveOnSocketOptions): Promise<DriveOnSocket> {
  const { dir, endpoint, log, onShutdown = () => {} } = options;
  const keeper = new TokenKeeper(log, async () => undefined);
  keeper.addWindow(async () => {});
  const places = { stateDir: join(dir, 'state'), cacheDir: join(dir, 'cache') };
  const drive = new Drive({ ...places, endpoint, env: {}, keeper, onDamage: assert.ifError, log });
  const secret = await makeSocketSecret(dir);
  const socketFile = join(dir, 'drive.sock');
  const onWindows = () => {};
  const server = await startServer(socketFile, { drive, keeper, secret, logFile: '', log, onWindows, onShutdown });
  const socket = await reachDrive({ socketFile, stateDir: dir, log });
  assert.ok(socket !== undefined);
  const rpc = openConnection(socket);
  rpc.listen();
  const disconnect = () => {
    rpc.dispose();
    server.close();
  };
  return { drive, rpc, disconnect };
}
