import path from 'node:path';
import * as vscode from 'vscode';
import { contractHome } from '../settings.ts';
import { showWarning } from '../ui/messages.ts';

/**
 * Before a mount goes: asks whether what this window has unsaved in it is to be saved, and whether the window may close the
 * folder, when there is either; saves. False when it is not to go, or when something could not be saved.
 */
export async function confirmLeaving(mountPoint: string): Promise<boolean> {
  const unsaved = findUnsaved(mountPoint);
  const folders = findFolders(mountPoint);
  if (unsaved.length === 0 && folders.length === 0) return true;
  const details: string[] = [];
  if (unsaved.length > 0) {
    details.push(vscode.l10n.t('Files with changes that are not saved: {0}. They are saved first.', unsaved.length));
  }
  if (folders.length > 0) details.push(vscode.l10n.t('The folder is closed in this window.'));
  const go = vscode.l10n.t('Unmount');
  const text = vscode.l10n.t('Unmount {0}?', contractHome(mountPoint));
  if ((await showWarning(text, { modal: true, detail: details.join('\n') }, go)) !== go) return false;
  for (const document of unsaved) if (!(await document.save())) return false;
  return true;
}

/** Does this window show a folder of the mount? */
export function hasFolders(mountPoint: string): boolean {
  return findFolders(mountPoint).length > 0;
}

/** Takes what lies in a mount that is gone out of this window, which else goes on to show what is not there. */
export async function closeFolders(mountPoint: string): Promise<void> {
  const all = vscode.workspace.workspaceFolders ?? [];
  const gone = new Set(findFolders(mountPoint));
  if (gone.size === 0) return;
  if (gone.size === all.length) await vscode.commands.executeCommand('workbench.action.closeFolder');
  else vscode.workspace.updateWorkspaceFolders(0, all.length, ...all.filter((folder) => !gone.has(folder)));
}

function findUnsaved(mountPoint: string): vscode.TextDocument[] {
  return vscode.workspace.textDocuments.filter(({ isDirty, uri }) => isDirty && isInside(uri, mountPoint));
}

function findFolders(mountPoint: string): vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => isInside(uri, mountPoint));
}

function isInside({ scheme, fsPath }: vscode.Uri, mountPoint: string): boolean {
  return scheme === 'file' && (fsPath === mountPoint || fsPath.startsWith(mountPoint + path.sep));
}
