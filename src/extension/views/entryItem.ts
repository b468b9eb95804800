import * as vscode from 'vscode';
import type { EntryInfo, SyncState } from '../../protocol/state.ts';
import { getErrorSentence } from '../errorTexts.ts';
import { formatBytes, formatTime } from './format.ts';

/** Colour is never the only sign: each state has its own icon for files and its word in the description. */
const fileIcons: Record<SyncState, string> = {
  cloud: 'cloud',
  cached: 'file',
  pending: 'cloud-upload',
  uploading: 'sync~spin',
  failed: 'error',
  conflicted: 'warning',
};
/** Beside the icon, never instead of it. */
const colors: Partial<Record<SyncState, string>> = {
  failed: 'list.errorForeground',
  conflicted: 'list.warningForeground',
};
const containerIcons: Record<Exclude<EntryInfo['kind'], 'file'>, string> = {
  device: 'device-desktop',
  mountpoint: 'folder-library',
  folder: 'folder',
};

/**
 * How a device, mountpoint, folder or file looks in the Files view, and what opens it. The id is stable, so expansion survives.
 */
export function toEntryItem(entry: EntryInfo, uri: vscode.Uri): vscode.TreeItem {
  const isFile = entry.kind === 'file';
  const item = new vscode.TreeItem(
    entry.name,
    isFile ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Collapsed,
  );
  item.id = `entry:${entry.path}`;
  item.contextValue = entry.pin === 'own' ? `${entry.kind}.pinned` : entry.kind;
  item.iconPath = getIcon(entry);
  // The side bar is narrow: what is under way or went wrong comes first.
  const parts = [getStatusText(entry), getPinText(entry), isFile ? formatBytes(entry.size) : ''];
  item.description = parts.filter((text) => text !== '').join(' · ');
  item.accessibilityInformation = { label: [entry.name, item.description].filter((text) => text !== '').join(', ') };
  // VS Code's own command opens as from its Explorer: a click keeps the focus here, a double click pins, Alt+click goes beside.
  if (isFile) item.command = { command: 'vscode.open', title: vscode.l10n.t('Open'), arguments: [uri] };
  return item;
}

function getIcon({ kind, sync, pin, link, unanswered }: EntryInfo): vscode.ThemeIcon {
  if (unanswered !== undefined) return new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  if (kind === 'file' && sync === 'cached' && pin !== 'none') return new vscode.ThemeIcon('pinned');
  if (kind === 'file' && sync === 'cloud' && pin !== 'none') return new vscode.ThemeIcon('cloud-download');
  if (kind === 'file' && link && (sync === 'cached' || sync === 'cloud')) {
    return new vscode.ThemeIcon('file-symlink-file');
  }
  if (pin === 'own' && sync === 'cloud') return new vscode.ThemeIcon('pinned');
  const color = colors[sync] === undefined ? undefined : new vscode.ThemeColor(colors[sync]);
  const icon = kind === 'file' || color !== undefined ? fileIcons[sync] : containerIcons[kind];
  return new vscode.ThemeIcon(icon, color);
}

/** For what a person marked, and for files below that. */
function getPinText({ kind, pin, sync }: EntryInfo): string {
  if (pin === 'none' || (kind !== 'file' && pin === 'inherited')) return '';
  return kind === 'file' && sync === 'cloud' ? vscode.l10n.t('being fetched') : vscode.l10n.t('kept offline');
}

/** Empty where there is nothing to tell: a folder that is simply there. */
function getStatusText({ kind, sync, pin, unanswered }: EntryInfo): string {
  if (unanswered !== undefined) {
    return kind === 'file' ? vscode.l10n.t('cannot be opened') : vscode.l10n.t('could not be refreshed');
  }
  if (pin !== 'none' && (sync === 'cloud' || sync === 'cached')) return '';
  switch (sync) {
    case 'cloud':
      return kind === 'file' ? vscode.l10n.t('in the cloud') : '';
    case 'cached':
      return kind === 'file' ? vscode.l10n.t('on this computer') : '';
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

/** Made when somebody points at the row: a folder has thousands of them. */
export function getEntryTooltip(entry: EntryInfo): string {
  const lines = [entry.path, ...[getStatusText(entry), getPinText(entry)].filter((text) => text !== '')];
  if (entry.serverName !== undefined) {
    lines.push(
      vscode.l10n.t(
        'Called {0} on the server: one of the two names is not possible on the other side.',
        entry.serverName,
      ),
    );
  }
  if (entry.modifiedMs !== 0) lines.push(vscode.l10n.t('Changed {0}', formatTime(entry.modifiedMs)));
  if (entry.unanswered !== undefined) lines.push(getErrorSentence(entry.unanswered, { path: entry.path }));
  return lines.join('\n');
}
