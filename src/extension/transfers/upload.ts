import path from 'node:path';
import * as vscode from 'vscode';
import { nameKey } from '../../base/nameKey.ts';
import { upload } from '../../protocol/fileMessages.ts';
import { list } from '../../protocol/messages.ts';
import type { DriveClient } from '../drive/client.ts';
import { withCancel } from './cancellable.ts';
import { askCollision } from './collision.ts';

/** Uploads local files and folders into a folder of the account; asks where names are taken. Answers what was made. */
export async function uploadAsking(
  client: DriveClient,
  localPaths: readonly string[],
  folder: string,
): Promise<readonly string[]> {
  const entries = await client.request(list, { path: folder, refresh: false });
  const there = new Set(entries.map(({ name }) => nameKey(name)));
  const names = localPaths.map((localPath) => path.basename(localPath));
  const collision = await askCollision(
    names.filter((name) => there.has(nameKey(name))),
    'account',
  );
  if (collision === undefined) return [];
  const title =
    names.length === 1
      ? vscode.l10n.t('Uploading {0}', names[0] ?? '')
      : vscode.l10n.t('Uploading {0} items', names.length);
  return withCancel(title, (token) => client.request(upload, { localPaths, folder, collision }, token));
}
