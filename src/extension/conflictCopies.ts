import path from 'node:path';
import * as vscode from 'vscode';
import { deleteEntry, rename } from '../protocol/fileMessages.ts';
import type { ConflictNotice } from '../protocol/state.ts';
import type { DriveClient } from './drive/client.ts';
import { getOpenUri } from './openUri.ts';

/** The mark that the drive puts into the name of a version that lost its name to another one. */
const copyMark = / \(conflicted copy [^()]*\)/;

/** Which file a conflicted copy is of; undefined for any other name. */
export function parseConflictCopy(copyPath: string): ConflictNotice | undefined {
  const name = path.posix.basename(copyPath);
  if (!copyMark.test(name)) return undefined;
  return { copyPath, path: path.posix.join(path.posix.dirname(copyPath), name.replace(copyMark, '')) };
}

/** Both versions side by side, with the buttons that keep one of them. */
export async function showConflict({ state }: DriveClient, notice: ConflictNotice): Promise<void> {
  const [theirs, ours] = [getOpenUri(state, notice.path), getOpenUri(state, notice.copyPath)];
  const title = vscode.l10n.t('{0}: elsewhere ↔ here', path.posix.basename(notice.path));
  await vscode.commands.executeCommand('vscode.diff', theirs, ours, title);
}

/** The version of this computer gets the name; the other one stays as an earlier version of it. */
export function keepCopy(client: DriveClient, { path: original, copyPath }: ConflictNotice): Promise<void> {
  return client.request(rename, { from: copyPath, to: original, overwrite: true });
}

/** The version of this computer goes to the trash. */
export function dropCopy(client: DriveClient, { copyPath }: ConflictNotice): Promise<void> {
  return client.request(deleteEntry, { path: copyPath, recursive: false });
}
