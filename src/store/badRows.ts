import type { SQLInputValue } from 'node:sqlite';
import { nameKey } from '../base/nameKey.ts';

type Raw = Readonly<Record<string, unknown>>;
export type Columns = Record<string, SQLInputValue>;

const kinds: ReadonlySet<unknown> = new Set(['root', 'device', 'mountpoint', 'folder', 'file']);
const links: ReadonlySet<unknown> = new Set(['own', 'foreign', 'file', 'new', null]);
const defaultMode = 0o644;

const isInteger = Number.isSafeInteger;
const isCount = (value: unknown) => isInteger(value) && (value as number) >= 0;
const isText = (value: unknown) => typeof value === 'string';
const isTextOrNull = (value: unknown) => value === null || typeof value === 'string';

/** Is every column what the program once wrote? Asked of each row that is read. */
export function isWhole(raw: Raw): boolean {
  return hasContent(raw) && hasPlace(raw) && hasSynced(raw) && hasBegun(raw);
}

function hasContent(raw: Raw): boolean {
  if (!isCount(raw.size) || !isInteger(raw.mtimeSec) || !isCount(raw.mtimeNsec) || !isInteger(raw.ctimeMs))
    return false;
  if (!isCount(raw.mode) || !isInteger(raw.localOnly) || !isTextOrNull(raw.md5) || !isTextOrNull(raw.staging))
    return false;
  if (!isCount(raw.unusable)) return false;
  return (raw.listedAt === null || isInteger(raw.listedAt)) && isTextOrNull(raw.failure) && links.has(raw.link);
}

function hasPlace(raw: Raw): boolean {
  return kinds.has(raw.kind) && isText(raw.name) && raw.parent !== raw.ino && isParent(raw.parent);
}

function hasSynced(raw: Raw): boolean {
  if (raw.sParent === null) return true;
  if (!isParent(raw.sParent) || raw.sParent === raw.ino || !isText(raw.sName) || !isText(raw.sWire)) return false;
  if (!isTextOrNull(raw.sMd5) || !isCount(raw.sSize) || !isInteger(raw.sMtime) || !isTextOrNull(raw.sUuid))
    return false;
  return raw.sRevision === null || isInteger(raw.sRevision);
}

function hasBegun(raw: Raw): boolean {
  if (raw.bParent === null) return true;
  return isParent(raw.bParent) && raw.bParent !== raw.ino && isText(raw.bName) && isText(raw.bWire);
}

function isParent(value: unknown): boolean {
  return value === null || isInteger(value);
}

/** Where a row goes whose place cannot be told, and what it is when its kind cannot. */
export interface MendContext {
  readonly home: number;
  readonly kind: 'folder' | 'file';
}

/**
 * Columns that make a row whole again: each that is not is what the server is known to have, else what a new node has. Without a
 * whole synced side the node counts as never sent: the upload looks at the server first, and loses nothing there.
 */
export function mend(raw: Raw, { home, kind }: MendContext): Columns {
  const synced = hasSynced(raw) && raw.sParent !== null ? raw : undefined;
  const columns: Columns = {};
  const keep = (column: string, isGood: boolean, instead: SQLInputValue) => {
    if (!isGood) columns[column] = instead;
  };
  keep('kind', kinds.has(raw.kind), kind);
  const isPlaced = isParent(raw.parent) && raw.parent !== raw.ino;
  keep('parent', isPlaced, (synced?.sParent as number | undefined) ?? home);
  if (!isText(raw.name)) columns.name = (synced?.sName as string | undefined) ?? `unreadable name ${String(raw.ino)}`;
  if (columns.name !== undefined) columns.key = nameKey(String(columns.name));
  keep('size', isCount(raw.size), (synced?.sSize as number | undefined) ?? 0);
  keep('mtimeSec', isInteger(raw.mtimeSec), (synced?.sMtime as number | undefined) ?? 0);
  keep('mtimeNsec', isCount(raw.mtimeNsec), 0);
  keep('ctimeMs', isInteger(raw.ctimeMs), 0);
  keep('mode', isCount(raw.mode), defaultMode);
  keep('localOnly', isInteger(raw.localOnly), 0);
  keep('md5', isTextOrNull(raw.md5), (synced?.sMd5 as string | undefined) ?? null);
  keep('staging', isTextOrNull(raw.staging), null);
  keep('link', links.has(raw.link), null);
  keep('listedAt', raw.listedAt === null || isInteger(raw.listedAt), null);
  keep('unusable', isCount(raw.unusable), 0);
  keep('failure', isTextOrNull(raw.failure), null);
  if (!hasSynced(raw))
    Object.assign(columns, unset('s', ['Parent', 'Name', 'Key', 'Wire', 'Md5', 'Size', 'Mtime', 'Revision', 'Uuid']));
  if (!hasBegun(raw)) Object.assign(columns, unset('b', ['Parent', 'Name', 'Key', 'Wire']));
  return columns;
}

function unset(side: string, columns: readonly string[]): Columns {
  return Object.fromEntries(columns.map((column) => [side + column, null]));
}
