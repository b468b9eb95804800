import * as vscode from 'vscode';
import { getOpenUri } from '../openUri.ts';
import type { Services } from '../services.ts';
import { chooseItem } from './items.ts';

/** "Open": a file at its mounted path, or as a virtual file where no mount shows it. Resolves with what was opened. */
export function open(services: Services) {
  return async (argument?: unknown): Promise<vscode.Uri | undefined> => {
    const file = await chooseItem(services, argument, 'file', vscode.l10n.t('Open a file from Jottacloud'));
    if (file === undefined) return undefined;
    const uri = getOpenUri(services.client.state, file);
    await vscode.commands.executeCommand('vscode.open', uri);
    return uri;
  };
}
