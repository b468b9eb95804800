import path from 'node:path';
import * as vscode from 'vscode';
import { getMountedPath } from '../mountedPath.ts';
import type { Services } from '../services.ts';
import { mountJottacloud } from './mount.ts';
import { mountFolder } from './mountFolder.ts';
import { choosePath } from './targets.ts';

/** "Open": a file at its mounted path; without a mount that shows it, offers one. Resolves with what was opened. */
export function open(services: Services) {
  return async (argument?: unknown): Promise<vscode.Uri | undefined> => {
    const accountPath = await choosePath(services, argument, 'file', vscode.l10n.t('Open a file from Jottacloud'));
    if (accountPath === undefined) return undefined;
    const file = getMountedPath(services.client.state, accountPath) ?? (await offerMount(services, accountPath));
    if (file === undefined) return undefined;
    const uri = vscode.Uri.file(file);
    await vscode.commands.executeCommand('vscode.open', uri);
    // Reading it brought its bytes to this computer: the row says so.
    services.files.tree.refresh(path.posix.dirname(accountPath));
    return uri;
  };
}

async function offerMount(services: Services, accountPath: string): Promise<string | undefined> {
  const nothingMounted = services.client.state.mounts.length === 0;
  const mount = nothingMounted ? vscode.l10n.t('Mount') : vscode.l10n.t('Mount Folder…');
  const chosen = await vscode.window.showInformationMessage(
    vscode.l10n.t('{0} opens from the mounted drive, which does not show it now. Mount it?', accountPath),
    mount,
  );
  if (chosen !== mount) return undefined;
  await (nothingMounted ? mountJottacloud(services)() : mountFolder(services)());
  return getMountedPath(services.client.state, accountPath);
}
