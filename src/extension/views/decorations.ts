import path from 'node:path';
import * as vscode from 'vscode';
import { nameKey } from '../../base/nameKey.ts';
import { lookup } from '../../protocol/fileMessages.ts';
import type { EntryInfo, TransferState } from '../../protocol/state.ts';
import type { DriveClient } from '../drive/client.ts';
import type { WatchSet } from '../drive/watchSet.ts';
import { findAccountPath, isRowUri } from '../fileSystem/scheme.ts';
import type { PublicItems } from '../publicItems.ts';
import { getStateText } from './stateTexts.ts';

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
  readonly isRow: boolean;
  readonly resolve: (decoration: vscode.FileDecoration | undefined) => void;
}
interface Asked {
  /** Key of the account path. */
  readonly key: string;
  readonly uri: vscode.Uri;
}

/**
 * Badges of files in a mount, in `jottacloud:` folders and in the Files view: on their way, refused, conflicted, kept
 * offline, public. Rows of the Files view tell what is in the cloud alone as well.
 */
export class Decorations implements vscode.FileDecorationProvider, vscode.Disposable {
  readonly #client: DriveClient;
  readonly #publicItems: PublicItems;
  readonly #watchSet: WatchSet;
  readonly #emitter = new vscode.EventEmitter<vscode.Uri[]>();
  readonly #disposable: vscode.Disposable;
  /** What was asked, by URI: a file may be shown under several. */
  readonly #asked = new Map<string, Asked>();
  #waiting: Waiting[] = [];
  #transfers: ReadonlyMap<string, TransferState['status']> = new Map();

  readonly onDidChangeFileDecorations = this.#emitter.event;

  constructor(client: DriveClient, watchSet: WatchSet, publicItems: PublicItems) {
    this.#client = client;
    this.#publicItems = publicItems;
    this.#watchSet = watchSet;
    this.#disposable = vscode.Disposable.from(
      vscode.window.registerFileDecorationProvider(this),
      this.#emitter,
      client.onDidChangeEntries((folders) => this.#tellBelow(new Set(folders.map(nameKey)))),
      client.onDidChangeState(({ transfers }) => this.#tellTransfers(transfers)),
      publicItems.onDidChange((accountPaths) => this.#tell(new Set(accountPaths.map(nameKey)))),
    );
  }

  provideFileDecoration(uri: vscode.Uri): Promise<vscode.FileDecoration | undefined> | undefined {
    // A badge is no reason to start the drive.
    if (!this.#client.attached) return undefined;
    const accountPath = findAccountPath(this.#client.state, uri);
    if (accountPath === undefined || accountPath === '/') return undefined;
    this.#remember(accountPath, uri);
    return new Promise((resolve) => {
      if (this.#waiting.length === 0) setTimeout(() => void this.#ask(), gatherMs);
      this.#waiting.push({ path: accountPath, isRow: isRowUri(uri), resolve });
    });
  }

  dispose(): void {
    this.#disposable.dispose();
  }

  #remember(accountPath: string, uri: vscode.Uri): void {
    const text = uri.toString();
    this.#asked.delete(text);
    this.#asked.set(text, { key: nameKey(accountPath), uri });
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > maxAsked && oldest !== undefined) this.#asked.delete(oldest);
  }

  async #ask(): Promise<void> {
    const all = this.#waiting;
    this.#waiting = [];
    // An explorer shows them: what changes there elsewhere is to be looked for.
    const shown = [...this.#asked.values()].filter(({ uri }) => !isRowUri(uri));
    const folders = shown.reverse().map(({ key }) => path.posix.dirname(key));
    this.#watchSet.set('explorers', [...new Set(folders)].slice(0, maxWatched));
    for (let at = 0; at < all.length; at += batchSize) {
      const batch = all.slice(at, at + batchSize);
      const paths = batch.map((waiting) => waiting.path);
      const entries = await this.#client.request(lookup, { paths }).catch(() => []);
      for (const [index, { path, isRow, resolve }] of batch.entries()) {
        resolve(decorate(entries[index] ?? undefined, { isRow, isPublic: this.#publicItems.has(path) }));
      }
    }
  }

  #tellBelow(folders: ReadonlySet<string>): void {
    const keys = [...this.#asked.values()].map(({ key }) => key);
    this.#tell(new Set(keys.filter((key) => folders.has(path.posix.dirname(key)))));
  }

  /** An upload that begins or ends changes no listing. */
  #tellTransfers(transfers: readonly TransferState[]): void {
    const before = this.#transfers;
    const now = new Map(transfers.map((row) => [nameKey(row.path), row.status]));
    this.#transfers = now;
    const all = [...new Set([...before.keys(), ...now.keys()])];
    this.#tell(new Set(all.filter((key) => before.get(key) !== now.get(key))));
  }

  #tell(keys: ReadonlySet<string>): void {
    if (keys.size === 0) return;
    const uris = [...this.#asked.values()].filter(({ key }) => keys.has(key)).map(({ uri }) => uri);
    if (uris.length > 0) this.#emitter.fire(uris);
  }
}

interface Place {
  readonly isRow: boolean;
  readonly isPublic: boolean;
}

/** The badge says it without colour: how far it is from the server, and whether it is public. */
function decorate(entry: EntryInfo | undefined, { isRow, isPublic }: Place): vscode.FileDecoration | undefined {
  if (entry === undefined) return undefined;
  const state = getState(entry, isRow);
  const badge = `${state?.badge ?? ''}${isPublic ? '↗' : ''}`;
  if (badge === '') return undefined;
  const words = [
    ...(state === undefined ? [] : [getStateText(entry)]),
    ...(isPublic ? [vscode.l10n.t('public link')] : []),
  ];
  const color = state?.color === undefined ? undefined : new vscode.ThemeColor(state.color);
  return new vscode.FileDecoration(badge, words.join(' · '), color);
}

function getState({ kind, sync, pin, link }: EntryInfo, isRow: boolean): { badge: string; color?: string } | undefined {
  switch (sync) {
    case 'failed':
      return { badge: '!', color: 'list.errorForeground' };
    case 'conflicted':
      return { badge: '≠', color: 'list.warningForeground' };
    case 'uploading':
      return { badge: '↑' };
    case 'pending':
      return { badge: '…' };
    case 'cached':
    case 'cloud':
      if (pin === 'own') return { badge: '●' };
      if (!isRow || kind !== 'file' || link) return undefined;
      return sync === 'cloud' ? { badge: pin === 'none' ? '☁' : '↓' } : undefined;
  }
}
