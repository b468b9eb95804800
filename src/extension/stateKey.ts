import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import type { DriveState } from '../protocol/state.ts';
import type { DriveClient } from './drive/client.ts';
import { findAccountPath, scheme } from './fileSystem/scheme.ts';
import type { FuseCheck, FuseProblem } from './fuseCheck.ts';
import { findOpenUris } from './openTabs.ts';

/** Values of the context key `jottacloud.state`, which switches welcome views and enablement. */
export type StateKey = 'signedOut' | 'fuseMissing' | 'connected' | 'mounted';

export function getStateKey(state: DriveState, fuseMissing: boolean): StateKey {
  if (state.mounts.some(({ status }) => status !== 'failed')) return 'mounted';
  if (state.account === null) return 'signedOut';
  return fuseMissing ? 'fuseMissing' : 'connected';
}

/** Values of `jottacloud.fuse` where nothing can be mounted: whether anything can be done about it, and what. */
const fuseKeys: Readonly<Record<FuseProblem, string>> = {
  fuseMissing: 'missing',
  fuseNotAllowed: 'missing',
  fuseTooOld: 'missing',
  packageCannotMount: 'otherPackage',
  systemCannotMount: 'otherSystem',
};

/** Keeps the context keys in step with the drive. Sets nothing before the first call: no welcome view may flash up. */
export function createStateKeys(client: DriveClient, fuse: FuseCheck): { update(): void; dispose(): void } {
  const shown = new Map<string, unknown>();
  const set = (key: string, value: unknown) => {
    if (isDeepStrictEqual(shown.get(key), value)) return;
    shown.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  };
  // Of the computer that mounts: `isMac` is of the one whose screen shows it.
  set('jottacloud.onMac', process.platform === 'darwin');
  set('jottacloud.onWindows', process.platform === 'win32');
  const update = () => {
    set('jottacloud.state', getStateKey(client.state, fuse.ready === false));
    set('jottacloud.transfersPaused', client.state.transfersPaused);
    // The explorer of such a window shows files of the account.
    set('jottacloud.folderIsMounted', showsMount(client.state));
    // Their tabs have a menu of the account.
    set('jottacloud.openPaths', findOpenPaths(client.state));
    // VS Code's own search finds nothing there: its search providers are closed to extensions like this one.
    set('jottacloud.folderIsVirtual', showsOnlyVirtual());
  };
  // While the stored session is being taken up, "no account" is not yet the truth.
  const updateWhenAttached = () => {
    if (client.attached || shown.has('jottacloud.state')) update();
  };
  const listeners = [
    vscode.workspace.onDidChangeWorkspaceFolders(updateWhenAttached),
    vscode.window.tabGroups.onDidChangeTabs(updateWhenAttached),
    client.onDidChangeState(updateWhenAttached),
    client.onDidAttach(update),
    fuse.onDidChange(() => {
      set('jottacloud.fuse', fuse.problem === undefined ? 'ready' : fuseKeys[fuse.problem]);
      updateWhenAttached();
    }),
  ];
  return { update, dispose: () => vscode.Disposable.from(...listeners).dispose() };
}

function showsMount(state: DriveState): boolean {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.some(({ uri }) => uri.scheme === 'file' && findAccountPath(state, uri) !== undefined);
}

/** Paths on this computer of the mounted files that tabs show. */
function findOpenPaths(state: DriveState): string[] {
  const mounted = findOpenUris().filter((uri) => uri.scheme === 'file' && findAccountPath(state, uri) !== undefined);
  return [...new Set(mounted.map(({ fsPath }) => fsPath))];
}

function showsOnlyVirtual(): boolean {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.length > 0 && folders.every(({ uri }) => uri.scheme === scheme);
}
