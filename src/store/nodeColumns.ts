import type { SQLInputValue } from 'node:sqlite';
import { nameKey } from '../base/nameKey.ts';
import type { LinkState, NodeKind, NodeRow, ServerPlace, Synced } from './nodeRow.ts';

/** A row as the database has it; `key`, `sKey` and `bKey` are left out, they are `nameKey` of the name before each. */
export type RawNode = {
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
  unusable: number;
  failure: string | null;
};

export function toRow(raw: RawNode): NodeRow {
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
    pendingTarget: raw.bParent === null ? null : { parent: raw.bParent, name: raw.bName, wire: raw.bWire },
    listedAt: raw.listedAt,
    unusable: raw.unusable,
    failure: raw.failure,
  };
}

/** The columns of a node that can change. */
export type Changeable = Omit<NodeRow, 'ino' | 'kind'>;
type Field = keyof Changeable;

/** The columns that hold one field, and how its value is spread over them. */
interface Columns<Value> {
  readonly names: readonly string[];
  readonly write: (value: Value) => readonly SQLInputValue[];
  /** Compares by value; `===` when absent. */
  readonly same?: (a: Value, b: Value) => boolean;
}

const own = <Value extends SQLInputValue>(name: string): Columns<Value> => ({
  names: [name],
  write: (value) => [value],
});

const placeColumns = (side: string) => [`${side}Parent`, `${side}Name`, `${side}Key`, `${side}Wire`];
const writePlace = (place: ServerPlace | null) =>
  place === null ? [null, null, null, null] : [place.parent, place.name, nameKey(place.name), place.wire];
const samePlace = (a: ServerPlace | null, b: ServerPlace | null) =>
  a === b || (a !== null && b !== null && a.parent === b.parent && a.name === b.name && a.wire === b.wire);

const columns: { readonly [F in Field]: Columns<Changeable[F]> } = {
  parent: own('parent'),
  name: { names: ['name', 'key'], write: (name) => [name, nameKey(name)] },
  size: own('size'),
  mtime: {
    names: ['mtimeSec', 'mtimeNsec'],
    write: ({ sec, nsec }) => [sec, nsec],
    same: (a, b) => a.sec === b.sec && a.nsec === b.nsec,
  },
  ctimeMs: own('ctimeMs'),
  mode: own('mode'),
  md5: own('md5'),
  staging: own('staging'),
  localOnly: { names: ['localOnly'], write: (value) => [value ? 1 : 0] },
  link: own('link'),
  target: own('target'),
  synced: {
    names: [...placeColumns('s'), 'sMd5', 'sSize', 'sMtime', 'sRevision', 'sUuid'],
    write: (synced) => [
      ...writePlace(synced),
      ...(synced === null
        ? [null, null, null, null, null]
        : [synced.md5, synced.size, synced.mtime, synced.revision, synced.uuid]),
    ],
    same: (a, b) => samePlace(a, b) && (a === b || (a !== null && b !== null && sameContent(a, b))),
  },
  pendingTarget: { names: placeColumns('b'), write: writePlace, same: samePlace },
  listedAt: own('listedAt'),
  unusable: own('unusable'),
  failure: own('failure'),
};

function sameContent(a: Synced, b: Synced): boolean {
  return a.md5 === b.md5 && a.size === b.size && a.mtime === b.mtime && a.revision === b.revision && a.uuid === b.uuid;
}

const fields = Object.keys(columns) as Field[];

function isSame<F extends Field>(field: F, a: Changeable[F], b: Changeable[F]): boolean {
  return a === b || columns[field].same?.(a, b) === true;
}

function write<F extends Field>(field: F, node: Partial<Changeable>, into: SQLInputValue[]): void {
  into.push(...columns[field].write(node[field] as Changeable[F]));
}

/** The fields of `patch` that are not in `row` already, as a set of bits: 0 when there are none. */
export function getChanged(row: Changeable, patch: Partial<Changeable>): number {
  let changed = 0;
  for (let at = 0; at < fields.length; at += 1) {
    const field = fields[at] as Field;
    const value = patch[field];
    if (value !== undefined && !isSame(field, row[field], value)) changed |= 1 << at;
  }
  return changed;
}

/** The bits of these fields. */
export function bitsOf(...of: readonly Field[]): number {
  return of.reduce((bits, field) => bits | (1 << fields.indexOf(field)), 0);
}

/** Values of the fields in `changed`, in the order of `getUpdateSql`'s parameters. */
export function getValues(changed: number, node: Partial<Changeable>): SQLInputValue[] {
  const values: SQLInputValue[] = [];
  for (let at = 0; at < fields.length; at += 1) {
    if ((changed & (1 << at)) !== 0) write(fields[at] as Field, node, values);
  }
  return values;
}

/** Writes the fields in `changed` of the node that is the last parameter. */
export function getUpdateSql(changed: number): string {
  const names = fields.filter((_, at) => (changed & (1 << at)) !== 0).flatMap((field) => columns[field].names);
  return `UPDATE node SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE ino = ?`;
}

/** Parameters: the kind, then `getValues(allFields, …)`. */
export const allFields = bitsOf(...fields);
const allNames = ['kind', ...fields.flatMap((field) => columns[field].names)];
export const insertSql = `INSERT INTO node(${allNames.join(', ')}) VALUES (${allNames.map(() => '?').join(', ')})`;

/** As the database gives it back: text in it is UTF-8, and times are whole numbers. */
export function toStored<Patch extends Partial<Changeable>>(patch: Patch): Patch {
  const stored: { -readonly [F in Field]?: Changeable[F] } = { ...patch };
  if (patch.ctimeMs !== undefined) stored.ctimeMs = Math.trunc(patch.ctimeMs);
  if (patch.name !== undefined) stored.name = patch.name.toWellFormed();
  for (const side of ['synced', 'pendingTarget'] as const) {
    const place = patch[side];
    if (place === undefined || place === null || (place.name.isWellFormed() && place.wire.isWellFormed())) continue;
    Object.assign(stored, { [side]: { ...place, name: place.name.toWellFormed(), wire: place.wire.toWellFormed() } });
  }
  return stored as Patch;
}

/** Would a listing show the one otherwise than the other? Its times of listing and its revision are not shown. */
export function looksOther(a: NodeRow, b: NodeRow): boolean {
  const shown = ['parent', 'name', 'size', 'md5', 'staging', 'failure', 'localOnly', 'link', 'unusable'] as const;
  if (shown.some((column) => a[column] !== b[column])) return true;
  return a.mtime.sec !== b.mtime.sec || a.mtime.nsec !== b.mtime.nsec || isSent(a) !== isSent(b);
}

/** Does the server hold it, as far as known? */
function isSent({ kind, synced }: NodeRow): boolean {
  return synced !== null && (kind !== 'file' || synced.md5 !== null);
}
