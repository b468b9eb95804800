import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type Columns, isWhole, mend } from './badRows.ts';
import { allFields, type Changeable, getUpdateSql, getValues, insertSql, type RawNode, toRow } from './nodeColumns.ts';
import { type Ino, type NodeKind, type NodeRow, rootIno } from './nodeRow.ts';
import { pendingCondition } from './schema.ts';

const textColumns = ['name', 'key', 'sName', 'sKey', 'sWire', 'bName', 'bKey', 'bWire'] as const;

/** The node table as it lies in the database: rows are checked and mended as they are read. Keeps nothing but its statements. */
export class NodeTable {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #updates = new Map<number, StatementSync>();
  readonly #onMended: (ino: Ino, columns: readonly string[]) => void;

  /** `onMended` hears of a row that could not be read as it was, and of the columns that were made anew. */
  constructor(db: DatabaseSync, onMended: (ino: Ino, columns: readonly string[]) => void) {
    this.#db = db;
    this.#onMended = onMended;
  }

  /** A statement that is prepared once; `query` is one of few. */
  sql(query: string): StatementSync {
    let statement = this.#statements.get(query);
    if (statement === undefined) {
      statement = this.#db.prepare(query);
      this.#statements.set(query, statement);
    }
    return statement;
  }

  /** The rows of a query for all columns; what cannot be mended is left out. */
  select(query: string, ...given: SQLInputValue[]): NodeRow[] {
    return this.#selectRaw(query, ...given)
      .map((raw) => this.#parse(raw))
      .filter((row) => row !== undefined);
  }

  insert(kind: NodeKind, node: Changeable): Ino {
    return Number(this.sql(insertSql).run(kind, ...getValues(allFields, node)).lastInsertRowid);
  }

  /** Writes the fields in `changed` (nodeColumns.ts `getChanged`). */
  update(ino: Ino, changed: number, node: Partial<Changeable>): void {
    let statement = this.#updates.get(changed);
    if (statement === undefined) {
      statement = this.#db.prepare(getUpdateSql(changed));
      this.#updates.set(changed, statement);
    }
    statement.run(...getValues(changed, node), ino);
  }

  /** With numbers that JavaScript cannot hold too: such a row is mended. */
  #selectRaw(query: string, ...given: SQLInputValue[]): RawNode[] {
    const statement = this.sql(query);
    try {
      return statement.all(...given) as unknown as RawNode[];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_OUT_OF_RANGE') throw error;
    }
    statement.setReadBigInts(true);
    try {
      return statement.all(...given).map(toNumbers) as unknown as RawNode[];
    } finally {
      statement.setReadBigInts(false);
    }
  }

  #parse(raw: RawNode): NodeRow | undefined {
    if (!isWhole(raw)) return this.#mend(raw);
    this.#ensureText(raw);
    return toRow(raw);
  }

  /**
   * A row that no version of the program wrote: a broken disk, or a fault of ours. It must not stop what reads it. What is
   * pending of it is set aside as a failed change, so that a person looks before anything is sent.
   */
  #mend(raw: RawNode): NodeRow | undefined {
    const { ino } = raw;
    if (!Number.isSafeInteger(ino)) return undefined;
    const home = this.sql("SELECT min(ino) AS home FROM node WHERE kind = 'mountpoint'").get() as { home: Ino | null };
    const isFolder = this.sql('SELECT 1 FROM node WHERE parent = ? LIMIT 1').get(ino) !== undefined;
    const columns = mend(raw, { home: home.home ?? rootIno, kind: isFolder ? 'folder' : 'file' });
    try {
      this.#write(ino, columns);
    } catch {
      // Something else has that name there.
      const name = `unreadable name ${ino}`;
      this.#write(ino, { ...columns, name, key: name });
    }
    this.sql(`UPDATE node SET failure = 'internal' WHERE ino = ? AND ${pendingCondition}`).run(ino);
    this.#onMended(ino, Object.keys(columns));
    const now = this.#selectRaw('SELECT * FROM node WHERE ino = ?', ino)[0];
    // Once: what cannot be mended is left out.
    if (now === undefined || !isWhole(now)) return undefined;
    this.#ensureText(now);
    return toRow(now);
  }

  #write(ino: Ino, columns: Columns): void {
    const names = Object.keys(columns);
    const query = `UPDATE node SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE ino = ?`;
    this.#db.prepare(query).run(...Object.values(columns), ino);
  }

  /** Bytes that are not UTF-8 are read as U+FFFD, and never found by it: from now on the row holds what is shown of it. */
  #ensureText(raw: RawNode): void {
    const texts: Readonly<Record<string, unknown>> = raw;
    for (const column of textColumns) {
      const text = texts[column];
      if (typeof text !== 'string' || !text.includes('\uFFFD')) continue;
      if (this.sql(`SELECT 1 FROM node WHERE ino = ? AND ${column} = ?`).get(raw.ino, text) !== undefined) continue;
      this.sql(`UPDATE OR IGNORE node SET ${column} = ? WHERE ino = ?`).run(text, raw.ino);
      this.#onMended(raw.ino, [column]);
    }
  }
}

/** Numbers beyond what JavaScript tells apart come out as such: `isWhole` finds them. */
function toNumbers(raw: Record<string, unknown>): Record<string, unknown> {
  const convert = ([column, value]: [string, unknown]) => [column, typeof value === 'bigint' ? Number(value) : value];
  return Object.fromEntries(Object.entries(raw).map(convert));
}
