import path from 'node:path';
import * as vscode from 'vscode';
import { createFolder } from '../../protocol/fileMessages.ts';
import type { Services } from '../services.ts';
import { askText } from '../ui/messages.ts';
import { checkName, chooseFolder } from './items.ts';

/** "New Folder…". Resolves with its path. */
export function newFolder(services: Services) {
  return async (argument?: unknown): Promise<string | undefined> => {
    const title = vscode.l10n.t('New Folder');
    const folder = await chooseFolder(services, argument, title);
    if (folder === undefined) return undefined;
    const name = await askText({
      title,
      prompt: vscode.l10n.t('Name of the new folder in {0}', folder),
      validateInput: (text) => (text === '' ? undefined : checkName(text)),
    });
    if (name === undefined || checkName(name) !== undefined) return undefined;
    const made = path.posix.join(folder, name);
    await services.client.request(createFolder, { path: made });
    return made;
  };
}
