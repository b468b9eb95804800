import * as vscode from 'vscode';
import type { DriveState } from '../protocol/state.ts';
import { toUri } from './fileSystem/scheme.ts';
import { getMountedPath } from './mountedPath.ts';

/** URI that opens `accountPath` in an editor: its mounted file, else the virtual one. */
export function getOpenUri(state: DriveState, accountPath: string): vscode.Uri {
  const mounted = getMountedPath(state, accountPath);
  return mounted === undefined ? toUri(accountPath) : vscode.Uri.file(mounted);
}
