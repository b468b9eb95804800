import * as vscode from 'vscode';
import { DriveError } from '../../protocol/errors.ts';
import { getLiveMounts } from '../mountedPath.ts';
import type { Services } from '../services.ts';

/** VS Code tells of a save that fails in the words of the system; this says what it means and what to do. */
export function watchReadOnlySaves({ client, report }: Services): vscode.Disposable {
  return vscode.workspace.onWillSaveTextDocument(({ document: { uri }, reason }) => {
    if (uri.scheme !== 'file' || reason !== vscode.TextDocumentSaveReason.Manual) return;
    const mount = getLiveMounts(client.state).find(({ mountPoint }) => uri.fsPath.startsWith(`${mountPoint}/`));
    if (mount?.readOnly) report(new DriveError('readOnly', { path: uri.fsPath }));
  });
}
