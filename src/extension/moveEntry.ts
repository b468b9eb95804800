import * as vscode from 'vscode';
import { nameKey } from '../base/nameKey.ts';
import { DriveError } from '../protocol/errors.ts';
import { lookup, rename, stat } from '../protocol/fileMessages.ts';
import type { DriveClient } from './drive/client.ts';
import { toUri } from './fileSystem/scheme.ts';
import { getMountedPath } from './mountedPath.ts';
import { findOpenBelow } from './openTabs.ts';

/**
 * Renames or moves a file or folder of the account. Tabs that show it go along, with what is not saved in them: VS Code
 * moves them when it moves the file itself. Throws DriveError, `alreadyExists` when `to` is taken.
 */
export async function moveEntry(client: DriveClient, from: string, to: string): Promise<void> {
  const opened = findOpenBelow(client.state, from);
  const moved = opened.length > 0 && (await moveWithTabs(client, { from, to }, opened));
  if (!moved) await client.request(rename, { from, to, overwrite: false });
}

/** False when VS Code could not, which does not say why: the drive does, asked for the same. */
async function moveWithTabs(
  client: DriveClient,
  { from, to }: { from: string; to: string },
  opened: readonly vscode.Uri[],
): Promise<boolean> {
  const { readOnly } = await client.request(stat, { path: from });
  if (readOnly) throw new DriveError('readOnly', { path: from });
  const [taken] = await client.request(lookup, { paths: [to] });
  if (taken && nameKey(from) !== nameKey(to)) throw new DriveError('alreadyExists', { path: to });
  const isMounted = opened.some(({ scheme }) => scheme === 'file');
  const [source, target] = [from, to].map((accountPath) => {
    const mounted = getMountedPath(client.state, accountPath);
    return isMounted ? mounted && vscode.Uri.file(mounted) : toUri(accountPath);
  });
  if (!source || !target) return false;
  const edit = new vscode.WorkspaceEdit();
  edit.renameFile(source, target);
  return vscode.workspace.applyEdit(edit);
}
