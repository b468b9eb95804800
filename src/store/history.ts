import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Log } from '../base/log.ts';

/** One finished transfer. */
export interface HistoryEntry {
  /** ms since the epoch of its end. */
  readonly at: number;
  readonly kind: string;
  /** Path in the account. */
  readonly path: string;
  /** Bytes of the file. */
  readonly bytes: number;
  /** Time it took, ms. */
  readonly ms: number;
  /** `done`, or the kind of the error that ended it. */
  readonly outcome: string;
}

/** Entries kept; older ones go, so many at a time. */
const kept = 1_000;
const trimmed = 100;

/** What was transferred lately, over restarts. Synchronous and local. */
export class History {
  readonly #add: StatementSync;
  readonly #trim: StatementSync;
  readonly #list: StatementSync;
  readonly #log: Log;

  constructor(db: DatabaseSync, log: Log) {
    this.#log = log;
    this.#add = db.prepare('INSERT INTO history(at, kind, path, bytes, ms, outcome) VALUES (?, ?, ?, ?, ?, ?)');
    this.#trim = db.prepare('DELETE FROM history WHERE id <= ?');
    this.#list = db.prepare('SELECT at, kind, path, bytes, ms, outcome FROM history ORDER BY id DESC LIMIT ?');
  }

  /** Best effort: what was done is done, whether a full disk lets it be told or not. */
  add(entry: HistoryEntry): void {
    const { at, kind, path, bytes, ms, outcome } = entry;
    try {
      const { lastInsertRowid } = this.#add.run(Math.trunc(at), kind, path, bytes, Math.trunc(ms), outcome);
      const id = Number(lastInsertRowid);
      if (id % trimmed === 0) this.#trim.run(id - kept);
    } catch (error) {
      this.#log.info('the history of transfers takes nothing now', { error });
    }
  }

  /** Newest first. */
  list(limit: number): HistoryEntry[] {
    return this.#list.all(limit).map((row) => row as unknown as HistoryEntry);
  }
}
