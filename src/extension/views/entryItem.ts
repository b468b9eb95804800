import * as vscode from 'vscode';
import type { EntryInfo } from '../../protocol/state.ts';
import { toRowUri } from '../fileSystem/scheme.ts';
import { formatAge, formatBytes } from './format.ts';
import { getStateText } from './stateTexts.ts';

const containerIcons: Record<Exclude<EntryInfo['kind'], 'file'>, string> = {
  device: 'device-desktop',
  mountpoint: 'folder-library',
  folder: 'folder',
};

export interface EntryLook {
  /** URI that opens the entry. */
  readonly uri: vscode.Uri;
  readonly isPublic: boolean;
}

/**
 * How a device, mountpoint, folder or file looks in the Files view, and what opens it. The id is stable, so expansion
 * survives. A file has the icon of its type; how far it is from the server is its badge (decorations.ts).
 */
export function toEntryItem(entry: EntryInfo, { uri, isPublic }: EntryLook): vscode.TreeItem {
  const isFile = entry.kind === 'file';
  const item = new vscode.TreeItem(
    entry.name,
    isFile ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Collapsed,
  );
  item.id = `entry:${entry.path}`;
  item.contextValue = [
    entry.kind,
    ...(entry.pin === 'own' ? ['pinned'] : []),
    ...(isPublic ? ['public'] : []),
    ...(entry.sync === 'failed' || entry.sync === 'conflicted' ? [entry.sync] : []),
  ].join('.');
  item.resourceUri = toRowUri(entry.path);
  const icon = getIcon(entry);
  if (icon !== undefined) item.iconPath = icon;
  item.description = getDescription(entry);
  item.accessibilityInformation = { label: getLabel(entry, isPublic) };
  // VS Code's own command opens as from its Explorer: a click keeps the focus here, a double click pins, Alt+click goes beside.
  if (isFile) item.command = { command: 'vscode.open', title: vscode.l10n.t('Open'), arguments: [uri] };
  return item;
}

/** The side bar is narrow: how large, then what is under way or went wrong, else how old. */
export function getDescription(entry: EntryInfo): string {
  const { kind, size, modifiedMs } = entry;
  if (kind !== 'file') return getStateText(entry);
  const state = isQuiet(entry) ? '' : getStateText(entry);
  const age = state === '' && modifiedMs !== 0 ? formatAge(modifiedMs) : '';
  return [formatBytes(size), state, age].filter((text) => text !== '').join(' · ');
}

/** Does the badge alone tell the state? */
function isQuiet({ sync, unanswered }: EntryInfo): boolean {
  return unanswered === undefined && (sync === 'cloud' || sync === 'cached');
}

/** For a screen reader, which tells no badge. */
function getLabel(entry: EntryInfo, isPublic: boolean): string {
  const parts = [entry.name, entry.kind === 'file' ? formatBytes(entry.size) : '', getStateText(entry)];
  if (isPublic) parts.push(vscode.l10n.t('public link'));
  if (entry.modifiedMs !== 0) parts.push(formatAge(entry.modifiedMs));
  return parts.filter((text) => text !== '').join(', ');
}

function getIcon({ kind, unanswered }: EntryInfo): vscode.ThemeIcon | undefined {
  if (unanswered !== undefined) return new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  return kind === 'file' ? undefined : new vscode.ThemeIcon(containerIcons[kind]);
}
