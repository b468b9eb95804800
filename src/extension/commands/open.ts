import * as vscode from 'vscode';
import { DriveError } from '../../protocol/errors.ts';
import { getMountedPath } from '../mountedPath.ts';
import { getOpenUri } from '../openUri.ts';
import type { Services } from '../services.ts';
import { chooseItem, findActivePath } from './items.ts';
import { tellOutOfReach } from './reveal.ts';

/** "Open": a file at its mounted path, or as a virtual file where no mount shows it. Resolves with what was opened. */
export function open(services: Services) {
  return (argument?: unknown) => openIn(services, argument, vscode.ViewColumn.Active);
}

/** "Open to the Side". */
export function openToSide(services: Services) {
  return (argument?: unknown) => openIn(services, argument, vscode.ViewColumn.Beside);
}

async function openIn(
  services: Services,
  argument: unknown,
  column: vscode.ViewColumn,
): Promise<vscode.Uri | undefined> {
  const file = await chooseItem(services, argument, 'file', vscode.l10n.t('Open a file from Jottacloud'));
  if (file === undefined) return undefined;
  const uri = getOpenUri(services.client.state, file);
  await vscode.commands.executeCommand('vscode.open', uri, column);
  return uri;
}

/** "Open with Default App": the program that this computer has for such files gets the mounted one. */
export function openWithDefaultApp(services: Services) {
  return async (argument?: unknown): Promise<void> => {
    const title = vscode.l10n.t('Open with Default App');
    const item = await chooseItem(services, argument ?? findActivePath(services), 'any', title);
    if (item === undefined) return;
    const mounted = getMountedPath(services.client.state, item);
    if (mounted === undefined) throw new DriveError('notMounted', { path: item });
    if (vscode.env.remoteName !== undefined || vscode.env.uiKind !== vscode.UIKind.Desktop)
      return tellOutOfReach(mounted);
    await vscode.env.openExternal(vscode.Uri.file(mounted));
  };
}
