import path from 'node:path';
import * as vscode from 'vscode';
import { inert } from '../ui/inert.ts';

/** The row of all that is public; there while there is any. */
export interface PublicNode {
  readonly kind: 'public';
}
/** One public item. */
export interface SharedNode {
  readonly kind: 'shared';
  /** Path in the account. */
  readonly path: string;
}

/** The one such row; VS Code tells rows apart by identity. */
export const publicNode: PublicNode = { kind: 'public' };

export function toPublicItem(): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Public Links'), vscode.TreeItemCollapsibleState.Collapsed);
  item.id = 'public';
  item.contextValue = 'public';
  item.iconPath = new vscode.ThemeIcon('link');
  item.tooltip = vscode.l10n.t('What everybody can open who has the link.');
  return item;
}

export function toSharedItem({ path: accountPath }: SharedNode): vscode.TreeItem {
  const item = new vscode.TreeItem(path.posix.basename(accountPath));
  item.id = `public:${accountPath}`;
  item.contextValue = 'shared';
  item.iconPath = new vscode.ThemeIcon('link');
  item.description = path.posix.dirname(accountPath);
  item.tooltip = inert(accountPath);
  item.accessibilityInformation = { label: `${item.label}, ${item.description}` };
  item.command = {
    command: 'jottacloud.revealInFiles',
    title: vscode.l10n.t('Reveal in Jottacloud View'),
    arguments: [accountPath],
  };
  return item;
}
