import path from 'node:path';
import * as vscode from 'vscode';
import { nameKey } from '../../base/nameKey.ts';
import { lookup } from '../../protocol/fileMessages.ts';
import type { EntryInfo, TransferState } from '../../protocol/state.ts';
import type { DriveClient } from '../drive/client.ts';
import type { WatchSet } from '../drive/watchSet.ts';
import { findAccountPath } from '../fileSystem/scheme.ts';

/** An explorer asks for every row it draws; one request answers for all of them. ms. */
const gatherMs = 40;
/** Paths in one request. */
const batchSize = 500;
/** Files that VS Code asked about and is told of when they change; the ones asked about last. */
const maxAsked = 5_000;

/** Folders of such files that are kept fresh. */
const maxWatched = 200;

interface Waiting {
  readonly path: string;
  readonly resolve: (decoration: vscode.FileDecoration | undefined) => void;
}

/** Badges of files in a mount and in `jottacloud:` folders: on their way, refused, conflicted, kept offline. */
export class Decorations implements vscode.FileDecorationProvider, vscode.Disposable {
  readonly #client: DriveClient;
  readonly #watchSet: WatchSet;
  readonly #emitter = new vscode.EventEmitter<vscode.Uri[]>();
  readonly #disposable: vscode.Disposable;
  /** By key of the account path. */
  readonly #asked = new Map<string, vscode.Uri>();
  #waiting: Waiting[] = [];
  #transfers: ReadonlyMap<string, TransferState['status']> = new Map();

  readonly onDidChangeFileDecorations = this.#emitter.event;

  constructor(client: DriveClient, watchSet: WatchSet) {
    this.#client = client;
    this.#watchSet = watchSet;
    this.#disposable = vscode.Disposable.from(
      vscode.window.registerFileDecorationProvider(this),
      this.#emitter,
      client.onDidChangeEntries((folders) => this.#tellBelow(new Set(folders.map(nameKey)))),
      client.onDidChangeState(({ transfers }) => this.#tellTransfers(transfers)),
    );
  }

  provideFileDecoration(uri: vscode.Uri): Promise<vscode.FileDecoration | undefined> | undefined {
    // Nothing is started for a badge.
    if (!this.#client.attached) return undefined;
    const accountPath = findAccountPath(this.#client.state, uri);
    if (accountPath === undefined || accountPath === '/') return undefined;
    this.#remember(accountPath, uri);
    return new Promise((resolve) => {
      if (this.#waiting.length === 0) setTimeout(() => void this.#ask(), gatherMs);
      this.#waiting.push({ path: accountPath, resolve });
    });
  }

  dispose(): void {
    this.#disposable.dispose();
  }

  #remember(accountPath: string, uri: vscode.Uri): void {
    const key = nameKey(accountPath);
    this.#asked.delete(key);
    this.#asked.set(key, uri);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > maxAsked && oldest !== undefined) this.#asked.delete(oldest);
  }

  async #ask(): Promise<void> {
    const all = this.#waiting;
    this.#waiting = [];
    // An explorer shows them: what changes there elsewhere is to be looked for.
    const folders = [...this.#asked.keys()].reverse().map((key) => path.posix.dirname(key));
    this.#watchSet.set('explorers', [...new Set(folders)].slice(0, maxWatched));
    for (let at = 0; at < all.length; at += batchSize) {
      const batch = all.slice(at, at + batchSize);
      const paths = batch.map((waiting) => waiting.path);
      const entries = await this.#client.request(lookup, { paths }).catch(() => []);
      for (const [index, { resolve }] of batch.entries()) resolve(decorate(entries[index] ?? undefined));
    }
  }

  #tellBelow(folders: ReadonlySet<string>): void {
    const changed = [...this.#asked].filter(([key]) => folders.has(path.posix.dirname(key))).map(([, uri]) => uri);
    if (changed.length > 0) this.#emitter.fire(changed);
  }

  /** An upload that begins or ends changes no listing. */
  #tellTransfers(transfers: readonly TransferState[]): void {
    const before = this.#transfers;
    const now = new Map(transfers.map((row) => [nameKey(row.path), row.status]));
    this.#transfers = now;
    const changed = [...new Set([...before.keys(), ...now.keys()])].filter((key) => before.get(key) !== now.get(key));
    const uris = changed.flatMap((key) => this.#asked.get(key) ?? []);
    if (uris.length > 0) this.#emitter.fire(uris);
  }
}

/** The badge says it without colour. */
function decorate(entry: EntryInfo | undefined): vscode.FileDecoration | undefined {
  switch (entry?.sync) {
    case undefined:
      return undefined;
    case 'failed':
      return new vscode.FileDecoration(
        '!',
        vscode.l10n.t('upload failed'),
        new vscode.ThemeColor('list.errorForeground'),
      );
    case 'conflicted':
      return new vscode.FileDecoration(
        '≠',
        vscode.l10n.t('conflicted copy'),
        new vscode.ThemeColor('list.warningForeground'),
      );
    case 'uploading':
      return new vscode.FileDecoration('↑', vscode.l10n.t('uploading'));
    case 'pending':
      return new vscode.FileDecoration('…', vscode.l10n.t('waiting to upload'));
    case 'cached':
    case 'cloud':
      return entry?.pin === 'own' ? new vscode.FileDecoration('●', vscode.l10n.t('kept offline')) : undefined;
  }
}
