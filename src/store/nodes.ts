import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { emptyMd5 } from '../base/emptyMd5.ts';
import { nameKey } from '../base/nameKey.ts';
import { parseSearch } from '../base/nameSearch.ts';
import { Recent } from '../base/recent.ts';
import { ChildIndex, type Names } from './childIndex.ts';
import { Facts } from './facts.ts';
import { storeLimits } from './limits.ts';
import { bitsOf, getChanged, looksOther, toStored } from './nodeColumns.ts';
import type { Ino, NodeRow, Timestamp } from './nodeRow.ts';
import { NodeTable } from './nodeTable.ts';
import { PeekedTimes } from './peekedTimes.ts';
import { pendingCondition } from './schema.ts';

/** A new node begins with this. */
const empty = { staging: null, pendingTarget: null, listedAt: null, unusable: 0, failure: null } as const;

/** What a node starts with beside that. `link` and `target` are null when absent. */
export type NewNode = Omit<NodeRow, 'ino' | keyof typeof empty | 'link' | 'target'> &
  Partial<Pick<NodeRow, 'link' | 'target'>>;

export type NodePatch = Partial<Omit<NodeRow, 'ino' | 'kind'>>;

const times = bitsOf('mtime', 'ctimeMs');

/**
 * The node table: the single truth of what the mount shows and what the server has. All calls are synchronous and local.
 * Rows are immutable; `update` answers the new one. Group related changes in `transaction`. What was asked for lately is
 * answered from memory, which every change goes through.
 */
export class Nodes {
  readonly facts: Facts;
  readonly #db: DatabaseSync;
  readonly #table: NodeTable;
  readonly #rows = new Recent<Ino, NodeRow>(storeLimits.cachedNodes);
  readonly #children = new ChildIndex(storeLimits.cachedNames);
  readonly #peeked = new PeekedTimes();
  readonly #onShown: (row: NodeRow) => void;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  #depth = 0;

  /** `onMended` hears of a row that could not be read as it was, and of the columns that were made anew. `onShown` hears of every row that came, went, or is shown otherwise than before; transactions may still fail then. */
  constructor(
    db: DatabaseSync,
    onShown: (row: NodeRow) => void = () => {},
    onMended: (ino: Ino, columns: readonly string[]) => void = () => {},
  ) {
    this.facts = new Facts(db);
    this.#db = db;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#table = new NodeTable(db, (ino, columns) => {
      this.#children.clear();
      onMended(ino, columns);
    });
    this.#onShown = onShown;
  }

  get(ino: Ino): NodeRow | undefined {
    return this.#rows.get(ino) ?? this.#selectOne('SELECT * FROM node WHERE ino = ?', ino);
  }

  /** The live child under any spelling of `name`. */
  getChild(parent: Ino, name: string): NodeRow | undefined {
    const ino = this.#names(parent).get(nameKey(name));
    return ino === undefined ? undefined : this.get(ino);
  }

  /** In order of ino. */
  getChildren(parent: Ino): NodeRow[] {
    const inos = [...this.#names(parent).values()].sort((a, b) => a - b);
    return this.#getAll(inos, 'SELECT * FROM node WHERE parent = ? ORDER BY ino', parent).filter(
      (row) => row.parent === parent,
    );
  }

  /** Children that may be shown as symbolic links. */
  getLinks(parent: Ino): NodeRow[] {
    return this.#select('SELECT * FROM node WHERE parent = ? AND link IS NOT NULL', parent);
  }

  /** All links that were made elsewhere. */
  getForeignLinks(): NodeRow[] {
    return this.#select("SELECT * FROM node INDEXED BY foreignLinks WHERE link = 'foreign'");
  }

  hasChildren(parent: Ino): boolean {
    return this.#table.sql('SELECT 1 FROM node WHERE parent = ? LIMIT 1').get(parent) !== undefined;
  }

  /** The node that the server holds at this place, whatever its local place. */
  getSyncedChild(parent: Ino, name: string): NodeRow | undefined {
    return this.#selectOne('SELECT * FROM node WHERE sParent = ? AND sKey = ?', parent, nameKey(name));
  }

  /** The node whose push, of unknown outcome, was to end at this place. */
  getPendingChild(parent: Ino, name: string): NodeRow | undefined {
    return this.#selectOne('SELECT * FROM node WHERE bParent = ? AND bKey = ?', parent, nameKey(name));
  }

  /** Is a push of unknown outcome to end in this folder? */
  hasBegunChildren(parent: Ino): boolean {
    return this.#table.sql('SELECT 1 FROM node WHERE bParent = ? LIMIT 1').get(parent) !== undefined;
  }

  getSyncedChildren(parent: Ino): NodeRow[] {
    const found = this.#table.sql('SELECT ino FROM node WHERE sParent = ?').all(parent) as { ino: Ino }[];
    const inos = found.map(({ ino }) => ino);
    return this.#getAll(inos, 'SELECT * FROM node WHERE sParent = ?', parent);
  }

  /** Any node whose server content is `md5`: a place to download it from. */
  getHolder(md5: string): NodeRow | undefined {
    return this.#selectOne('SELECT * FROM node WHERE sMd5 = ? LIMIT 1', md5);
  }

  /** Every node whose server content is `md5`. */
  getHolders(md5: string): NodeRow[] {
    return this.#select('SELECT * FROM node WHERE sMd5 = ?', md5);
  }

  /** Live nodes, oldest first, with all words of `text` in their names (base/nameSearch.ts). Looks at all of them. */
  findByName(text: string, limit: number): NodeRow[] {
    // `%` and `_` in a name are themselves.
    const escapeLike = (piece: string) => piece.replace(/[\\%_]/g, '\\$&');
    const patterns = parseSearch(text).map((pieces) => `%${pieces.map(escapeLike).join('%')}%`);
    const holds = patterns.map(() => "AND key LIKE ? ESCAPE '\\'").join(' ');
    const query = `SELECT * FROM node WHERE parent IS NOT NULL AND localOnly = 0 ${holds} LIMIT ?`;
    return this.#select(query, ...patterns, limit);
  }

  /** The node whose newest content is in this staging file. Looks at all of them. */
  findByStaging(id: string): NodeRow | undefined {
    return this.#selectOne('SELECT * FROM node WHERE staging = ?', id);
  }

  /** Live files of this content that the server does not have yet. */
  getUnsyncedCopies(md5: string): NodeRow[] {
    const query =
      'SELECT * FROM node INDEXED BY wanted WHERE sParent IS NULL AND parent IS NOT NULL AND localOnly = 0 AND staging IS NULL AND md5 IS NOT sMd5 AND md5 = ?';
    return this.#select(query, md5);
  }

  /** Does a live file wait to be pushed with this content, which only the server may still hold? */
  isWanted(md5: string): boolean {
    const query =
      'SELECT 1 FROM node INDEXED BY wanted WHERE parent IS NOT NULL AND localOnly = 0 AND staging IS NULL AND md5 IS NOT sMd5 AND md5 = ? LIMIT 1';
    return this.#table.sql(query).get(md5) !== undefined;
  }

  /** Gives up the bytes of files that were unlinked while open and whose last close never came. */
  purgeOrphans(): void {
    this.transaction(() => {
      this.#db.exec(
        'DELETE FROM node INDEXED BY removed WHERE parent IS NULL AND sParent IS NULL AND bParent IS NULL AND ino <> 1',
      );
      this.#db
        .prepare(
          'UPDATE node INDEXED BY removed SET staging = NULL, md5 = coalesce(sMd5, ?) WHERE parent IS NULL AND staging IS NOT NULL',
        )
        .run(emptyMd5);
    });
    this.#forgetAll();
  }

  /** The same nodes as `getPending` tells, without their rows: answered from the index alone. */
  getPendingInos(afterIno: Ino, limit: number): Ino[] {
    const query = `SELECT ino FROM node INDEXED BY pending WHERE ${pendingCondition} AND ino > ? ORDER BY ino LIMIT ?`;
    return this.#table
      .sql(query)
      .all(afterIno, limit)
      .map(({ ino }) => Number(ino));
  }

  /** Nodes whose local and synced sides differ, oldest first, after `afterIno`. */
  getPending(afterIno: Ino, limit: number): NodeRow[] {
    const query = `SELECT * FROM node INDEXED BY pending WHERE ${pendingCondition} AND ino > ? ORDER BY ino LIMIT ?`;
    return this.#select(query, afterIno, limit);
  }

  countPending(): { pending: number; failed: number } {
    const query = `SELECT count(*) AS pending, count(failure) AS failed FROM node INDEXED BY pending WHERE ${pendingCondition}`;
    return this.#table.sql(query).get() as { pending: number; failed: number };
  }

  /** Refused changes, oldest first; all of them without `limit`. */
  getFailed(limit = -1): NodeRow[] {
    const query = `SELECT * FROM node INDEXED BY failed WHERE failure IS NOT NULL AND ${pendingCondition} ORDER BY ino LIMIT ?`;
    return this.#select(query, limit);
  }

  insert(node: NewNode): NodeRow {
    const stored = toStored({ link: null, target: null, ...node, ...empty });
    const row: NodeRow = { ...stored, ino: this.#table.insert(node.kind, stored) };
    this.#rows.set(row.ino, row);
    this.#children.add(row.parent, nameKey(row.name), row.ino);
    this.#onShown(row);
    return row;
  }

  /** Writes only what differs from the row. */
  update(ino: Ino, patch: NodePatch): NodeRow {
    const before = this.get(ino);
    if (before === undefined) throw new Error(`no node ${ino}`);
    const row = { ...before, ...toStored(patch) };
    const settles = patch.mtime !== undefined && this.#peeked.has(ino);
    const changed = getChanged(before, row) | (settles ? times : 0);
    if (changed === 0) return before;
    this.#table.update(ino, changed, row);
    if (settles) this.#peeked.settle(ino, this.#depth > 0);
    this.#rows.set(ino, row);
    if (before.parent !== row.parent || before.name !== row.name) {
      this.#children.remove(before.parent, nameKey(before.name));
      this.#children.add(row.parent, nameKey(row.name), ino);
    }
    if (looksOther(before, row)) this.#onShown(row);
    return row;
  }

  /** Shows a new mtime, and a ctime not before it, before the next `update` writes it: a write is not worth a transaction of its own. */
  peekTime(ino: Ino, mtime: Timestamp): void {
    this.#peeked.set(ino, mtime);
    const row = this.#rows.get(ino);
    if (row !== undefined) this.#rows.set(ino, this.#peeked.show(row));
  }

  remove(ino: Ino): void {
    const row = this.get(ino);
    this.#table.sql('DELETE FROM node WHERE ino = ?').run(ino);
    this.#rows.delete(ino);
    this.#peeked.settle(ino, this.#depth > 0);
    if (row === undefined) return;
    this.#children.remove(row.parent, nameKey(row.name));
    this.#onShown(row);
  }

  /** All or nothing; nests by joining the outer one. */
  transaction<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.#begin.run();
    this.#depth += 1;
    try {
      const result = work();
      this.#commit.run();
      return result;
    } catch (error) {
      this.#forgetAll();
      this.#peeked.restore();
      // A full disk may have rolled back by itself; the first error is the one to tell.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    } finally {
      this.#depth -= 1;
      this.#peeked.end();
    }
  }

  /** Forgets the former places of contents that no unsent edit rests on, no live file is to be pushed with, and `isRead` denies. */
  pruneFormerPlaces(isRead: (md5: string) => boolean): void {
    const unneeded = this.facts.listFormerContents().filter((md5) => !this.isWanted(md5) && !isRead(md5));
    if (unneeded.length === 0) return;
    this.transaction(() => {
      for (const md5 of unneeded) this.facts.clearFormerPlace(md5);
    });
  }

  #names(parent: Ino): Names {
    const known = this.#children.get(parent);
    if (known !== undefined) return known;
    const found = this.#table.sql('SELECT key, ino FROM node WHERE parent = ?').all(parent);
    return this.#children.fill(
      parent,
      found.map(({ key, ino }) => [String(key), Number(ino)]),
    );
  }

  /** Rows that are mostly in memory come from there; `query` finds the same all at once. */
  #getAll(inos: readonly Ino[], query: string, ...given: SQLInputValue[]): NodeRow[] {
    const inMemory = inos.filter((ino) => this.#rows.has(ino)).length;
    if (inMemory * 2 < inos.length) return this.#select(query, ...given);
    return inos.map((ino) => this.get(ino)).filter((row) => row !== undefined);
  }

  #select(query: string, ...given: SQLInputValue[]): NodeRow[] {
    return this.#table.select(query, ...given).map((row) => this.#remember(row));
  }

  #selectOne(query: string, ...given: SQLInputValue[]): NodeRow | undefined {
    const [row] = this.#table.select(query, ...given);
    return row === undefined ? undefined : this.#remember(row);
  }

  #remember(stored: NodeRow): NodeRow {
    const row = this.#peeked.show(stored);
    this.#rows.set(row.ino, row);
    return row;
  }

  #forgetAll(): void {
    this.#rows.clear();
    this.#children.clear();
  }
}
