import * as vscode from 'vscode';
import { getMountedPath } from '../mountedPath.ts';
import type { Services } from '../services.ts';
import { showInformation } from '../ui/messages.ts';
import { findActivePath, getItemArgument } from './items.ts';
import { chooseMount } from './targets.ts';

/** "Reveal in Finder" and "Reveal in File Manager": a mount, the file of a row, or what the active editor shows. */
export function reveal(services: Services) {
  return async (argument?: unknown): Promise<void> => {
    const file = await chooseFile(services, argument);
    if (file === undefined) return;
    // In a browser or a remote window the mount is on another computer than the file manager.
    if (vscode.env.remoteName === undefined && vscode.env.uiKind === vscode.UIKind.Desktop) {
      await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(file));
      return;
    }
    await tellOutOfReach(file);
  };
}

/** Says of a file that it is on another computer than the screen, and where. */
export async function tellOutOfReach(file: string): Promise<void> {
  const copy = vscode.l10n.t('Copy Path');
  const chosen = await showInformation(
    vscode.l10n.t('{0} is on the computer VS Code is connected to, out of reach of this one.', file),
    copy,
  );
  if (chosen === copy) await vscode.env.clipboard.writeText(file);
}

async function chooseFile(services: Services, argument: unknown): Promise<string | undefined> {
  const path = argument === undefined ? findActivePath(services) : getItemArgument(services, argument);
  const mounted = path === undefined ? undefined : getMountedPath(services.client.state, path);
  if (mounted !== undefined) return mounted;
  const row = path === undefined ? argument : undefined;
  return (await chooseMount(services, row, vscode.l10n.t('Reveal in File Manager')))?.mountPoint;
}
