import * as vscode from 'vscode';
import { writeFile } from '../../protocol/fileMessages.ts';
import { getOpenUri } from '../openUri.ts';
import type { Services } from '../services.ts';
import { askNewPath } from './newPath.ts';

/** "New File…": an empty one, which is opened. Resolves with its path. */
export function newFile(services: Services) {
  return async (argument?: unknown): Promise<string | undefined> => {
    const made = await askNewPath(services, argument, vscode.l10n.t('New File'), (folder) =>
      vscode.l10n.t('Name of the new file in {0}', folder),
    );
    if (made === undefined) return undefined;
    await services.client.request(writeFile, { path: made, content: '', create: true, overwrite: false });
    await vscode.commands.executeCommand('vscode.open', getOpenUri(services.client.state, made));
    return made;
  };
}
