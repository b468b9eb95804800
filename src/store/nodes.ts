import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import { type Columns, isWhole, mend } from './badRows.ts';
import { emptyMd5, storeLimits } from './limits.ts';
import {
  type Ino,
  type LinkState,
  type NodeKind,
  type NodeRow,
  nameKey,
  rootIno,
  type ServerPlace,
  type Synced,
  type Timestamp,
} from './nodeRow.ts';
import { pendingCondition } from './schema.ts';

/** What a node starts with; the database gives the rest. `link` and `target` are null when absent. */
export type NewNode = Omit<NodeRow, 'ino' | 'staging' | 'begun' | 'listedAt' | 'failure' | 'link' | 'target'> &
  Partial<Pick<NodeRow, 'link' | 'target'>>;

/** Where a content was on the server: path as the wire spells it, device first; `revision` null when it has to be looked for. */
export interface FormerPlace {
  readonly path: readonly string[];
  /** Node of the folder, which may be moved from here later. */
  readonly parent?: Ino;
}

/** Contents remembered whose upload's answer never came; a file that is rewritten more often meanwhile is rare. */
const mostSent = 32;

export type NodePatch = Partial<Omit<NodeRow, 'ino' | 'kind'>>;

/**
 * The node table: the single truth of what the mount shows and what the server has. All calls are synchronous and local.
 * Rows are immutable; `update` answers the new one. Group related changes in `transaction`.
 */
export class Nodes {
  readonly #db: DatabaseSync;
  readonly #cache = new LRUCache<Ino, NodeRow>({ max: storeLimits.cachedNodes });
  readonly #statements = new Map<string, StatementSync>();
  /** mtimes of writes that no row tells of yet. */
  readonly #peeked = new Map<Ino, Timestamp>();
  /** Those of them that the open transaction writes: if it fails, no row tells of them after all. */
  readonly #settledTimes = new Map<Ino, Timestamp>();
  readonly #onShown: (row: NodeRow) => void;
  readonly #onMended: (ino: Ino, columns: readonly string[]) => void;
  #depth = 0;

  /** `onMended` hears of a row that could not be read as it was, and of the columns that were made anew. `onShown` hears of every row that came, went, or is shown otherwise than before; transactions may still fail then. */
  constructor(
    db: DatabaseSync,
    onShown: (row: NodeRow) => void = () => {},
    onMended: (ino: Ino, columns: readonly string[]) => void = () => {},
  ) {
    this.#db = db;
    this.#onShown = onShown;
    this.#onMended = onMended;
  }

  get(ino: Ino): NodeRow | undefined {
    const cached = this.#cache.get(ino);
    if (cached !== undefined) return cached;
    return this.#selectOne('SELECT * FROM node WHERE ino = ?', ino);
  }

  /** The live child under any spelling of `name`. */
  getChild(parent: Ino, name: string): NodeRow | undefined {
    return this.#selectOne('SELECT * FROM node WHERE parent = ? AND key = ?', parent, nameKey(name));
  }

  /** In order of ino. A folder shown again and again is read from memory: finding its inos costs a tenth of reading its rows. */
  getChildren(parent: Ino): NodeRow[] {
    const found = this.#sql('SELECT ino FROM node WHERE parent = ? ORDER BY ino').all(parent) as { ino: Ino }[];
    const inMemory = found.filter(({ ino }) => this.#cache.has(ino)).length;
    if (inMemory * 2 < found.length) {
      return this.#rows(this.#select('SELECT * FROM node WHERE parent = ? ORDER BY ino', parent));
    }
    return found.map(({ ino }) => this.get(ino)).filter((row) => row !== undefined);
  }

  /** Children that may be shown as symbolic links. */
  getLinks(parent: Ino): NodeRow[] {
    return this.#rows(this.#select('SELECT * FROM node WHERE parent = ? AND link IS NOT NULL', parent));
  }

  hasChildren(parent: Ino): boolean {
    return this.#sql('SELECT 1 FROM node WHERE parent = ? LIMIT 1').get(parent) !== undefined;
  }

  /** The node that the server holds at this place, whatever its local place. */
  getSyncedChild(parent: Ino, name: string): NodeRow | undefined {
    return this.#selectOne('SELECT * FROM node WHERE sParent = ? AND sKey = ?', parent, nameKey(name));
  }

  /** The node whose push, of unknown outcome, was to end at this place. */
  getBegunChild(parent: Ino, name: string): NodeRow | undefined {
    return this.#selectOne('SELECT * FROM node WHERE bParent = ? AND bKey = ?', parent, nameKey(name));
  }

  /** Is a push of unknown outcome to end in this folder? */
  hasBegunChildren(parent: Ino): boolean {
    return this.#sql('SELECT 1 FROM node WHERE bParent = ? LIMIT 1').get(parent) !== undefined;
  }

  getSyncedChildren(parent: Ino): NodeRow[] {
    return this.#rows(this.#select('SELECT * FROM node WHERE sParent = ?', parent));
  }

  /** Any node whose server content is `md5`: a place to download it from. */
  getHolder(md5: string): NodeRow | undefined {
    return this.#selectOne('SELECT * FROM node WHERE sMd5 = ? LIMIT 1', md5);
  }

  /** Every node whose server content is `md5`. */
  getHolders(md5: string): NodeRow[] {
    return this.#rows(this.#select('SELECT * FROM node WHERE sMd5 = ?', md5));
  }

  /** Live nodes, oldest first, with `part` anywhere in their names, whatever its case. Looks at all of them. */
  findByName(part: string, limit: number): NodeRow[] {
    const query = 'SELECT * FROM node WHERE parent IS NOT NULL AND localOnly = 0 AND instr(key, ?) > 0 LIMIT ?';
    return this.#rows(this.#select(query, nameKey(part), limit));
  }

  /** The node whose newest content is in this staging file. Looks at all of them. */
  findByStaging(id: string): NodeRow | undefined {
    return this.#selectOne('SELECT * FROM node WHERE staging = ?', id);
  }

  /** Live files of this content that the server does not have yet. */
  getUnsyncedCopies(md5: string): NodeRow[] {
    const query =
      'SELECT * FROM node INDEXED BY wanted WHERE sParent IS NULL AND parent IS NOT NULL AND localOnly = 0 AND staging IS NULL AND md5 IS NOT sMd5 AND md5 = ?';
    return this.#rows(this.#select(query, md5));
  }

  /** Does a live file wait to be pushed with this content, which only the server may still hold? */
  isWanted(md5: string): boolean {
    const query =
      'SELECT 1 FROM node INDEXED BY wanted WHERE parent IS NOT NULL AND localOnly = 0 AND staging IS NULL AND md5 IS NOT sMd5 AND md5 = ? LIMIT 1';
    return this.#sql(query).get(md5) !== undefined;
  }

  /** What was unlinked while open and its last close never came lets its bytes go. */
  purgeOrphans(): void {
    this.transaction(() => {
      this.#sql('DELETE FROM node WHERE parent IS NULL AND sParent IS NULL AND bParent IS NULL AND ino <> 1').run();
      this.#sql(
        'UPDATE node SET staging = NULL, md5 = coalesce(sMd5, ?) WHERE parent IS NULL AND staging IS NOT NULL',
      ).run(emptyMd5);
    });
    this.#cache.clear();
  }

  /** The same nodes as `getPending` tells, without their rows: answered from the index alone. */
  getPendingInos(afterIno: Ino, limit: number): Ino[] {
    const query = `SELECT ino FROM node INDEXED BY pending WHERE ${pendingCondition} AND ino > ? ORDER BY ino LIMIT ?`;
    return this.#sql(query)
      .all(afterIno, limit)
      .map(({ ino }) => Number(ino));
  }

  /** Nodes whose local and synced sides differ, oldest first, after `afterIno`. */
  getPending(afterIno: Ino, limit: number): NodeRow[] {
    const query = `SELECT * FROM node INDEXED BY pending WHERE ${pendingCondition} AND ino > ? ORDER BY ino LIMIT ?`;
    return this.#rows(this.#select(query, afterIno, limit));
  }

  countPending(): { pending: number; failed: number } {
    const query = `SELECT count(*) AS pending, count(failure) AS failed FROM node INDEXED BY pending WHERE ${pendingCondition}`;
    return this.#sql(query).get() as { pending: number; failed: number };
  }

  /** Refused changes, oldest first; all of them without `limit`. */
  getFailed(limit = -1): NodeRow[] {
    const query = `SELECT * FROM node INDEXED BY pending WHERE failure IS NOT NULL AND ${pendingCondition} ORDER BY ino LIMIT ?`;
    return this.#rows(this.#select(query, limit));
  }

  insert(node: NewNode): NodeRow {
    const columns = { kind: node.kind, ...localColumns(node), ...syncedColumns(node.synced) };
    const names = Object.keys(columns);
    const query = `INSERT INTO node(${names.join(',')}) VALUES (${names.map(() => '?').join(',')}) RETURNING *`;
    const row = this.#remember(this.#sql(query).get(...Object.values(columns)));
    if (row === undefined) throw new Error('insert answered no row');
    this.#onShown(row);
    return row;
  }

  update(ino: Ino, patch: NodePatch): NodeRow {
    const before = this.#cache.peek(ino);
    const { synced, begun, ...local } = patch;
    const columns = {
      ...localColumns(local),
      ...(synced === undefined ? {} : syncedColumns(synced)),
      ...(begun === undefined ? {} : begunColumns(begun)),
    };
    const query = `UPDATE node SET ${Object.keys(columns)
      .map((name) => `${name} = ?`)
      .join(', ')} WHERE ino = ? RETURNING *`;
    const [raw] = this.#select(query, ...Object.values(columns), ino);
    if (patch.mtime !== undefined) this.#forgetTime(ino);
    const row = this.#remember(raw);
    if (row === undefined) throw new Error(`no node ${ino}`);
    if (before === undefined || looksOther(before, row)) this.#onShown(row);
    return row;
  }

  /** Shows a new mtime, and a ctime not before it, before the next `update` writes it: a write is not worth a transaction of its own. */
  peekTime(ino: Ino, mtime: Timestamp): void {
    this.#peeked.set(ino, mtime);
    this.#cache.delete(ino);
  }

  remove(ino: Ino): void {
    const row = this.get(ino);
    if (row !== undefined) this.#onShown(row);
    this.#cache.delete(ino);
    this.#sql('DELETE FROM node WHERE ino = ?').run(ino);
    this.#forgetTime(ino);
  }

  #forgetTime(ino: Ino): void {
    const time = this.#peeked.get(ino);
    if (time === undefined) return;
    this.#peeked.delete(ino);
    if (this.#depth > 0) this.#settledTimes.set(ino, time);
  }

  /** All or nothing; nests by joining the outer one. */
  transaction<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.#db.exec('BEGIN IMMEDIATE');
    this.#depth += 1;
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      this.#cache.clear();
      for (const [ino, time] of this.#settledTimes) this.#peeked.set(ino, time);
      // A full disk may have rolled back by itself; the first error is the one to tell.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    } finally {
      this.#depth -= 1;
      this.#settledTimes.clear();
    }
  }

  getMeta(key: string): string | undefined {
    return (this.#sql('SELECT value FROM meta WHERE key = ?').get(key) as { value: string } | undefined)?.value;
  }

  setMeta(key: string, value: string): void {
    this.#sql('INSERT INTO meta(key, value) VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value').run(
      key,
      value,
    );
  }

  /** Remembers a content whose upload was begun for a node, until an outcome is known; over a crash too. */
  addSent(ino: Ino, md5: string): void {
    const all = [...this.getSent(ino).filter((known) => known !== md5), md5];
    this.setMeta(`sent.${ino}`, JSON.stringify(all.slice(-mostSent)));
  }

  /** Uploads that were begun belong to a place on the server: they go with its synced side. */
  swapSent(a: Ino, b: Ino): void {
    const [ofA, ofB] = [this.getSent(a), this.getSent(b)];
    this.clearSent(a);
    this.clearSent(b);
    for (const md5 of ofA) this.addSent(b, md5);
    for (const md5 of ofB) this.addSent(a, md5);
  }

  clearSent(ino: Ino): void {
    this.#sql('DELETE FROM meta WHERE key = ?').run(`sent.${ino}`);
  }

  /** Oldest first. */
  getSent(ino: Ino): string[] {
    const text = this.getMeta(`sent.${ino}`);
    const parsed = text === undefined ? undefined : tryParse(text);
    return Array.isArray(parsed) ? parsed.filter((md5) => typeof md5 === 'string') : [];
  }

  /** Remembers where a superseded content can still be had: the base of an edit that was set aside. */
  setFormerPlace(md5: string, place: FormerPlace): void {
    this.setMeta(`base.${md5}`, JSON.stringify(place));
  }

  getFormerPlace(md5: string): FormerPlace | undefined {
    const text = this.getMeta(`base.${md5}`);
    const parsed = text === undefined ? undefined : (tryParse(text) as Partial<FormerPlace> | undefined);
    return Array.isArray(parsed?.path) ? (parsed as FormerPlace) : undefined;
  }

  /** Forgets the former places of contents that no unsent edit rests on, no live file is to be pushed with, and `isRead` denies. */
  pruneFormerPlaces(isRead: (md5: string) => boolean): void {
    const query = `SELECT substr(key, 6) AS md5 FROM meta WHERE key GLOB 'base.*'
      AND substr(key, 6) NOT IN (SELECT baseMd5 FROM staging WHERE baseMd5 IS NOT NULL)`;
    const unneeded = this.#sql(query)
      .all()
      .map(({ md5 }) => String(md5))
      .filter((md5) => !this.isWanted(md5) && !isRead(md5));
    if (unneeded.length === 0) return;
    this.transaction(() => {
      for (const md5 of unneeded) this.#sql('DELETE FROM meta WHERE key = ?').run(`base.${md5}`);
    });
  }

  /** Every row of a query, with numbers that JavaScript cannot hold too: such a row is mended. */
  #select(query: string, ...given: SQLInputValue[]): unknown[] {
    const statement = this.#sql(query);
    try {
      return statement.all(...given);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_OUT_OF_RANGE') throw error;
    }
    statement.setReadBigInts(true);
    try {
      return statement.all(...given).map(toNumbers);
    } finally {
      statement.setReadBigInts(false);
    }
  }

  #selectOne(query: string, ...given: SQLInputValue[]): NodeRow | undefined {
    return this.#remember(this.#select(query, ...given)[0]);
  }

  #sql(query: string): StatementSync {
    let statement = this.#statements.get(query);
    if (statement === undefined) {
      statement = this.#db.prepare(query);
      this.#statements.set(query, statement);
    }
    return statement;
  }

  /**
   * A row that no version of the program wrote: a broken disk, or a fault of ours. It must not stop what reads it. What is
   * pending of it is set aside as a failed change, so that a person looks before anything is sent.
   */
  #mend(raw: RawNode): NodeRow | undefined {
    const { ino } = raw;
    if (!Number.isSafeInteger(ino)) return undefined;
    const home = this.#sql("SELECT min(ino) AS home FROM node WHERE kind = 'mountpoint'").get() as { home: Ino | null };
    const columns = mend({ ...raw }, { home: home.home ?? rootIno, kind: this.hasChildren(ino) ? 'folder' : 'file' });
    const write = (given: Columns) => {
      const names = Object.keys(given);
      const query = `UPDATE node SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE ino = ?`;
      this.#sql(query).run(...Object.values(given), ino);
    };
    try {
      write(columns);
    } catch {
      // Something else has that name there.
      const name = `unreadable name ${ino}`;
      write({ ...columns, name, key: name });
    }
    this.#sql(`UPDATE node SET failure = 'internal' WHERE ino = ? AND ${pendingCondition}`).run(ino);
    this.#onMended(ino, Object.keys(columns));
    const now = this.#select('SELECT * FROM node WHERE ino = ?', ino)[0];
    // Once: what cannot be mended is left out.
    return now !== undefined && isWhole(now as Readonly<Record<string, unknown>>) ? this.#remember(now) : undefined;
  }

  /** Bytes that are not UTF-8 are read as U+FFFD, and never found by it: from now on the row holds what is shown of it. */
  #ensureText(raw: Readonly<Record<string, unknown>>): void {
    if (!textColumns.some((column) => String(raw[column]).includes('\uFFFD'))) return;
    const ino = Number(raw.ino);
    for (const column of textColumns) {
      const text = raw[column];
      if (typeof text !== 'string' || !text.includes('\uFFFD')) continue;
      if (this.#sql(`SELECT 1 FROM node WHERE ino = ? AND ${column} = ?`).get(ino, text) !== undefined) continue;
      this.#sql(`UPDATE OR IGNORE node SET ${column} = ? WHERE ino = ?`).run(text, ino);
      this.#onMended(ino, [column]);
    }
  }

  #rows(raw: unknown[]): NodeRow[] {
    return raw.map((each) => this.#remember(each)).filter((row) => row !== undefined);
  }

  #remember(raw: unknown): NodeRow | undefined {
    if (raw === undefined) return undefined;
    if (!isWhole(raw as Readonly<Record<string, unknown>>)) return this.#mend(raw as RawNode);
    this.#ensureText(raw as Readonly<Record<string, unknown>>);
    const stored = toRow(raw as RawNode);
    const mtime = this.#peeked.get(stored.ino);
    const row = mtime === undefined ? stored : { ...stored, mtime, ctimeMs: Math.max(stored.ctimeMs, toMs(mtime)) };
    this.#cache.set(row.ino, row);
    return row;
  }
}

const textColumns = ['name', 'key', 'sName', 'sKey', 'sWire', 'bName', 'bKey', 'bWire'] as const;

/** What is no JSON counts as not there: each of these facts only spares a request, or a question. */
function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Numbers beyond what JavaScript tells apart come out as such: `isWhole` finds them. */
function toNumbers(raw: Record<string, unknown>): Record<string, unknown> {
  const convert = ([column, value]: [string, unknown]) => [column, typeof value === 'bigint' ? Number(value) : value];
  return Object.fromEntries(Object.entries(raw).map(convert));
}

/** Would a listing show the one otherwise than the other? Its times of listing and its revision are not shown. */
function looksOther(a: NodeRow, b: NodeRow): boolean {
  const shown = ['parent', 'name', 'size', 'md5', 'staging', 'failure', 'localOnly', 'link'] as const;
  if (shown.some((column) => a[column] !== b[column])) return true;
  return a.mtime.sec !== b.mtime.sec || a.mtime.nsec !== b.mtime.nsec || isSent(a) !== isSent(b);
}

/** Does the server hold it, as far as known? */
function isSent({ kind, synced }: NodeRow): boolean {
  return synced !== null && (kind !== 'file' || synced.md5 !== null);
}

function toMs({ sec, nsec }: Timestamp): number {
  return sec * 1000 + Math.floor(nsec / 1_000_000);
}

interface RawNode {
  ino: number;
  kind: NodeKind;
  parent: number | null;
  name: string;
  size: number;
  mtimeSec: number;
  mtimeNsec: number;
  ctimeMs: number;
  mode: number;
  md5: string | null;
  staging: string | null;
  localOnly: number;
  link: LinkState;
  target: string | null;
  sParent: number | null;
  sName: string;
  sWire: string;
  sMd5: string | null;
  sSize: number;
  sMtime: number;
  sRevision: number | null;
  sUuid: string | null;
  bParent: number | null;
  bName: string;
  bWire: string;
  listedAt: number | null;
  failure: string | null;
}

function toRow(raw: RawNode): NodeRow {
  const synced: Synced | null =
    raw.sParent === null
      ? null
      : {
          parent: raw.sParent,
          name: raw.sName,
          wire: raw.sWire,
          md5: raw.sMd5,
          size: raw.sSize,
          mtime: raw.sMtime,
          revision: raw.sRevision,
          uuid: raw.sUuid,
        };
  return {
    ino: raw.ino,
    kind: raw.kind,
    parent: raw.parent,
    name: raw.name,
    size: raw.size,
    mtime: { sec: raw.mtimeSec, nsec: raw.mtimeNsec },
    ctimeMs: raw.ctimeMs,
    mode: raw.mode,
    md5: raw.md5,
    staging: raw.staging,
    localOnly: raw.localOnly !== 0,
    link: raw.link,
    target: raw.target,
    synced,
    begun: raw.bParent === null ? null : { parent: raw.bParent, name: raw.bName, wire: raw.bWire },
    listedAt: raw.listedAt,
    failure: raw.failure,
  };
}

function localColumns(patch: Omit<NodePatch, 'synced' | 'begun'>): Record<string, SQLInputValue> {
  const columns: Record<string, SQLInputValue> = {};
  if (patch.parent !== undefined) columns.parent = patch.parent;
  if (patch.name !== undefined) {
    columns.name = patch.name;
    columns.key = nameKey(patch.name);
  }
  if (patch.size !== undefined) columns.size = patch.size;
  if (patch.mtime !== undefined) {
    columns.mtimeSec = patch.mtime.sec;
    columns.mtimeNsec = patch.mtime.nsec;
  }
  if (patch.ctimeMs !== undefined) columns.ctimeMs = Math.trunc(patch.ctimeMs);
  if (patch.mode !== undefined) columns.mode = patch.mode;
  if (patch.md5 !== undefined) columns.md5 = patch.md5;
  if (patch.staging !== undefined) columns.staging = patch.staging;
  if (patch.localOnly !== undefined) columns.localOnly = patch.localOnly ? 1 : 0;
  if (patch.link !== undefined) columns.link = patch.link;
  if (patch.target !== undefined) columns.target = patch.target;
  if (patch.listedAt !== undefined) columns.listedAt = patch.listedAt;
  if (patch.failure !== undefined) columns.failure = patch.failure;
  return columns;
}

function syncedColumns(synced: Synced | null): Record<string, SQLInputValue> {
  return {
    sParent: synced?.parent ?? null,
    sName: synced?.name ?? null,
    sKey: synced === null ? null : nameKey(synced.name),
    sWire: synced?.wire ?? null,
    sMd5: synced?.md5 ?? null,
    sSize: synced?.size ?? null,
    sMtime: synced?.mtime ?? null,
    sRevision: synced?.revision ?? null,
    sUuid: synced?.uuid ?? null,
  };
}

function begunColumns(begun: ServerPlace | null): Record<string, SQLInputValue> {
  return {
    bParent: begun?.parent ?? null,
    bName: begun?.name ?? null,
    bKey: begun === null ? null : nameKey(begun.name),
    bWire: begun?.wire ?? null,
  };
}
