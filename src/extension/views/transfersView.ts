import path from 'node:path';
import * as vscode from 'vscode';
import { parseDriveErrorData } from '../../protocol/errors.ts';
import type { TransferState } from '../../protocol/state.ts';
import type { DriveClient } from '../drive/client.ts';
import { getErrorSentence } from '../errorTexts.ts';
import { escapeMarkdown, formatBytes } from './format.ts';

/** Progress arrives many times a second; the eye follows four. */
const redrawMs = 250;

export function createTransfersView(client: DriveClient): vscode.Disposable {
  const emitter = new vscode.EventEmitter<TransferState | undefined>();
  let timer: NodeJS.Timeout | undefined;
  let shown: readonly TransferState[] = [];
  const view = vscode.window.createTreeView<TransferState>('jottacloud.transfers', {
    treeDataProvider: {
      onDidChangeTreeData: emitter.event,
      getTreeItem: toTransferItem,
      getChildren: (row) => (row === undefined ? [...shown] : []),
    },
  });
  const redraw = () => {
    timer = undefined;
    const { transfers, failedChanges, transfersPaused } = client.state;
    if (shown.length > 0 || transfers.length > 0) {
      shown = transfers;
      emitter.fire(undefined);
    }
    view.description = transfersPaused ? vscode.l10n.t('paused') : '';
    view.badge =
      failedChanges > 0
        ? { value: failedChanges, tooltip: vscode.l10n.t('Failed changes: {0}', failedChanges) }
        : undefined;
  };
  const listener = client.onDidChangeState(() => {
    timer ??= setTimeout(redraw, redrawMs);
  });
  return vscode.Disposable.from(emitter, view, listener, { dispose: () => clearTimeout(timer) });
}

function toTransferItem(row: TransferState): vscode.TreeItem {
  const item = new vscode.TreeItem(path.posix.basename(row.path) || row.path);
  item.id = `transfer:${row.id}`;
  item.contextValue = `transfer.${row.status}`;
  item.iconPath = new vscode.ThemeIcon(getIcon(row));
  item.description = getProgress(row);
  item.tooltip = new vscode.MarkdownString(
    [row.path, item.description]
      .filter((text) => text !== '')
      .map(escapeMarkdown)
      .join('  \n'),
  );
  item.accessibilityInformation = { label: `${item.label}, ${item.description}` };
  return item;
}

function getIcon({ kind, status }: TransferState): string {
  if (status === 'failed') return 'error';
  if (status === 'queued') return 'clock';
  return kind === 'download' ? 'cloud-download' : kind === 'upload' ? 'cloud-upload' : 'sync~spin';
}

function getProgress(row: TransferState): string {
  const what = getKindText(row.kind);
  switch (row.status) {
    case 'queued':
      return `${what} · ${getReason(row) ?? vscode.l10n.t('waiting')}`;
    case 'failed':
      return vscode.l10n.t('{0} failed · {1}', what, getReason(row) ?? vscode.l10n.t('see the log'));
    case 'running': {
      if (row.bytesTotal <= 0) return what;
      const percent = Math.min(100, Math.floor((row.bytesDone / row.bytesTotal) * 100));
      return vscode.l10n.t('{0} · {1} % of {2}', what, percent, formatBytes(row.bytesTotal));
    }
  }
}

/** The drive sends an error code; a text it has no code for is shown as it is. */
function getReason({ reason, path: accountPath }: TransferState): string | undefined {
  const known = parseDriveErrorData({ code: reason, args: { path: accountPath } });
  return known === undefined ? reason : getErrorSentence(known.code, known.args);
}

function getKindText(kind: TransferState['kind']): string {
  switch (kind) {
    case 'upload':
      return vscode.l10n.t('Upload');
    case 'download':
      return vscode.l10n.t('Download');
    case 'move':
      return vscode.l10n.t('Move');
    case 'delete':
      return vscode.l10n.t('Delete');
    case 'createFolder':
      return vscode.l10n.t('New folder');
    case 'setTimes':
      return vscode.l10n.t('Date');
  }
}
