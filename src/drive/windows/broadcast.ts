import type { MessageConnection } from 'vscode-jsonrpc/node';
import type { Log } from '../../base/log.ts';
import * as messages from '../../protocol/messages.ts';
import type { Drive } from '../drive.ts';

/** State goes out at most this often; a running upload changes it with every chunk. */
const stateIntervalMs = 100;

/** Messages that wait for a window to read them; a minute of a running upload has 600. */
const longestQueue = 1_000;

/** Tells all windows what the drive tells. Answers a function that sends a state that waits for its interval at once. */
export function broadcast(windows: ReadonlySet<MessageConnection>, drive: Drive, log: Log): () => void {
  let timer: NodeJS.Timeout | undefined;
  const waiting = new WeakMap<MessageConnection, number>();
  const send = (notify: (window: MessageConnection) => Promise<void>) => {
    for (const window of windows) {
      const behind = waiting.get(window) ?? 0;
      if (behind >= longestQueue) {
        log.warn('a window does not read what it is told, and is let go');
        // A window that was let go attaches again once it reads on.
        window.dispose();
        continue;
      }
      waiting.set(window, behind + 1);
      notify(window)
        .catch((error) => log.debug('a window did not listen', { error }))
        .finally(() => waiting.set(window, (waiting.get(window) ?? 1) - 1));
    }
  };
  const tellState = () => {
    clearTimeout(timer);
    timer = undefined;
    if (windows.size === 0) return;
    try {
      const state = drive.getState();
      send((window) => window.sendNotification(messages.stateChanged, state));
    } catch (error) {
      // A timer called this. The next change tells it.
      log.warn('the state could not be told', { error });
    }
  };
  drive.stateChanged.on(() => {
    timer ??= setTimeout(tellState, stateIntervalMs);
  });
  drive.entriesChanged.on((folders) => send((window) => window.sendNotification(messages.entriesChanged, { folders })));
  drive.conflictMade.on((notice) => send((window) => window.sendNotification(messages.conflictMade, notice)));
  drive.signedOut.on(() => send((window) => window.sendNotification(messages.signedOut)));
  return () => {
    if (timer !== undefined) tellState();
  };
}
