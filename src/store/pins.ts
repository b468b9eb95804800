import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Ino } from './nodeRow.ts';

/** Content that a pin asks for, and one of the files that have it. `size` in bytes. */
export interface PinnedContent {
  readonly ino: Ino;
  readonly md5: string;
  readonly size: number;
}

/** All nodes that a pin covers: itself and everything below it. */
const covered = `WITH RECURSIVE covered(ino) AS (
  SELECT ino FROM pin UNION SELECT node.ino FROM node JOIN covered ON node.parent = covered.ino)`;

/**
 * What is kept offline: files and folders, by inode, so that a pin goes along with a rename. Synchronous and local; a pin
 * goes with its node, and stays with the name of a file that is replaced.
 */
export class Pins {
  readonly #add: StatementSync;
  readonly #remove: StatementSync;
  readonly #move: StatementSync;
  readonly #has: StatementSync;
  readonly #any: StatementSync;
  readonly #all: StatementSync;
  readonly #contents: StatementSync;
  readonly #folders: StatementSync;

  constructor(db: DatabaseSync) {
    this.#add = db.prepare('INSERT OR IGNORE INTO pin(ino) VALUES (?)');
    this.#remove = db.prepare('DELETE FROM pin WHERE ino = ?');
    this.#move = db.prepare('UPDATE OR REPLACE pin SET ino = ? WHERE ino = ?');
    this.#has = db.prepare('SELECT 1 FROM pin WHERE ino = ?');
    this.#any = db.prepare('SELECT 1 FROM pin LIMIT 1');
    this.#all = db.prepare('SELECT ino FROM pin');
    this.#contents = db.prepare(
      `${covered}, content AS (
         SELECT ino, md5, size FROM node WHERE kind = 'file' AND localOnly = 0 AND ino IN covered UNION ALL
         SELECT ino, baseMd5, baseSize FROM node JOIN staging ON node.staging = staging.id
         WHERE localOnly = 0 AND ino IN covered)
       SELECT min(ino) AS ino, md5, size FROM content WHERE md5 IS NOT NULL GROUP BY md5`,
    );
    this.#folders = db.prepare(
      `${covered} SELECT ino FROM node WHERE kind <> 'file' AND localOnly = 0 AND ino IN covered`,
    );
  }

  add(ino: Ino): void {
    this.#add.run(ino);
  }

  remove(ino: Ino): void {
    this.#remove.run(ino);
  }

  /** A pin of `from` itself is one of `to` from now on. Part of the caller's transaction. */
  move(from: Ino, to: Ino): void {
    this.#move.run(to, from);
  }

  /** Pinned itself, not by a folder above. */
  has(ino: Ino): boolean {
    return this.#has.get(ino) !== undefined;
  }

  isEmpty(): boolean {
    return this.#any.get() === undefined;
  }

  /** Everything that is pinned itself; for asking about many. */
  getAll(): ReadonlySet<Ino> {
    return new Set(this.#all.all().map((row) => Number(row.ino)));
  }

  /** Each content once; of a file that was changed in part the one that the rest comes from. */
  getContents(): PinnedContent[] {
    return this.#contents.all().map((row) => ({ ino: Number(row.ino), md5: String(row.md5), size: Number(row.size) }));
  }

  getFolders(): Ino[] {
    return this.#folders.all().map((row) => Number(row.ino));
  }
}
