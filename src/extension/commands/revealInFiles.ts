import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { chooseItem, findActivePath } from './items.ts';

/** "Reveal in Jottacloud View": the row of a file or folder in the Files view. */
export function revealInFiles(services: Services) {
  return async (argument?: unknown): Promise<void> => {
    const given = argument ?? findActivePath(services);
    const item = await chooseItem(services, given, 'any', vscode.l10n.t('Reveal in Jottacloud View'));
    if (item !== undefined) await services.files.revealEntry(item);
  };
}
