import type { MessageConnection } from 'vscode-jsonrpc/node';
import { silentLog } from '../../src/base/log.ts';
import { defaultNetworkOptions } from '../../src/base/networkOptions.ts';
import { reachUntil } from '../../src/extension/drive/link.ts';
import { openConnection } from '../../src/protocol/connection.ts';
import * as messages from '../../src/protocol/messages.ts';
import { socketPath } from '../../src/protocol/socketPath.ts';
import type { DriveState } from '../../src/protocol/state.ts';
import { defaultLocalNames } from '../../src/vfs/localNames.ts';
import { makeGreeting } from '../support/greeting.ts';

/** Tokens as the SecretStorage of a window keeps them. */
export interface Secrets {
  stored: messages.StoredTokens | undefined;
}

/** A window as the drive sees it. */
export interface Window {
  readonly rpc: MessageConnection;
  /** Waits for a state that the drive tells. Answers false when none comes in time. */
  seesState(isWanted: (state: DriveState) => boolean, deadlineMs: number): Promise<boolean>;
}

/** As `npm run mount` has them, with the shortest pause between polls. */
const driveOptions: messages.DriveOptions = {
  ...{ pollIntervalMs: 1_000, cacheMaxBytes: 10 * 1024 ** 3, cacheMinFreeBytes: 512 * 1024 ** 2 },
  ...{
    keepAfterClose: false,
    driver: 'auto',
    ignoredNames: defaultLocalNames,
    followOutsideLinks: false,
    previewsDownload: false,
  },
  ...{ uploadBytesPerSecond: 0, downloadBytesPerSecond: 0, parallelPushes: 6, network: defaultNetworkOptions },
};

/** Rejects when the drive ends, or is not there in time. */
export async function attachWindow(
  stateDir: string,
  secrets: Secrets,
  deadlineMs: number,
  ended: AbortSignal,
): Promise<Window> {
  const address = { socketFile: socketPath(stateDir), stateDir, log: silentLog };
  const socket = await reachUntil(address, deadlineMs, ended);
  if (socket === undefined) throw new Error('the drive does not listen');
  const rpc = openConnection(socket);
  // What still waits for an answer is rejected.
  socket.once('close', () => rpc.dispose());
  rpc.onRequest(messages.storeTokens, (tokens) => {
    secrets.stored = tokens;
  });
  let state: DriveState | undefined;
  const watchers = new Set<() => void>();
  rpc.onNotification(messages.stateChanged, (next) => {
    state = next;
    for (const watcher of watchers) watcher();
  });
  rpc.listen();
  const greeting = await rpc.sendRequest(messages.hello, makeGreeting(true));
  state ??= greeting.state;
  await rpc.sendRequest(messages.setOptions, driveOptions);
  return {
    rpc,
    seesState: (isWanted, longestMs) =>
      new Promise((resolve) => {
        const finish = (answer: boolean) => {
          clearTimeout(timer);
          watchers.delete(look);
          resolve(answer);
        };
        const look = () => {
          if (state !== undefined && isWanted(state)) finish(true);
        };
        const timer = setTimeout(() => finish(false), longestMs);
        watchers.add(look);
        look();
      }),
  };
}
