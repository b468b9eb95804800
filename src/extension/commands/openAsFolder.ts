import * as vscode from 'vscode';
import { getOpenUri } from '../openUri.ts';
import type { Services } from '../services.ts';
import { chooseFolder } from './items.ts';

/** "Open as Folder in VS Code": the mounted folder, else the virtual one. Resolves with what is opened. */
export function openAsFolder(services: Services) {
  return async (argument?: unknown): Promise<vscode.Uri | undefined> => {
    const folder = await chooseFolder(services, argument, 'folder', vscode.l10n.t('Open as Folder'));
    if (folder === undefined) return undefined;
    const uri = getOpenUri(services.client.state, folder);
    await vscode.commands.executeCommand('vscode.openFolder', uri);
    return uri;
  };
}
