import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { showInformation } from '../ui/messages.ts';

/** "Find in Files" of a window on a `jottacloud:` folder, where VS Code's own would wait for ever: says what searches there. */
export function findInFiles({ client }: Services) {
  return async (): Promise<void> => {
    const byName = vscode.l10n.t('Search Files by Name…');
    const isMounted = client.state.mounts.some(({ status }) => status === 'mounted');
    const mount = isMounted ? vscode.l10n.t('Open Mounted Folder') : vscode.l10n.t('Mount Jottacloud');
    const text = vscode.l10n.t(
      'VS Code cannot search inside the files of a folder that is not mounted. Search by name, or mount it and open the mounted folder.',
    );
    const chosen = await showInformation(text, byName, mount);
    if (chosen === byName) await vscode.commands.executeCommand('jottacloud.searchFiles');
    if (chosen === mount) {
      await vscode.commands.executeCommand(isMounted ? 'jottacloud.openMountedFolder' : 'jottacloud.mount');
    }
  };
}
