import path from 'node:path';
import * as vscode from 'vscode';
import { listTrash, type TrashEntry } from '../../protocol/fileMessages.ts';
import type { DriveClient } from '../drive/client.ts';
import { inert } from '../ui/inert.ts';
import { formatAge, formatBytes } from './format.ts';

/** The last row of the Files view. */
export interface TrashNode {
  readonly kind: 'trash';
}
/** Something in the trash. */
export interface TrashedNode {
  readonly kind: 'trashed';
  readonly trashed: TrashEntry;
}

/** The one such row; VS Code tells rows apart by identity. */
export const trashNode: TrashNode = { kind: 'trash' };

export async function loadTrash(client: DriveClient): Promise<TrashedNode[]> {
  const entries = await client.call(listTrash);
  return entries.map((trashed) => ({ kind: 'trashed', trashed }));
}

export function toTrashItem(): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Trash'), vscode.TreeItemCollapsibleState.Collapsed);
  item.id = 'trash';
  item.contextValue = 'trash';
  item.iconPath = new vscode.ThemeIcon('trash');
  item.tooltip = vscode.l10n.t('What was deleted. Jottacloud keeps it for 30 days.');
  return item;
}

export function toTrashedItem({ trashed }: TrashedNode): vscode.TreeItem {
  const item = new vscode.TreeItem(path.posix.basename(trashed.path));
  item.id = `trashed:${trashed.path}`;
  item.contextValue = 'trashed';
  item.iconPath = new vscode.ThemeIcon(trashed.kind === 'folder' ? 'folder' : 'file');
  item.description = describeTrashed(trashed);
  item.tooltip = [inert(trashed.path), ...getDetails(trashed)].join('\n');
  item.accessibilityInformation = { label: `${item.label}, ${item.description}` };
  return item;
}

/** Where it was, when it went, and how large it is. */
export function describeTrashed(trashed: TrashEntry): string {
  return [path.posix.dirname(trashed.path), ...getDetails(trashed)].join(' · ');
}

function getDetails({ deletedMs, size, kind }: TrashEntry): string[] {
  const deleted = deletedMs > 0 ? [vscode.l10n.t('deleted {0}', formatAge(deletedMs))] : [];
  return kind === 'file' ? [...deleted, formatBytes(size)] : deleted;
}
