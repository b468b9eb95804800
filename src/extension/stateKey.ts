import * as vscode from 'vscode';
import type { DriveState } from '../protocol/state.ts';
import type { DriveClient } from './drive/client.ts';
import type { FuseCheck } from './fuseCheck.ts';

/** Values of the context key `jottacloud.state`, which switches welcome views and enablement. */
export type StateKey = 'signedOut' | 'fuseMissing' | 'connected' | 'mounted';

export function getStateKey(state: DriveState, fuseMissing: boolean): StateKey {
  if (state.mounts.some(({ status }) => status !== 'failed')) return 'mounted';
  if (state.account === null) return 'signedOut';
  return fuseMissing ? 'fuseMissing' : 'connected';
}

/** Keeps the context keys in step with the drive. Sets nothing before the first call: no welcome view may flash up. */
export function createStateKeys(client: DriveClient, fuse: FuseCheck): { update(): void; dispose(): void } {
  let lastKey: StateKey | undefined;
  let lastPaused: boolean | undefined;
  const update = () => {
    const key = getStateKey(client.state, fuse.missing);
    const paused = client.state.transfersPaused;
    if (key !== lastKey) void vscode.commands.executeCommand('setContext', 'jottacloud.state', key);
    if (paused !== lastPaused) void vscode.commands.executeCommand('setContext', 'jottacloud.transfersPaused', paused);
    lastKey = key;
    lastPaused = paused;
  };
  // While the stored session is being taken up, "no account" is not yet the truth.
  const updateWhenAttached = () => {
    if (client.attached || lastKey !== undefined) update();
  };
  const listeners = [
    client.onDidChangeState(updateWhenAttached),
    client.onDidAttach(update),
    fuse.onDidChange(updateWhenAttached),
  ];
  return { update, dispose: () => vscode.Disposable.from(...listeners).dispose() };
}
