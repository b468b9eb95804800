import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import { nameKey } from '../../base/nameKey.ts';
import { getPublicLink } from '../../protocol/fileMessages.ts';
import { list } from '../../protocol/messages.ts';
import type { EntryInfo } from '../../protocol/state.ts';
import type { DriveClient } from '../drive/client.ts';
import { toDriveError } from '../errors.ts';
import { getMountedPath } from '../mountedPath.ts';
import { getOpenUri } from '../openUri.ts';
import type { PublicItems } from '../publicItems.ts';
import { toInertRow } from '../ui/rows.ts';
import { getDescription, toEntryItem } from './entryItem.ts';
import { getPicture, toEntryTooltip } from './entryTooltip.ts';
import { type FailedNode, toFailedItem } from './failedNode.ts';
import { MissedRedraws } from './missedRedraws.ts';
import { type PublicNode, publicNode, type SharedNode, toPublicItem, toSharedItem } from './publicNodes.ts';
import { loadTrash, type TrashedNode, type TrashNode, toTrashedItem, toTrashItem, trashNode } from './trashNodes.ts';

export interface EntryNode {
  readonly kind: 'entry';
  entry: EntryInfo;
  /** What the row said when it was drawn, to tell whether it has to be drawn again. */
  shown?: string;
}
export type FileNode = EntryNode | FailedNode | TrashNode | TrashedNode | PublicNode | SharedNode;

export const rootPath = '/';
/** Stands for a folder where the trash could not be listed; no path of the account begins like it. */
const trashPath = 'trash:';

/**
 * What a folder showed last: its rows, or that it could not be listed. A folder that is being listed for the first time may
 * change meanwhile, and is compared then.
 */
type Shown = readonly EntryNode[] | 'failed' | 'listing' | 'outdated';

/** More rows than these of one folder are not redrawn one by one. */
const fewRows = 50;

/**
 * The account as a tree, one `list` per expanded folder. A folder that fails costs one row, which retries it. Nodes are
 * kept by path, so that a refreshed folder keeps its rows, their expansion and the selection.
 *
 * VS Code forgets the rows of a folder from the moment it is told to draw it anew until it has them again: a menu or a
 * drop that falls into it reaches nobody. So a folder is redrawn only when it holds something else than it shows; rows
 * whose state changed are redrawn alone.
 */
export class FilesTree implements vscode.TreeDataProvider<FileNode>, vscode.Disposable {
  readonly #client: DriveClient;
  readonly #publicItems: PublicItems;
  readonly #hasSession: () => Promise<boolean>;
  readonly #nodes = new Map<string, EntryNode>();
  readonly #asked = new Set<string>();
  readonly #shown = new Map<string, Shown>();
  readonly #comparing = new Map<string, 'once' | 'again'>();
  readonly #emitter = new vscode.EventEmitter<FileNode | undefined>();
  readonly #missed: MissedRedraws;

  #showsPublic = false;

  readonly onDidChangeTreeData = this.#emitter.event;

  /**
   * `hasSession` says whether a list request can succeed; without one the tree stays empty for the welcome view. `isOnScreen`: whether
   * the rows in a folder are.
   */
  constructor(
    client: DriveClient,
    publicItems: PublicItems,
    hasSession: () => Promise<boolean>,
    isOnScreen: (folder: string) => boolean,
  ) {
    this.#client = client;
    this.#publicItems = publicItems;
    this.#hasSession = hasSession;
    this.#missed = new MissedRedraws((folder) => {
      if (isOnScreen(folder)) this.#drawAll();
    });
  }

  getTreeItem(node: FileNode): vscode.TreeItem {
    return toInertRow(this.#toItem(node));
  }

  #toItem(node: FileNode): vscode.TreeItem {
    switch (node.kind) {
      case 'entry':
        return this.#toEntryItem(node);
      case 'failed':
        return toFailedItem(node);
      case 'trash':
        return toTrashItem();
      case 'trashed':
        return toTrashedItem(node);
      case 'public':
        return toPublicItem();
      case 'shared':
        return toSharedItem(node);
    }
  }

  async resolveTreeItem(item: vscode.TreeItem, node: FileNode): Promise<vscode.TreeItem> {
    if (node.kind === 'entry') item.tooltip = await this.toTooltip(node.entry);
    return item;
  }

  /** Asks for its public link where it has one. */
  async toTooltip(entry: EntryInfo): Promise<vscode.MarkdownString> {
    const isPublic = this.#publicItems.has(entry.path);
    const link = isPublic && (await this.#client.request(getPublicLink, { path: entry.path }).catch(() => null));
    const mounted = getMountedPath(this.#client.state, entry.path);
    return toEntryTooltip(entry, { link: link || undefined, picture: getPicture(entry, mounted) });
  }

  async getChildren(node?: FileNode): Promise<FileNode[]> {
    if (node?.kind === 'failed' || node?.kind === 'trashed' || node?.kind === 'shared') return [];
    if (node?.kind === 'public') return this.#publicItems.list().map((path) => ({ kind: 'shared', path }));
    const folder = node?.kind === 'trash' ? trashPath : (node?.entry.path ?? rootPath);
    return this.#missed.noteAsked(folder, async () =>
      (await this.#hasSession()) ? await this.#read(node, folder) : [],
    );
  }

  async #read(node: EntryNode | TrashNode | undefined, folder: string): Promise<FileNode[]> {
    // A folder whose row was retried or refreshed by hand asks the server; expanding shows what is known at once.
    const refresh = this.#asked.delete(folder);
    try {
      if (node?.kind === 'trash') return await loadTrash(this.#client);
      if (!this.#shown.has(folder)) this.#shown.set(folder, 'listing');
      const nodes = (await this.#list(folder, refresh)).map((entry) => this.#toNode(entry));
      const isOutdated = this.#shown.get(folder) === 'outdated';
      this.#shown.set(folder, nodes);
      if (isOutdated) void this.#compare(folder);
      return node === undefined ? [...nodes, ...this.#getLastRows()] : nodes;
    } catch (error) {
      this.#shown.set(folder, 'failed');
      return [{ kind: 'failed', folder, error: toDriveError(error) }];
    }
  }

  getParent(node: FileNode): EntryNode | TrashNode | PublicNode | undefined {
    if (node.kind === 'trash' || node.kind === 'public') return undefined;
    if (node.kind === 'shared') return publicNode;
    if (node.kind === 'trashed') return trashNode;
    const path = node.kind === 'failed' ? node.folder : node.entry.path.replace(/\/[^/]*$/, '');
    return this.#nodes.get(path);
  }

  /** The row of a path, also where no folder above it was opened yet; undefined when nothing is there. Throws DriveError. */
  async findNode(accountPath: string): Promise<EntryNode | undefined> {
    let folder = rootPath;
    let found: EntryNode | undefined;
    for (const name of accountPath.split('/').filter((part) => part !== '')) {
      const entries = await this.#list(folder, false);
      const entry = entries.find((each) => nameKey(each.name) === nameKey(name));
      if (entry === undefined) return undefined;
      found = this.#toNode(entry);
      folder = entry.path;
    }
    return found;
  }

  /** Reads a folder again; `ask` the server first, or take what the drive knows. Folders never shown cost nothing. */
  refresh(folder: string, ask = false): void {
    if (ask) this.#asked.add(folder);
    const shown = this.#shown.get(folder);
    if (ask || shown === 'failed') this.#redraw(folder);
    else if (shown === 'listing') this.#shown.set(folder, 'outdated');
    else if (Array.isArray(shown)) void this.#compare(folder);
  }

  /** Draws all of it anew: another account, a new link to the drive, or files that open elsewhere. */
  reset(): void {
    this.#shown.clear();
    this.#drawAll();
  }

  /** Reads the trash again. */
  refreshTrash(): void {
    this.#emitter.fire(trashNode);
  }

  /** Draws the rows of items that became public, or are no longer, and the list of all public items. */
  refreshPublic(accountPaths: readonly string[]): void {
    const hasRow = this.#publicItems.list().length > 0;
    if (hasRow === this.#showsPublic) this.#emitter.fire(publicNode);
    else this.#drawAll();
    for (const accountPath of accountPaths) {
      const node = this.#nodes.get(accountPath);
      if (node !== undefined) this.#emitter.fire(node);
    }
  }

  /** Draws the rows anew that tell an age which is no longer true. */
  redrawAges(): void {
    const nodes = [...this.#shown.values()].flatMap((shown) => (Array.isArray(shown) ? (shown as EntryNode[]) : []));
    const aged = nodes.filter(({ entry, shown }) => shown !== undefined && shown !== getDescription(entry));
    for (const node of aged) this.#emitter.fire(node);
  }

  dispose(): void {
    this.#missed.dispose();
    this.#emitter.dispose();
  }

  #toEntryItem(node: EntryNode): vscode.TreeItem {
    const { entry } = node;
    node.shown = getDescription(entry);
    const uri = getOpenUri(this.#client.state, entry.path);
    return toEntryItem(entry, { uri, isPublic: this.#publicItems.has(entry.path) });
  }

  /** The rows below the devices. */
  #getLastRows(): FileNode[] {
    this.#showsPublic = this.#publicItems.list().length > 0;
    return this.#showsPublic ? [publicNode, trashNode] : [trashNode];
  }

  #drawAll(): void {
    this.#missed.noteAllTold(rootPath);
    this.#emitter.fire(undefined);
  }

  #redraw(folder: string): void {
    const node = folder === trashPath ? trashNode : this.#nodes.get(folder);
    if (folder === rootPath) this.#drawAll();
    else if (node !== undefined) {
      this.#missed.noteTold(folder);
      this.#emitter.fire(node);
    }
  }

  /** Redraws what differs from what is shown. One look at a folder at a time; a change meanwhile costs one more. */
  async #compare(folder: string): Promise<void> {
    const isRunning = this.#comparing.has(folder);
    this.#comparing.set(folder, isRunning ? 'again' : 'once');
    if (isRunning) return;
    const before = this.#shown.get(folder);
    try {
      const entries = await this.#list(folder, false);
      if (this.#shown.get(folder) !== before) this.#comparing.set(folder, 'again');
      else if (Array.isArray(before)) this.#show(folder, before, entries);
    } catch {
      this.#redraw(folder);
    }
    const again = this.#comparing.get(folder) === 'again';
    this.#comparing.delete(folder);
    if (again) await this.#compare(folder);
  }

  #show(folder: string, before: readonly EntryNode[], entries: readonly EntryInfo[]): void {
    const hasSameRows =
      before.length === entries.length && before.every(({ entry }, index) => entry.path === entries[index]?.path);
    const changed = before.filter(({ entry }, index) => !isDeepStrictEqual(entry, entries[index]));
    if (!hasSameRows || changed.length > fewRows) this.#redraw(folder);
    else {
      for (const entry of entries) this.#toNode(entry);
      for (const node of changed) this.#emitter.fire(node);
    }
  }

  /** What is known stays readable when the server cannot be asked; the status bar tells why. */
  async #list(folder: string, refresh: boolean): Promise<readonly EntryInfo[]> {
    const ask = async (fresh: boolean) => {
      const entries = await this.#client.request(list, { path: folder, refresh: fresh });
      return [...entries].sort(compareEntries);
    };
    if (refresh) {
      try {
        return await ask(true);
      } catch (error) {
        if (toDriveError(error).code === 'notFound') throw error;
      }
    }
    return ask(false);
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

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Containers first, then by name as people count. */
function compareEntries(a: EntryInfo, b: EntryInfo): number {
  return Number(a.kind === 'file') - Number(b.kind === 'file') || collator.compare(a.name, b.name);
}
