import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import { nameKey } from '../../../base/nameKey.ts';
import type { DriveError } from '../../../protocol/errors.ts';
import { getPublicLink, listRevisions, stat } from '../../../protocol/fileMessages.ts';
import { history } from '../../../protocol/messages.ts';
import type { EntryInfo, PastTransfer, TransferState } from '../../../protocol/state.ts';
import type { DriveClient } from '../../drive/client.ts';
import { toDriveError } from '../../errors.ts';
import { toInertRow } from '../../ui/rows.ts';
import { toPastItem, toTransferItem } from '../transferItem.ts';
import {
  type DetailItems,
  toFactItem,
  toSharingItem,
  toUnknownItem,
  toVersionItem,
  toVersionsItem,
  type VersionNode,
} from './detailItems.ts';

interface TransferNode {
  readonly kind: 'transfer';
  transfer: TransferState;
}
export type DetailNode =
  | { readonly kind: 'fact'; readonly entry: EntryInfo }
  | { readonly kind: 'sharing'; readonly path: string; readonly link: string | null }
  | { readonly kind: 'versions'; readonly versions: readonly VersionNode[] }
  | VersionNode
  | TransferNode
  | { readonly kind: 'past'; readonly past: PastTransfer }
  /** Shown in place of what could not be loaded. */
  | { readonly kind: 'unknown'; readonly what: 'sharing' | 'versions'; readonly error: DriveError };

/** Finished transfers that are looked through for those of one file. */
const searchedPast = 1_000;
const shownPast = 5;
const shownTransfers = 20;
/** Parts of the path of a mountpoint, split at its slashes: an empty one, the device, its own name. */
const mountpointParts = 3;

/** All that is known of one file or folder: what it is, who can see it, its versions, what of it is on its way. */
export class DetailsTree implements vscode.TreeDataProvider<DetailNode>, vscode.Disposable {
  readonly #client: DriveClient;
  readonly #items: DetailItems;
  readonly #emitter = new vscode.EventEmitter<DetailNode | undefined>();
  #subject: string | undefined;
  #running: readonly TransferNode[] = [];

  readonly onDidChangeTreeData = this.#emitter.event;

  constructor(client: DriveClient, items: DetailItems) {
    this.#client = client;
    this.#items = items;
  }

  /** Path in the account; undefined: nothing was chosen yet. */
  get subject(): string | undefined {
    return this.#subject;
  }

  show(accountPath: string): void {
    this.#subject = accountPath;
    this.refresh();
  }

  /** Asks for all of it again. */
  refresh(): void {
    this.#emitter.fire(undefined);
  }

  /** Draws the transfers anew that moved on. False: there are others than those shown. */
  updateTransfers(): boolean {
    const now = this.#subject === undefined ? [] : findRunning(this.#client.state.transfers, this.#subject);
    const isSame = ({ transfer }: TransferNode, at: number) =>
      transfer.id === now[at]?.id && transfer.status === now[at]?.status;
    if (now.length !== this.#running.length || !this.#running.every(isSame)) return false;
    for (const [at, node] of this.#running.entries()) {
      const next = now[at] ?? node.transfer;
      if (isDeepStrictEqual(node.transfer, next)) continue;
      node.transfer = next;
      this.#emitter.fire(node);
    }
    return true;
  }

  async getChildren(node?: DetailNode): Promise<DetailNode[]> {
    if (node !== undefined) return node.kind === 'versions' ? [...node.versions] : [];
    const subject = this.#subject;
    if (subject === undefined || !this.#client.attached || this.#client.state.account === null) return [];
    const entry = await this.#client.request(stat, { path: subject }).catch(() => undefined);
    // The item is gone, or was only there for a moment.
    if (entry === undefined) return [];
    const parts = await Promise.all([
      this.#findSharing(entry),
      this.#findVersions(entry),
      this.#findTransfers(subject),
    ]);
    return [{ kind: 'fact', entry }, ...parts.flat()];
  }

  getTreeItem(node: DetailNode): vscode.TreeItem {
    return toInertRow(this.#toItem(node));
  }

  async resolveTreeItem(item: vscode.TreeItem, node: DetailNode): Promise<vscode.TreeItem> {
    if (node.kind === 'fact') item.tooltip = await this.#items.toTooltip(node.entry);
    return item;
  }

  dispose(): void {
    this.#emitter.dispose();
  }

  #toItem(node: DetailNode): vscode.TreeItem {
    switch (node.kind) {
      case 'fact':
        return toFactItem(node.entry, this.#items.getOpenUri(node.entry.path));
      case 'sharing':
        return toSharingItem(node.link);
      case 'versions':
        return toVersionsItem(node.versions.length);
      case 'version':
        return toVersionItem(node);
      case 'transfer':
        return toTransferItem(node.transfer);
      case 'past':
        return toPastItem(node.past);
      case 'unknown':
        return toUnknownItem(node.what, node.error);
    }
  }

  async #findSharing({ path: accountPath }: EntryInfo): Promise<DetailNode[]> {
    if (accountPath.split('/').length <= mountpointParts) return [];
    try {
      const link = await this.#client.request(getPublicLink, { path: accountPath });
      this.#items.noteSharing(accountPath, link !== null);
      return [{ kind: 'sharing', path: accountPath, link }];
    } catch (error) {
      return toUnknown('sharing', error);
    }
  }

  async #findVersions({ path: accountPath, kind }: EntryInfo): Promise<DetailNode[]> {
    if (kind !== 'file') return [];
    try {
      const found = await this.#client.request(listRevisions, { path: accountPath });
      const versions = found.map((version): VersionNode => ({ kind: 'version', path: accountPath, version }));
      return [{ kind: 'versions', versions }];
    } catch (error) {
      return toUnknown('versions', error);
    }
  }

  async #findTransfers(subject: string): Promise<DetailNode[]> {
    const running = findRunning(this.#client.state.transfers, subject);
    this.#running = running.map((transfer): TransferNode => ({ kind: 'transfer', transfer }));
    const past = await this.#client.request(history, { limit: searchedPast }).catch(() => []);
    const done = past.filter((each) => nameKey(each.path) === nameKey(subject)).slice(0, shownPast);
    return [...this.#running, ...done.map((each): DetailNode => ({ kind: 'past', past: each }))];
  }
}

/** Running transfers of an item and of what lies below it. */
function findRunning(transfers: readonly TransferState[], subject: string): TransferState[] {
  const key = nameKey(subject);
  const isBelow = ({ path: shown }: TransferState) => nameKey(shown) === key || nameKey(shown).startsWith(`${key}/`);
  return transfers.filter(isBelow).slice(0, shownTransfers);
}

/** What was not uploaded yet has neither link nor versions, which is no failure. */
function toUnknown(what: 'sharing' | 'versions', thrown: unknown): DetailNode[] {
  const error = toDriveError(thrown);
  return error.code === 'notFound' || error.code === 'pendingUploads' ? [] : [{ kind: 'unknown', what, error }];
}

/** The folder whose listing tells of an item. */
export function getFolder(accountPath: string): string {
  return path.posix.dirname(accountPath);
}
