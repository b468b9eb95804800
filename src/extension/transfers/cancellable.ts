import * as vscode from 'vscode';
import { withProgress } from '../ui/messages.ts';

/** Work with a title and a way to stop it. Rejects with CancellationError when it was stopped. */
export async function withCancel<T>(title: string, work: (token: vscode.CancellationToken) => Promise<T>): Promise<T> {
  const location = vscode.ProgressLocation.Notification;
  return withProgress({ location, title, cancellable: true }, async (_progress, token) => {
    try {
      return await work(token);
    } catch (error) {
      if (token.isCancellationRequested) throw new vscode.CancellationError();
      throw error;
    }
  });
}
