import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Ino } from './nodeRow.ts';

/**
 * Extended attributes by node, kept on this computer only. They survive renames and restarts and go with their node
 * (a trigger of the schema). All calls are synchronous and local; group changes in `Nodes.transaction`.
 */
export class Xattrs {
  readonly #get: StatementSync;
  readonly #list: StatementSync;
  readonly #set: StatementSync;
  readonly #remove: StatementSync;

  constructor(db: DatabaseSync) {
    this.#get = db.prepare('SELECT value FROM xattr WHERE ino = ? AND name = ?');
    this.#list = db.prepare('SELECT name FROM xattr WHERE ino = ? ORDER BY name');
    this.#set = db.prepare(
      'INSERT INTO xattr(ino, name, value) VALUES (?, ?, ?) ON CONFLICT(ino, name) DO UPDATE SET value = excluded.value',
    );
    this.#remove = db.prepare('DELETE FROM xattr WHERE ino = ? AND name = ?');
  }

  get(ino: Ino, name: string): Buffer | undefined {
    const row = this.#get.get(ino, name) as { value: Uint8Array } | undefined;
    return row === undefined ? undefined : Buffer.from(row.value);
  }

  list(ino: Ino): string[] {
    return this.#list.all(ino).map((row) => String(row.name));
  }

  set(ino: Ino, name: string, value: Buffer): void {
    this.#set.run(ino, name, value);
  }

  /** false when there was none. */
  remove(ino: Ino, name: string): boolean {
    return this.#remove.run(ino, name).changes > 0;
  }
}
