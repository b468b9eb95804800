import path from 'node:path';
import * as vscode from 'vscode';
import type { TransferState } from '../../protocol/state.ts';
import type { DriveClient } from '../drive/client.ts';
import type { WatchSet } from '../drive/watchSet.ts';
import type { PublicItems } from '../publicItems.ts';
import type { Reporter } from '../report.ts';
import { FilesDragAndDrop } from './filesDragAndDrop.ts';
import { type FileNode, FilesTree, rootPath } from './filesTree.ts';
import { trashNode } from './trashNodes.ts';

/** Local changes show as transfers first; a burst of them redraws each folder once. */
const transferSettleMs = 300;

/** An age in a row is told in minutes at least. */
const agesMs = 60_000;

export interface FilesViewDeps {
  readonly client: DriveClient;
  readonly watchSet: WatchSet;
  readonly publicItems: PublicItems;
  /** Without a session nothing is asked. */
  readonly hasSession: () => Promise<boolean>;
  readonly report: Reporter;
}

/** The Files view: the tree, and telling the drive which folders are on the screen so that the poller keeps them fresh. */
export class FilesView implements vscode.Disposable {
  readonly tree: FilesTree;
  readonly dragAndDrop: FilesDragAndDrop;
  readonly #view: vscode.TreeView<FileNode>;
  readonly #client: DriveClient;
  readonly #publicItems: PublicItems;
  readonly #watchSet: WatchSet;
  readonly #expanded = new Set<string>();
  readonly #disposable: vscode.Disposable;
  readonly #agesTimer: NodeJS.Timeout;
  readonly #selected = new vscode.EventEmitter<string>();
  #transferTimer: NodeJS.Timeout | undefined;
  /** Two keys at once must not mix up the selection. */
  #keyTargets: Promise<readonly FileNode[]> | undefined;
  /** Transfers that the tree shows now, by path in the account. */
  #transfers: ReadonlyMap<string, TransferState> = new Map();

  /** A device, mountpoint, folder or file was selected alone: its path in the account. */
  readonly onDidSelect = this.#selected.event;

  constructor({ client, watchSet, publicItems, hasSession, report }: FilesViewDeps) {
    this.#client = client;
    this.#publicItems = publicItems;
    this.#watchSet = watchSet;
    this.tree = new FilesTree(client, publicItems, hasSession, (folder) => this.#isOnScreen(folder));
    this.dragAndDrop = new FilesDragAndDrop(client, report);
    this.#view = vscode.window.createTreeView('jottacloud.files', {
      treeDataProvider: this.tree,
      showCollapseAll: true,
      canSelectMany: true,
      dragAndDropController: this.dragAndDrop,
    });
    this.#agesTimer = setInterval(() => this.#view.visible && this.tree.redrawAges(), agesMs);
    let shownFor = '';
    this.#disposable = vscode.Disposable.from(
      this.tree,
      this.#view,
      this.#selected,
      this.#view.onDidChangeSelection(({ selection: [node, ...others] }) => {
        const isOne = others.length === 0 && this.#keyTargets === undefined;
        if (isOne && node?.kind === 'entry') this.#selected.fire(node.entry.path);
        if (isOne && node?.kind === 'shared') this.#selected.fire(node.path);
      }),
      this.#view.onDidExpandElement(({ element }) => this.#onExpansion(element, true)),
      this.#view.onDidCollapseElement(({ element }) => this.#onExpansion(element, false)),
      this.#view.onDidChangeVisibility(({ visible }) => {
        this.#watch();
        if (visible) void publicItems.load(true);
      }),
      publicItems.onDidChange((accountPaths) => this.tree.refreshPublic(accountPaths)),
      client.onDidChangeEntries((folders) => {
        for (const folder of folders) this.tree.refresh(folder);
      }),
      client.onDidAttach(() => this.tree.reset()),
      client.onDidChangeState(({ account, health, mounts }) => {
        this.#transferTimer ??= setTimeout(() => this.#showTransfers(), transferSettleMs);
        // Back from offline or signed out: rows that could not be loaded can be now. Files open where they are mounted.
        const next = JSON.stringify([account?.username, health, mounts.filter(({ status }) => status === 'mounted')]);
        if (next === shownFor) return;
        shownFor = next;
        this.#view.description = account?.email ?? '';
        this.tree.reset();
      }),
    );
  }

  /** Asks the server about every folder on the screen. */
  refreshAll(): void {
    void this.#publicItems.load(true);
    for (const folder of [...this.#expanded, rootPath]) this.tree.refresh(folder, true);
  }

  async reveal(): Promise<void> {
    await vscode.commands.executeCommand('jottacloud.files.focus');
  }

  /** The rows that a key is meant for, as in VS Code's Explorer: those selected with the focused one, else that one alone. */
  findKeyTargets(): Promise<readonly FileNode[]> {
    this.#keyTargets ??= this.#askKeyTargets().finally(() => {
      this.#keyTargets = undefined;
    });
    return this.#keyTargets;
  }

  /** VS Code tells the selection alone. Adding the focused row to it, or taking it out, and back again tells which row that is. */
  async #askKeyTargets(): Promise<readonly FileNode[]> {
    const selected = this.#view.selection;
    await vscode.commands.executeCommand('list.toggleSelection');
    const focused = this.#view.selection.filter((node) => !selected.includes(node));
    await vscode.commands.executeCommand('list.toggleSelection');
    return focused.length > 0 ? focused : selected;
  }

  /** Shows the row of a file or folder of the account, in folders opened for it. */
  async revealEntry(accountPath: string): Promise<void> {
    await this.reveal();
    const node = await this.tree.findNode(accountPath);
    if (node !== undefined) await this.#view.reveal(node, { select: true, focus: true });
  }

  /** Shows the trash, opened. */
  async revealTrash(): Promise<void> {
    await this.#view.reveal(trashNode, { select: true, focus: true, expand: true });
  }

  dispose(): void {
    clearTimeout(this.#transferTimer);
    clearInterval(this.#agesTimer);
    this.#disposable.dispose();
  }

  #onExpansion(node: FileNode, expanded: boolean): void {
    if (node.kind !== 'entry') return;
    if (expanded) this.#expanded.add(node.entry.path);
    else this.#expanded.delete(node.entry.path);
    this.#watch();
  }

  #isOnScreen(folder: string): boolean {
    if (folder === rootPath) return this.#view.visible;
    return this.#expanded.has(folder) && this.#isOnScreen(path.posix.dirname(folder));
  }

  #watch(): void {
    this.#watchSet.set('filesView', this.#view.visible ? [rootPath, ...this.#expanded] : []);
  }

  /** Reads the folders again in which a transfer began, ended or failed: their rows say so. What was deleted is in the trash. */
  #showTransfers(): void {
    this.#transferTimer = undefined;
    const before = this.#transfers;
    const now = new Map(this.#client.state.transfers.map((row) => [row.path, row]));
    const changed = [...before.keys(), ...now.keys()].filter((key) => before.get(key)?.status !== now.get(key)?.status);
    this.#transfers = now;
    for (const folder of new Set(changed.map((key) => path.posix.dirname(key)))) this.tree.refresh(folder);
    if (changed.some((key) => before.get(key)?.kind === 'delete' && !now.has(key))) this.tree.refreshTrash();
  }
}
