import * as vscode from 'vscode';
import { history } from '../../protocol/messages.ts';
import type { PastTransfer, TransferState } from '../../protocol/state.ts';
import type { DriveClient } from '../drive/client.ts';
import { toInertRow } from '../ui/rows.ts';
import { toDoneItem, toPastItem, toTransferItem } from './transferItem.ts';

import { TransferSpeeds } from './transferSpeeds.ts';

/** `done`: the group of finished transfers, closed until somebody wants to know. */
export type TransferNode =
  | { readonly kind: 'transfer'; readonly id: string; transfer: TransferState }
  | { readonly kind: 'done' }
  | { readonly kind: 'past'; readonly past: PastTransfer };

/** Finished transfers shown; the drive remembers more. */
const shownPast = 50;
const doneNode: TransferNode = { kind: 'done' };

/** What is on its way, then what failed, then what waits, as the drive sorts it; below them what is done. */
export class TransfersTree implements vscode.TreeDataProvider<TransferNode>, vscode.Disposable {
  readonly #client: DriveClient;
  readonly #emitter = new vscode.EventEmitter<TransferNode | undefined>();
  readonly #speeds = new TransferSpeeds();
  #rows: readonly (TransferNode & { kind: 'transfer' })[] = [];
  #hasPast = false;

  readonly onDidChangeTreeData = this.#emitter.event;

  constructor(client: DriveClient) {
    this.#client = client;
  }

  getTreeItem(node: TransferNode): vscode.TreeItem {
    if (node.kind === 'transfer') return toInertRow(toTransferItem(node.transfer, this.#speeds.get(node.id)));
    return node.kind === 'done' ? toDoneItem() : toInertRow(toPastItem(node.past));
  }

  async getChildren(node?: TransferNode): Promise<TransferNode[]> {
    if (node === undefined) return this.#hasPast ? [...this.#rows, doneNode] : [...this.#rows];
    if (node.kind !== 'done') return [];
    const past = await this.#client.request(history, { limit: shownPast });
    return past.map((entry) => ({ kind: 'past', past: entry }));
  }

  /** Takes the drive's rows. Rows that only moved on are drawn anew one by one, so that nothing else jumps. */
  update(transfers: readonly TransferState[]): void {
    const before = this.#rows;
    this.#speeds.note(transfers, performance.now());
    const known = new Map(before.map((row) => [row.id, row]));
    this.#rows = transfers.map((transfer) => {
      const row = known.get(transfer.id) ?? { kind: 'transfer', id: transfer.id, transfer };
      const changed = JSON.stringify(row.transfer) !== JSON.stringify(transfer);
      row.transfer = transfer;
      if (changed && known.has(transfer.id)) this.#emitter.fire(row);
      return row;
    });
    const sameRows = before.length === this.#rows.length && this.#rows.every((row, index) => row === before[index]);
    if (!sameRows) this.#emitter.fire(undefined);
  }

  /** Looks whether anything was ever transferred: without, the welcome view has the place. */
  async updatePast(): Promise<void> {
    const { attached, state } = this.#client;
    const canAsk = attached && state.account !== null;
    const past = canAsk ? await this.#client.request(history, { limit: 1 }).catch(() => []) : [];
    if (past.length > 0 === this.#hasPast) return this.#emitter.fire(doneNode);
    this.#hasPast = past.length > 0;
    this.#emitter.fire(undefined);
  }

  dispose(): void {
    this.#emitter.dispose();
  }
}
