import * as vscode from 'vscode';
import { nameKey } from '../base/nameKey.ts';
import type { DriveState } from '../protocol/state.ts';
import { findAccountPath } from './fileSystem/scheme.ts';

/** The files that tabs of this window show, by any kind of editor; a comparison shows two. Old versions are left out. */
export function findOpenUris(): vscode.Uri[] {
  const inputs = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ input }) => input));
  return inputs.flatMap(getUris).filter(({ scheme }) => scheme === 'file' || scheme === 'jottacloud');
}

/** What the active editor shows: of a comparison, what is compared with something else. */
export function findActiveUri(): vscode.Uri | undefined {
  return getUris(vscode.window.tabGroups.activeTabGroup.activeTab?.input).at(-1);
}

/** The files in tabs that are, or lie below, a path of the account. */
export function findOpenBelow(state: DriveState, accountPath: string): vscode.Uri[] {
  const key = nameKey(accountPath);
  return findOpenUris().filter((uri) => {
    const opened = findAccountPath(state, uri);
    return opened !== undefined && (nameKey(opened) === key || nameKey(opened).startsWith(`${key}/`));
  });
}

function getUris(input: unknown): vscode.Uri[] {
  if (input instanceof vscode.TabInputTextDiff || input instanceof vscode.TabInputNotebookDiff) {
    return [input.original, input.modified];
  }
  const isOfOne =
    input instanceof vscode.TabInputText ||
    input instanceof vscode.TabInputCustom ||
    input instanceof vscode.TabInputNotebook;
  return isOfOne ? [input.uri] : [];
}
