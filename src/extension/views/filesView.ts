import * as vscode from 'vscode';
import { watch } from '../../protocol/messages.ts';
import type { DriveClient } from '../drive/client.ts';
import { type FileNode, FilesTree, rootPath } from './filesTree.ts';

/** Expanding with the arrow keys comes in bursts; one request tells about all of it. */
const watchSettleMs = 150;

/** The Files view: the tree, and telling the drive which folders are on the screen so that the poller keeps them fresh. */
export class FilesView implements vscode.Disposable {
  readonly tree: FilesTree;
  readonly #view: vscode.TreeView<FileNode>;
  readonly #client: DriveClient;
  readonly #expanded = new Set<string>();
  readonly #disposable: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;

  constructor(client: DriveClient, hasSession: () => Promise<boolean>) {
    this.#client = client;
    this.tree = new FilesTree(client, hasSession);
    this.#view = vscode.window.createTreeView('jottacloud.files', {
      treeDataProvider: this.tree,
      showCollapseAll: true,
    });
    let username: string | undefined;
    this.#disposable = vscode.Disposable.from(
      this.tree,
      this.#view,
      this.#view.onDidExpandElement(({ element }) => this.#onExpansion(element, true)),
      this.#view.onDidCollapseElement(({ element }) => this.#onExpansion(element, false)),
      this.#view.onDidChangeVisibility(() => this.#watchSoon()),
      client.onDidChangeEntries((folders) => {
        for (const folder of folders) this.tree.refresh(folder);
      }),
      client.onDidAttach(() => {
        this.tree.refresh();
        this.#watchSoon();
      }),
      client.onDidChangeState(({ account }) => {
        if (account?.username === username) return;
        username = account?.username;
        this.#view.description = account?.email ?? '';
        this.tree.refresh();
      }),
    );
  }

  /** Asks the server about every folder on the screen. */
  refreshAll(): void {
    for (const folder of [...this.#expanded, rootPath]) this.tree.refresh(folder, true);
  }

  async reveal(): Promise<void> {
    await vscode.commands.executeCommand('jottacloud.files.focus');
  }

  getSelection(): FileNode | undefined {
    return this.#view.selection[0];
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#disposable.dispose();
  }

  #onExpansion(node: FileNode, expanded: boolean): void {
    if (node.kind !== 'entry') return;
    if (expanded) this.#expanded.add(node.entry.path);
    else this.#expanded.delete(node.entry.path);
    this.#watchSoon();
  }

  #watchSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // A request would start the drive; there is nothing to watch for before somebody else did.
      if (!this.#client.attached) return;
      const paths = this.#view.visible ? [rootPath, ...this.#expanded] : [];
      this.#client.request(watch, { paths }).catch(() => undefined);
    }, watchSettleMs);
  }
}
