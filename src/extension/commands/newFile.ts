import path from 'node:path';
import * as vscode from 'vscode';
import { writeFile } from '../../protocol/fileMessages.ts';
import { getOpenUri } from '../openUri.ts';
import type { Services } from '../services.ts';
import { askText } from '../ui/messages.ts';
import { checkName, chooseFolder } from './items.ts';

/** "New File…": an empty one, which is opened. Resolves with its path. */
export function newFile(services: Services) {
  return async (argument?: unknown): Promise<string | undefined> => {
    const title = vscode.l10n.t('New File');
    const folder = await chooseFolder(services, argument, title);
    if (folder === undefined) return undefined;
    const name = await askText({
      title,
      prompt: vscode.l10n.t('Name of the new file in {0}', folder),
      validateInput: (text) => (text === '' ? undefined : checkName(text)),
    });
    if (name === undefined || checkName(name) !== undefined) return undefined;
    const made = path.posix.join(folder, name);
    await services.client.request(writeFile, { path: made, content: '', create: true, overwrite: false });
    await vscode.commands.executeCommand('vscode.open', getOpenUri(services.client.state, made));
    return made;
  };
}
