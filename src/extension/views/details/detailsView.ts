import * as vscode from 'vscode';
import { nameKey } from '../../../base/nameKey.ts';
import type { DriveClient } from '../../drive/client.ts';
import { findAccountPath } from '../../fileSystem/scheme.ts';
import { findActiveUri } from '../../openTabs.ts';
import { getOpenUri } from '../../openUri.ts';
import type { PublicItems } from '../../publicItems.ts';
import type { FilesView } from '../filesView.ts';
import { type DetailNode, DetailsTree, getFolder } from './detailsTree.ts';

/** A burst of changes, and of rows that the selection passes, is asked about once. ms. */
const settleMs = 200;

export interface DetailsViewDeps {
  readonly client: DriveClient;
  readonly files: FilesView;
  readonly publicItems: PublicItems;
}

/** The Details view: of the row that was selected last in the Files view, or of the file whose editor was shown last. */
export class DetailsView implements vscode.Disposable {
  readonly tree: DetailsTree;
  readonly #view: vscode.TreeView<DetailNode>;
  readonly #client: DriveClient;
  readonly #disposable: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;
  #next: string | undefined;
  /** Path of the file in the active editor, to tell whether another one became active. */
  #active: string | undefined;

  constructor({ client, files, publicItems }: DetailsViewDeps) {
    this.#client = client;
    this.tree = new DetailsTree(client, {
      getOpenUri: (accountPath) => getOpenUri(client.state, accountPath),
      toTooltip: (entry) => files.tree.toTooltip(entry),
      noteSharing: (accountPath, isPublic) => publicItems.note(accountPath, isPublic),
    });
    this.#view = vscode.window.createTreeView('jottacloud.details', { treeDataProvider: this.tree });
    const isSubject = (accountPath: string) =>
      this.tree.subject !== undefined && nameKey(accountPath) === nameKey(this.tree.subject);
    this.#disposable = vscode.Disposable.from(
      this.tree,
      this.#view,
      files.onDidSelect((accountPath) => this.#show(accountPath)),
      vscode.window.tabGroups.onDidChangeTabs(() => this.#followEditor()),
      vscode.window.tabGroups.onDidChangeTabGroups(() => this.#followEditor()),
      this.#view.onDidChangeVisibility(() => this.#settle()),
      client.onDidAttach(() => this.#settle()),
      client.onDidChangeEntries((folders) => {
        const { subject } = this.tree;
        const about = subject === undefined ? [] : [subject, getFolder(subject)].map(nameKey);
        if (folders.some((folder) => about.includes(nameKey(folder)))) this.#settle();
      }),
      publicItems.onDidChange((accountPaths) => accountPaths.some(isSubject) && this.#settle()),
      client.onDidChangeState(() => this.tree.updateTransfers() || this.#settle()),
    );
  }

  /** "Show Details". */
  async reveal(accountPath: string): Promise<void> {
    this.#show(accountPath);
    await vscode.commands.executeCommand('jottacloud.details.focus');
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#disposable.dispose();
  }

  #show(accountPath: string): void {
    this.#next = accountPath;
    this.#settle();
  }

  #followEditor(): void {
    const uri = findActiveUri();
    const active = uri === undefined ? undefined : findAccountPath(this.#client.state, uri);
    if (active === this.#active) return;
    this.#active = active;
    if (active !== undefined) this.#show(active);
  }

  /** A view that nobody sees asks nothing. */
  #settle(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#view.visible) return;
      if (this.#next === undefined) return this.tree.refresh();
      this.tree.show(this.#next);
      this.#next = undefined;
    }, settleMs);
  }
}
