import path from 'node:path';
import * as vscode from 'vscode';
import { parseDriveErrorData } from '../../protocol/errors.ts';
import type { PastTransfer, TransferKind, TransferState } from '../../protocol/state.ts';
import { getErrorSentence } from '../errorTexts.ts';
import { escapeMarkdown, formatAge, formatBytes, formatTime, formatTimeOfDay } from './format.ts';

/** `speed`: bytes per second, once it is known. */
export function toTransferItem(row: TransferState, speed?: number): vscode.TreeItem {
  const item = new vscode.TreeItem(path.posix.basename(row.path) || row.path);
  item.id = `transfer:${row.id}`;
  const isRetrying = row.retryAt !== undefined;
  const status = isRetrying ? 'retrying' : row.status;
  const isThere = row.kind !== 'delete' && row.kind !== 'createFolder';
  item.contextValue = ['transfer', status, ...(isThere ? ['file'] : []), ...(row.canStop ? ['canStop'] : [])].join('.');
  item.iconPath = new vscode.ThemeIcon(getIcon(row), getColor(row));
  item.description = getProgress(row, speed);
  const told = isCounted(row) ? `${getKindText(row.kind)} · ${item.description}` : item.description;
  const lines = [row.path, told];
  const saysKept = row.reason === 'quota' || row.reason === 'writeLocked' || row.reason === 'stopped';
  if ((row.status === 'failed' && !saysKept) || isRetrying)
    lines.push(vscode.l10n.t('Your change is kept on this computer.'));
  item.tooltip = toTooltip(lines);
  item.accessibilityInformation = { label: `${item.label}, ${told}` };
  return item;
}

/** The closed group of what is done. */
export function toDoneItem(): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Finished'), vscode.TreeItemCollapsibleState.Collapsed);
  item.id = 'transfers:done';
  item.contextValue = 'history';
  item.iconPath = new vscode.ThemeIcon('history');
  return item;
}

export function toPastItem({ at, kind, path: file, bytes, outcome }: PastTransfer): vscode.TreeItem {
  const item = new vscode.TreeItem(path.posix.basename(file) || file);
  const done = outcome === 'done';
  item.contextValue = done && kind !== 'delete' && kind !== 'createFolder' ? 'transfer.past.file' : 'transfer.past';
  item.iconPath = new vscode.ThemeIcon(done ? 'check' : 'error');
  const what = done ? getKindText(kind) : getFailure(getKindText(kind), getReasonText(outcome, file));
  const size = bytes > 0 ? formatBytes(bytes) : '';
  item.description = [what, size, formatAge(at)].filter((text) => text !== '').join(' · ');
  item.tooltip = toTooltip([file, item.description, formatTime(at)]);
  item.accessibilityInformation = { label: `${item.label}, ${item.description}` };
  return item;
}

function toTooltip(lines: readonly string[]): vscode.MarkdownString {
  const shown = lines.filter((text) => text !== '').map(escapeMarkdown);
  return new vscode.MarkdownString(shown.join('  \n'));
}

function getIcon({ kind, status, reason }: TransferState): string {
  if (reason === 'stopped') return 'circle-slash';
  if (status === 'failed') return 'error';
  if (status === 'queued') return 'clock';
  return kind === 'download' ? 'cloud-download' : kind === 'upload' ? 'cloud-upload' : 'sync~spin';
}

/** Beside the icon, never instead of it. */
function getColor({ status, reason }: TransferState): vscode.ThemeColor | undefined {
  return status === 'failed' && reason !== 'stopped' ? new vscode.ThemeColor('list.errorForeground') : undefined;
}

/** Is it known how much of it is done? */
function isCounted({ status, bytesTotal }: TransferState): boolean {
  return status === 'running' && bytesTotal > 0;
}

function getProgress(row: TransferState, speed: number | undefined): string {
  const what = getKindText(row.kind);
  switch (row.status) {
    case 'queued':
      return `${what} · ${getWait(row)}`;
    case 'failed':
      if (row.reason === 'stopped') return vscode.l10n.t('{0} stopped', what);
      return getFailure(
        what,
        row.reason === undefined ? vscode.l10n.t('see the log') : getReasonText(row.reason, row.path),
      );
    case 'running': {
      if (!isCounted(row)) return what;
      // The side bar is narrow: the icon says what it is, and the size is the last that anybody asks for.
      const percent = Math.min(100, Math.floor((row.bytesDone / row.bytesTotal) * 100));
      const pace = getPace(row.bytesTotal - row.bytesDone, speed);
      return [vscode.l10n.t('{0} %', percent), ...pace, formatBytes(row.bytesTotal)].join(' · ');
    }
  }
}

/** How fast, and how long it will take. */
function getPace(bytesLeft: number, speed: number | undefined): string[] {
  if (speed === undefined || speed < 1) return [];
  const seconds = Math.max(1, Math.round(bytesLeft / speed));
  const left =
    seconds < 60
      ? vscode.l10n.t('{0} s left', seconds)
      : seconds < 3_600
        ? vscode.l10n.t('{0} min left', Math.round(seconds / 60))
        : vscode.l10n.t('{0} h left', Math.round(seconds / 3_600));
  return [vscode.l10n.t('{0}/s', formatBytes(speed)), left];
}

function getWait({ retryAt }: TransferState): string {
  if (retryAt === undefined) return vscode.l10n.t('waiting');
  return vscode.l10n.t('did not succeed yet, next try at {0}', formatTimeOfDay(retryAt));
}

function getFailure(what: string, reason: string): string {
  return vscode.l10n.t('{0} failed · {1}', what, reason);
}

/** The drive sends an error code; a text it has no code for is shown as it is. */
function getReasonText(reason: string, accountPath: string): string {
  const known = parseDriveErrorData({ code: reason, args: { path: accountPath } });
  return known === undefined ? reason : getErrorSentence(known.code, known.args);
}

function getKindText(kind: TransferKind): string {
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
