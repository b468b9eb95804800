import * as vscode from 'vscode';
import { createFolder } from '../../protocol/fileMessages.ts';
import type { Services } from '../services.ts';
import { askNewPath } from './newPath.ts';

/** "New Folder…". Resolves with its path. */
export function newFolder(services: Services) {
  return async (argument?: unknown): Promise<string | undefined> => {
    const made = await askNewPath(services, argument, vscode.l10n.t('New Folder'), (folder) =>
      vscode.l10n.t('Name of the new folder in {0}', folder),
    );
    if (made === undefined) return undefined;
    await services.client.request(createFolder, { path: made });
    return made;
  };
}
