import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import type { Services } from '../services.ts';

/** "Show Log": this window's log in the output panel, and the drive's own beside the editors once it has run. */
export function showLog({ client, log }: Services) {
  return async (): Promise<void> => {
    log.show();
    if (client.logFile === undefined || !existsSync(client.logFile)) return;
    await vscode.window.showTextDocument(vscode.Uri.file(client.logFile), { preview: true, preserveFocus: true });
  };
}
