import * as vscode from 'vscode';
import type { EntryInfo } from '../../protocol/state.ts';

/** How far something is from the server, in a word; empty where there is nothing to tell: a folder that is simply there. */
export function getStateText(entry: EntryInfo): string {
  const isFile = entry.kind === 'file';
  if (entry.unanswered !== undefined) {
    return isFile ? vscode.l10n.t('cannot be opened') : vscode.l10n.t('could not be refreshed');
  }
  switch (entry.sync) {
    case 'cloud':
    case 'cached':
      return getPinText(entry) || getPlaceText(entry);
    case 'pending':
      return vscode.l10n.t('waiting to upload');
    case 'uploading':
      return vscode.l10n.t('uploading');
    case 'failed':
      return vscode.l10n.t('upload failed');
    case 'conflicted':
      return vscode.l10n.t('conflicted copy');
  }
}

function getPlaceText({ kind, sync }: EntryInfo): string {
  if (kind !== 'file') return '';
  return sync === 'cloud' ? vscode.l10n.t('in the cloud') : vscode.l10n.t('on this computer');
}

/** For what a person marked, and for files below that. */
function getPinText({ kind, pin, sync }: EntryInfo): string {
  if (pin === 'none' || (kind !== 'file' && pin === 'inherited')) return '';
  return kind === 'file' && sync === 'cloud' ? vscode.l10n.t('being fetched') : vscode.l10n.t('kept offline');
}
