import { type Ino, type NodeRow, rootIno, type Synced } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { WirePath } from './remote.ts';

/** Levels of folders; more are a circle of rows that a fault has made. */
const mostLevels = 100_000;

/** Where the server holds a node now; undefined while it or an ancestor was never uploaded. */
export function getWirePath(nodes: Nodes, ino: Ino): WirePath | undefined {
  const path: string[] = [];
  for (let at = ino; at !== rootIno; ) {
    const synced = nodes.get(at)?.synced;
    if (synced === undefined || synced === null || path.length > mostLevels) return undefined;
    path.push(synced.wire);
    at = synced.parent;
  }
  return path.reverse();
}

/**
 * What is known of a folder's place on the server. `unsure`: a push whose outcome is not known may have put it, or one above
 * it, elsewhere, or one of them is still to be made there. `lost`: it was under something that is neither there nor here any more.
 */
export function getPlace(nodes: Nodes, ino: Ino): 'known' | 'unsure' | 'lost' {
  for (let at = ino, levels = 0; at !== rootIno; levels += 1) {
    const row = nodes.get(at);
    if (row === undefined || levels > mostLevels) return 'lost';
    if (row.pendingTarget !== null) return 'unsure';
    if (row.synced === null) return row.parent === null ? 'lost' : 'unsure';
    at = row.synced.parent;
  }
  return 'known';
}

/** True when this name on the server is an end of a push whose outcome is not known: a listing of it tells nothing. */
export function isEndOfBegun(nodes: Nodes, parent: Ino, name: string): boolean {
  if (nodes.getPendingChild(parent, name) !== undefined) return true;
  const held = nodes.getSyncedChild(parent, name);
  return held !== undefined && held.pendingTarget !== null;
}

/** The same, to be asked of all names of a folder in which the server holds `known`: in nearly every folder nothing is begun. */
export function findEndsOfBegun(nodes: Nodes, parent: Ino, known: readonly NodeRow[]): (name: string) => boolean {
  const isAny = nodes.hasBegunChildren(parent) || known.some(({ pendingTarget }) => pendingTarget !== null);
  return (name) => isAny && isEndOfBegun(nodes, parent, name);
}

/** Path in the account as the mount shows it: `/Jotta/Archive/a.txt`; undefined once removed. */
export function getLocalPath(nodes: Nodes, ino: Ino): string | undefined {
  const path: string[] = [];
  for (let at = ino; at !== rootIno; ) {
    const row = nodes.get(at);
    if (row === undefined || row.parent === null || path.length > mostLevels) return undefined;
    path.push(row.name);
    at = row.parent;
  }
  return `/${path.reverse().join('/')}`;
}

/** Remembers where the server had content that a local change rests on, before that place is given up. */
export function noteFormerPlace(nodes: Nodes, synced: Synced): void {
  const folder = getWirePath(nodes, synced.parent);
  if (synced.md5 === null || folder === undefined) return;
  nodes.facts.setFormerPlace(synced.md5, { parent: synced.parent, path: [...folder, synced.wire] });
}

/**
 * The server holds a node, and what was under it there, no longer where it was known to be: what is live here is new from now
 * on, what was removed here goes; what is open goes with its last release. Part of the caller's transaction.
 */
export function forgetServerSide(
  nodes: Nodes,
  ino: Ino,
  { isOpen, isBase }: { readonly isOpen: (ino: Ino) => boolean; readonly isBase: (md5: string) => boolean },
): void {
  for (const child of nodes.getSyncedChildren(ino)) forgetServerSide(nodes, child.ino, { isOpen, isBase });
  const row = nodes.get(ino);
  if (row === undefined) return;
  const { synced } = row;
  const md5 = synced?.md5 ?? null;
  const isNeeded = row.parent !== null || isOpen(ino) || (md5 !== null && (isBase(md5) || nodes.isWanted(md5)));
  if (synced !== null && isNeeded) noteFormerPlace(nodes, synced);
  if (row.parent === null && !isOpen(ino)) nodes.remove(ino);
  else nodes.update(ino, { synced: null, pendingTarget: null, unusable: 0 });
}

/** True when `ino` is `ancestor` or lies under it on the server. */
export function isSyncedWithin(nodes: Nodes, ino: Ino, ancestor: Ino): boolean {
  let levels = 0;
  for (let at: Ino | undefined = ino; at !== undefined && at !== rootIno; at = nodes.get(at)?.synced?.parent) {
    if (at === ancestor) return true;
    if (++levels > mostLevels) return false;
  }
  return false;
}

/** True when `ino` is `ancestor` or lies under it in the mount. */
export function isLocallyWithin(nodes: Nodes, ino: Ino, ancestor: Ino): boolean {
  let levels = 0;
  for (let at: Ino | null | undefined = ino; at !== null && at !== undefined; at = nodes.get(at)?.parent) {
    if (at === ancestor) return true;
    if (++levels > mostLevels) return false;
  }
  return false;
}
