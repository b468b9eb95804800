import * as vscode from 'vscode';
import type { DriveError } from '../../protocol/errors.ts';
import { list } from '../../protocol/messages.ts';
import type { EntryInfo } from '../../protocol/state.ts';
import type { DriveClient } from '../drive/client.ts';
import { toDriveError } from '../errors.ts';
import { getErrorSentence } from '../errorTexts.ts';
import { getEntryTooltip, toEntryItem } from './entryItem.ts';
import { loadTrash, type TrashedNode, type TrashNode, toTrashedItem, toTrashItem, trashNode } from './trashNodes.ts';

export interface EntryNode {
  readonly kind: 'entry';
  entry: EntryInfo;
}
/** The row in place of the children of a folder that could not be listed. */
export interface FailedNode {
  readonly kind: 'failed';
  readonly folder: string;
  readonly error: DriveError;
}
export type FileNode = EntryNode | FailedNode | TrashNode | TrashedNode;

export const rootPath = '/';
/** In place of a folder where the trash could not be listed; no path of the account begins so. */
const trashPath = 'trash:';

/**
 * The account as a tree, one `list` per expanded folder. A folder that fails costs one row, which retries it. Nodes are
 * kept by path, so that a refreshed folder keeps its rows, their expansion and the selection.
 */
export class FilesTree implements vscode.TreeDataProvider<FileNode>, vscode.Disposable {
  readonly #client: DriveClient;
  readonly #hasSession: () => Promise<boolean>;
  readonly #nodes = new Map<string, EntryNode>();
  readonly #asked = new Set<string>();
  readonly #emitter = new vscode.EventEmitter<FileNode | undefined>();

  readonly onDidChangeTreeData = this.#emitter.event;

  /** `hasSession` says whether a list request can succeed; without one the tree stays empty for the welcome view. */
  constructor(client: DriveClient, hasSession: () => Promise<boolean>) {
    this.#client = client;
    this.#hasSession = hasSession;
  }

  getTreeItem(node: FileNode): vscode.TreeItem {
    switch (node.kind) {
      case 'entry':
        return toEntryItem(node.entry);
      case 'failed':
        return toFailedItem(node);
      case 'trash':
        return toTrashItem();
      case 'trashed':
        return toTrashedItem(node);
    }
  }

  resolveTreeItem(item: vscode.TreeItem, node: FileNode): vscode.TreeItem {
    if (node.kind === 'entry') item.tooltip = getEntryTooltip(node.entry);
    return item;
  }

  async getChildren(node?: FileNode): Promise<FileNode[]> {
    if (node?.kind === 'failed' || node?.kind === 'trashed') return [];
    if (!(await this.#hasSession())) return [];
    const folder = node?.kind === 'trash' ? trashPath : (node?.entry.path ?? rootPath);
    // A folder whose row was retried or refreshed by hand asks the server; expanding shows what is known at once.
    const refresh = this.#asked.delete(folder);
    try {
      if (node?.kind === 'trash') return await loadTrash(this.#client);
      const entries = await this.#list(folder, refresh);
      const nodes: FileNode[] = [...entries].sort(compareEntries).map((entry) => this.#toNode(entry));
      return node === undefined ? [...nodes, trashNode] : nodes;
    } catch (error) {
      return [{ kind: 'failed', folder, error: toDriveError(error) }];
    }
  }

  getParent(node: FileNode): EntryNode | TrashNode | undefined {
    if (node.kind === 'trash') return undefined;
    if (node.kind === 'trashed') return trashNode;
    const path = node.kind === 'failed' ? node.folder : node.entry.path.replace(/\/[^/]*$/, '');
    return this.#nodes.get(path);
  }

  /** Reads a folder again; `ask` the server first, or take what the drive knows. Folders never shown cost nothing. */
  refresh(folder: string = rootPath, ask = false): void {
    if (ask) this.#asked.add(folder);
    const node = folder === trashPath ? trashNode : this.#nodes.get(folder);
    if (folder === rootPath) this.#emitter.fire(undefined);
    else if (node !== undefined) this.#emitter.fire(node);
  }

  /** Reads the trash again. */
  refreshTrash(): void {
    this.#emitter.fire(trashNode);
  }

  dispose(): void {
    this.#emitter.dispose();
  }

  /** What is known stays readable when the server cannot be asked (design.md §1); the status bar tells why. */
  async #list(folder: string, refresh: boolean): Promise<readonly EntryInfo[]> {
    if (refresh) {
      try {
        return await this.#client.request(list, { path: folder, refresh });
      } catch (error) {
        if (toDriveError(error).code === 'notFound') throw error;
      }
    }
    return this.#client.request(list, { path: folder, refresh: false });
  }

  #toNode(entry: EntryInfo): EntryNode {
    const known = this.#nodes.get(entry.path);
    if (known !== undefined) {
      known.entry = entry;
      return known;
    }
    const node: EntryNode = { kind: 'entry', entry };
    this.#nodes.set(entry.path, node);
    return node;
  }
}

function toFailedItem({ folder, error }: FailedNode): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Could not be loaded'));
  const sentence = getErrorSentence(error.code, error.args);
  item.id = `failed:${folder}`;
  item.contextValue = 'failed';
  item.iconPath = new vscode.ThemeIcon('error');
  item.description = sentence;
  item.tooltip = vscode.l10n.t('{0}\nClick to try again.', sentence);
  item.command = { command: 'jottacloud.retryFolder', title: vscode.l10n.t('Try Again'), arguments: [{ folder }] };
  item.accessibilityInformation = { label: vscode.l10n.t('Could not be loaded: {0} Press Enter to retry.', sentence) };
  return item;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Containers first, then by name as people count. */
function compareEntries(a: EntryInfo, b: EntryInfo): number {
  return Number(a.kind === 'file') - Number(b.kind === 'file') || collator.compare(a.name, b.name);
}
