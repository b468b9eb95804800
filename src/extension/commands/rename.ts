import path from 'node:path';
import * as vscode from 'vscode';
import { moveEntry } from '../moveEntry.ts';
import type { Services } from '../services.ts';
import { askText } from '../ui/messages.ts';
import { checkChangeable, checkName, chooseItem } from './items.ts';

/** "Rename…". Resolves with the new path. */
export function renameItem(services: Services) {
  return async (argument?: unknown): Promise<string | undefined> => {
    const from = await chooseItem(services, argument, 'any', vscode.l10n.t('Rename'));
    if (from === undefined) return undefined;
    checkChangeable([from]);
    const old = path.posix.basename(from);
    const dot = old.lastIndexOf('.');
    const name = await askText({
      title: vscode.l10n.t('Rename'),
      prompt: vscode.l10n.t('New name of {0}', from),
      value: old,
      valueSelection: [0, dot > 0 ? dot : old.length],
      validateInput: checkName,
    });
    if (name === undefined || name === old || checkName(name) !== undefined) return undefined;
    const to = path.posix.join(path.posix.dirname(from), name);
    await moveEntry(services.client, from, to);
    return to;
  };
}
