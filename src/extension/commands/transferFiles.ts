import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { downloadAsking } from '../transfers/download.ts';
import { uploadAsking } from '../transfers/upload.ts';
import { chooseFolder, chooseItems, describeItems, findActivePath, tell } from './items.ts';

/** "Upload Files…": asks for files of this computer. Resolves with the paths made in the account. */
export function uploadFiles(services: Services) {
  return async (argument?: unknown): Promise<readonly string[] | undefined> => {
    const folder = await chooseFolder(services, argument, 'parent', vscode.l10n.t('Upload to'));
    if (folder === undefined) return undefined;
    const chosen = await vscode.window.showOpenDialog({
      title: vscode.l10n.t('Upload to {0}', folder),
      openLabel: vscode.l10n.t('Upload'),
      canSelectMany: true,
    });
    if (chosen === undefined || chosen.length === 0) return undefined;
    const local = chosen.map(({ fsPath }) => fsPath);
    return uploadAsking(services.client, local, folder);
  };
}

/** "Download…": asks for a folder of this computer. Resolves with the local paths made. */
export function downloadItems(services: Services) {
  return async (argument?: unknown, selection?: unknown): Promise<readonly string[] | undefined> => {
    const paths = await chooseItems(
      services,
      argument ?? findActivePath(services),
      selection,
      vscode.l10n.t('Download'),
    );
    if (paths === undefined) return undefined;
    const [folder] =
      (await vscode.window.showOpenDialog({
        title: vscode.l10n.t('Download {0} to', describeItems(paths)),
        openLabel: vscode.l10n.t('Download'),
        canSelectFiles: false,
        canSelectFolders: true,
      })) ?? [];
    if (folder === undefined) return undefined;
    const made = await downloadAsking(services.client, paths, folder.fsPath);
    if (made.length > 0) tell(vscode.l10n.t('Downloaded {0}', describeItems(paths)));
    return made;
  };
}
