import path from 'node:path';
import * as vscode from 'vscode';
import type { DriveError } from '../../../protocol/errors.ts';
import type { RevisionInfo } from '../../../protocol/fileMessages.ts';
import type { EntryInfo } from '../../../protocol/state.ts';
import { getErrorSentence } from '../../errorTexts.ts';
import { toRowUri } from '../../fileSystem/scheme.ts';
import { inert } from '../../ui/inert.ts';
import { formatAge, formatBytes, formatTime } from '../format.ts';
import { getStateText } from '../stateTexts.ts';

/** One version of a file, as a row and as what commands are called with. */
export interface VersionNode {
  readonly kind: 'version';
  /** Path in the account. */
  readonly path: string;
  readonly version: RevisionInfo;
}

/** What the rows need of the rest of the extension. */
export interface DetailItems {
  /** URI that opens a file. */
  getOpenUri(accountPath: string): vscode.Uri;
  toTooltip(entry: EntryInfo): Promise<vscode.MarkdownString>;
  /** Called when it was found out whether an item is public. */
  noteSharing(accountPath: string, isPublic: boolean): void;
}

export function toFactItem(entry: EntryInfo, uri: vscode.Uri): vscode.TreeItem {
  const isFile = entry.kind === 'file';
  const item = new vscode.TreeItem(entry.name);
  item.id = 'details:fact';
  item.contextValue = isFile ? 'details.file' : 'details.folder';
  item.resourceUri = toRowUri(entry.path);
  item.iconPath = isFile ? vscode.ThemeIcon.File : new vscode.ThemeIcon('folder');
  const age = isFile && entry.modifiedMs !== 0 ? formatAge(entry.modifiedMs) : '';
  const facts = [isFile ? formatBytes(entry.size) : '', getStateText(entry), age, path.posix.dirname(entry.path)];
  item.description = facts.filter((text) => text !== '').join(' · ');
  item.accessibilityInformation = { label: `${item.label}, ${item.description}` };
  if (isFile) item.command = { command: 'vscode.open', title: vscode.l10n.t('Open'), arguments: [uri] };
  return item;
}

export function toSharingItem(link: string | null): vscode.TreeItem {
  const label = link === null ? vscode.l10n.t('Not public') : vscode.l10n.t('Public link');
  const item = new vscode.TreeItem(label);
  item.id = 'details:sharing';
  item.contextValue = link === null ? 'details.private' : 'details.public';
  item.iconPath = new vscode.ThemeIcon(link === null ? 'lock' : 'link');
  if (link !== null) {
    item.description = link;
    item.tooltip = vscode.l10n.t('Everybody who has the link can see and download it, until you remove the link.');
  }
  return item;
}

export function toVersionsItem(count: number): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Versions'), vscode.TreeItemCollapsibleState.Expanded);
  item.id = 'details:versions';
  item.contextValue = 'details.versions';
  item.iconPath = new vscode.ThemeIcon('history');
  item.description = String(count);
  return item;
}

/** A click compares it with the current one. */
export function toVersionItem(node: VersionNode): vscode.TreeItem {
  const { modifiedMs, size, revision, current } = node.version;
  const item = new vscode.TreeItem(modifiedMs === 0 ? `#${revision}` : formatTime(modifiedMs));
  item.id = `details:version:${revision}`;
  item.contextValue = current ? 'details.current' : 'details.version';
  item.description = [formatBytes(size), ...(current ? [vscode.l10n.t('current')] : [])].join(' · ');
  item.tooltip = inert([vscode.l10n.t('version {0}', revision), formatAge(modifiedMs)].join(' · '));
  if (!current) {
    item.command = {
      command: 'jottacloud.showVersions',
      title: vscode.l10n.t('Compare'),
      arguments: [node],
    };
  }
  return item;
}

export function toUnknownItem(what: 'sharing' | 'versions', { code, args }: DriveError): vscode.TreeItem {
  const item = new vscode.TreeItem(what === 'sharing' ? vscode.l10n.t('Public link') : vscode.l10n.t('Versions'));
  item.id = `details:unknown:${what}`;
  item.iconPath = new vscode.ThemeIcon('warning');
  item.description = getErrorSentence(code, args);
  item.tooltip = inert(item.description);
  return item;
}
