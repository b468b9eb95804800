import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { chooseMount } from './targets.ts';

/** "Open Mounted Folder". */
export function openMountedFolder(services: Services) {
  return (argument?: unknown) => openMount(services, argument, false);
}

/** "Open Mounted Folder in New Window". */
export function openMountedFolderInNewWindow(services: Services) {
  return (argument?: unknown) => openMount(services, argument, true);
}

async function openMount(services: Services, argument: unknown, forceNewWindow: boolean): Promise<void> {
  const mount = await chooseMount(services, argument, vscode.l10n.t('Open Mounted Folder'));
  if (mount === undefined) return;
  await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(mount.mountPoint), { forceNewWindow });
}
