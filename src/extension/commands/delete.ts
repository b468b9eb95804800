import * as vscode from 'vscode';
import { deleteEntry } from '../../protocol/fileMessages.ts';
import type { Services } from '../services.ts';
import { withCancel } from '../transfers/cancellable.ts';
import { showWarning } from '../ui/messages.ts';
import { chooseItems, describeItems } from './items.ts';

/** "Delete": moves to the trash of the account, after asking. True when done. */
export function deleteItems(services: Services) {
  return async (argument?: unknown, selection?: unknown): Promise<boolean> => {
    const paths = await chooseItems(services, argument, selection, vscode.l10n.t('Delete'));
    if (paths === undefined) return false;
    const move = vscode.l10n.t('Move to Trash');
    const chosen = await showWarning(
      vscode.l10n.t('Delete {0}?', describeItems(paths)),
      { modal: true, detail: vscode.l10n.t('You can restore it from the trash of Jottacloud for 30 days.') },
      move,
    );
    if (chosen !== move) return false;
    const { client } = services;
    await withCancel(vscode.l10n.t('Deleting {0}', describeItems(paths)), async (token) => {
      for (const path of paths) await client.request(deleteEntry, { path, recursive: true }, token);
    });
    return true;
  };
}
