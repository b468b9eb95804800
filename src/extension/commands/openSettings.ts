import * as vscode from 'vscode';
import type { Services } from '../services.ts';

/** "Open Settings": where the drive is on another computer, they are that one's, and the user's own show none of them. */
export function openSettings({ extension }: Services) {
  return async (): Promise<void> => {
    const isRemote = vscode.env.remoteName !== undefined;
    const command = isRemote ? 'workbench.action.openRemoteSettings' : 'workbench.action.openSettings';
    await vscode.commands.executeCommand(command, { query: `@ext:${extension.id}` });
  };
}
