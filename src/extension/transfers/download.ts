import path from 'node:path';
import * as vscode from 'vscode';
import { download } from '../../protocol/fileMessages.ts';
import type { DriveClient } from '../drive/client.ts';
import { withCancel } from './cancellable.ts';
import { askCollision } from './collision.ts';

/** Saves files and folders of the account in a local folder; asks where names are taken. Answers the local paths made. */
export async function downloadAsking(
  client: DriveClient,
  paths: readonly string[],
  localFolder: string,
): Promise<readonly string[]> {
  const names = paths.map((accountPath) => path.posix.basename(accountPath));
  const present = new Set(
    (await vscode.workspace.fs.readDirectory(vscode.Uri.file(localFolder))).map(([name]) => name),
  );
  const collision = await askCollision(
    names.filter((name) => present.has(name)),
    'local',
  );
  if (collision === undefined) return [];
  const title =
    names.length === 1
      ? vscode.l10n.t('Downloading {0}', names[0] ?? '')
      : vscode.l10n.t('Downloading {0} items', names.length);
  return withCancel(title, (token) => client.request(download, { paths, localFolder, collision }, token));
}
