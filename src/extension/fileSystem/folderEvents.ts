import path from 'node:path';
import * as vscode from 'vscode';
import { nameKey } from '../../base/nameKey.ts';
import { list } from '../../protocol/messages.ts';
import type { EntryInfo } from '../../protocol/state.ts';
import type { DriveClient } from '../drive/client.ts';
import { toUri } from './scheme.ts';

/** Folders whose entries are remembered; the ones used last. */
const maxFolders = 500;

interface Known {
  readonly path: string;
  /** Entries by key; what a reader of this file system was told. */
  readonly entries: Map<string, EntryInfo>;
  /** Keys of those told to be deleted: when they are there again, that is told too. */
  readonly deleted: Set<string>;
  /** True when `entries` has the whole folder, so that an unknown entry is new. */
  complete: boolean;
}

/**
 * Turns "this folder looks otherwise now" into which files came, went and changed: compares what was told to VS Code with
 * what the drive shows now. Folders nobody asked about cost nothing.
 */
export class FolderEvents implements vscode.Disposable {
  readonly #client: DriveClient;
  readonly #folders = new Map<string, Known>();
  readonly #running = new Map<string, 'running' | 'again'>();
  readonly #emitter = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #listener: vscode.Disposable;

  readonly onDidChangeFile = this.#emitter.event;

  constructor(client: DriveClient) {
    this.#client = client;
    this.#listener = client.onDidChangeEntries((folders) => {
      for (const folder of folders) void this.#compare(folder);
    });
  }

  /** Folders that were told about, the ones used last first. */
  getFolders(): string[] {
    return [...this.#folders.values()].reverse().map((known) => known.path);
  }

  /** `entries` is all that the folder holds. Who asked knows now; others are told what it differs by. */
  noteFolder(folder: string, entries: readonly EntryInfo[]): void {
    const known = this.#use(folder);
    this.#tell(known, entries);
    known.complete = true;
    for (const entry of entries) known.entries.set(nameKey(entry.name), entry);
  }

  /** Notes what a reader was told. An entry that is known already stays, so that the next comparison finds the difference. */
  noteEntry(entry: EntryInfo): void {
    if (entry.path === '/') return;
    const { entries, complete } = this.#use(path.posix.dirname(entry.path));
    const key = nameKey(entry.name);
    if (!complete && !entries.has(key)) entries.set(key, entry);
  }

  dispose(): void {
    this.#listener.dispose();
    this.#emitter.dispose();
  }

  #use(folder: string): Known {
    const key = nameKey(folder);
    const known: Known = this.#folders.get(key) ?? {
      path: folder,
      entries: new Map(),
      deleted: new Set(),
      complete: false,
    };
    this.#folders.delete(key);
    this.#folders.set(key, known);
    const [oldest] = this.#folders.keys();
    if (this.#folders.size > maxFolders && oldest !== undefined) this.#folders.delete(oldest);
    return known;
  }

  #tell(known: Known, now: readonly EntryInfo[]): void {
    const events = getEvents(known, now);
    if (events.length > 0) this.#emitter.fire(events);
  }

  /** Compares one folder. One comparison of it runs at a time; a change meanwhile costs one more. */
  async #compare(folder: string): Promise<void> {
    const key = nameKey(folder);
    const known = this.#folders.get(key);
    if (known === undefined) return;
    if (this.#running.has(key)) {
      this.#running.set(key, 'again');
      return;
    }
    this.#running.set(key, 'running');
    try {
      const now = await this.#client.request(list, { path: folder, refresh: false });
      this.#tell(known, now);
    } catch {
      // A folder that is gone is an entry of the one above; a lost link brings a new look.
    }
    const again = this.#running.get(key) === 'again';
    this.#running.delete(key);
    if (again) await this.#compare(folder);
  }
}

/** The changes from `known` to `now`; `known` then holds `now`. */
function getEvents(known: Known, now: readonly EntryInfo[]): vscode.FileChangeEvent[] {
  const events: vscode.FileChangeEvent[] = [];
  const current = new Map(now.map((entry) => [nameKey(entry.name), entry]));
  for (const [key, before] of known.entries) {
    const entry = current.get(key);
    if (entry === undefined) {
      events.push({ type: vscode.FileChangeType.Deleted, uri: toUri(before.path) });
      known.entries.delete(key);
      known.deleted.add(key);
    } else if (isOther(before, entry)) events.push({ type: vscode.FileChangeType.Changed, uri: toUri(entry.path) });
  }
  for (const [key, entry] of current) {
    const isTold = known.deleted.delete(key) || known.complete;
    const isNew = !known.entries.has(key);
    if (isNew && isTold) events.push({ type: vscode.FileChangeType.Created, uri: toUri(entry.path) });
    if (!isNew || isTold) known.entries.set(key, entry);
  }
  return events;
}

function isOther(a: EntryInfo, b: EntryInfo): boolean {
  return a.kind !== b.kind || a.size !== b.size || a.modifiedMs !== b.modifiedMs || a.readOnly !== b.readOnly;
}
