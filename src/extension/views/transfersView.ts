import * as vscode from 'vscode';
import type { DriveClient } from '../drive/client.ts';
import { countFailed } from '../statusBar.ts';
import { type TransferNode, TransfersTree } from './transfersTree.ts';

/** Progress arrives many times a second; the eye follows four. */
const redrawMs = 250;

/** The Transfers view: its rows, "paused" in its title, and the number of failed changes as its badge. */
export function createTransfersView(client: DriveClient): vscode.Disposable {
  const tree = new TransfersTree(client);
  const view = vscode.window.createTreeView<TransferNode>('jottacloud.transfers', { treeDataProvider: tree });
  let timer: NodeJS.Timeout | undefined;
  let shownCount = 0;
  const redraw = () => {
    timer = undefined;
    const { transfers, transfersPaused } = client.state;
    const failedChanges = countFailed(client.state);
    tree.update(transfers);
    // A row that left has most likely ended.
    if (transfers.length < shownCount) void tree.updatePast();
    shownCount = transfers.length;
    view.description = transfersPaused ? vscode.l10n.t('paused') : '';
    view.badge =
      failedChanges > 0
        ? { value: failedChanges, tooltip: vscode.l10n.t('Failed changes: {0}', failedChanges) }
        : undefined;
  };
  return vscode.Disposable.from(
    tree,
    view,
    client.onDidChangeState(() => {
      timer ??= setTimeout(redraw, redrawMs);
    }),
    client.onDidAttach(() => void tree.updatePast()),
    view.onDidChangeVisibility(({ visible }) => void (visible && tree.updatePast())),
    { dispose: () => clearTimeout(timer) },
  );
}
