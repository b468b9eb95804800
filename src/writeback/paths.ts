import { type Ino, rootIno, type Synced } from '../cache/nodeRow.ts';
import type { Nodes } from '../cache/nodes.ts';
import type { WirePath } from './remote.ts';

/** Where the server holds a node now; undefined while it or an ancestor was never uploaded. */
export function getWirePath(nodes: Nodes, ino: Ino): WirePath | undefined {
  const path: string[] = [];
  for (let at = ino; at !== rootIno; ) {
    const synced = nodes.get(at)?.synced;
    if (synced === undefined || synced === null) return undefined;
    path.push(synced.wire);
    at = synced.parent;
  }
  return path.reverse();
}

/** False while a push whose outcome is not known may have put this node, or a folder above it, at another place. */
export function isPlaceCertain(nodes: Nodes, ino: Ino): boolean {
  for (let at: Ino | undefined = ino; at !== undefined && at !== rootIno; ) {
    const row = nodes.get(at);
    if (row !== undefined && row.begun !== null) return false;
    at = row?.synced?.parent;
  }
  return true;
}

/** True when this name on the server is an end of a push whose outcome is not known: a listing of it tells nothing. */
export function isEndOfBegun(nodes: Nodes, parent: Ino, name: string): boolean {
  if (nodes.getBegunChild(parent, name) !== undefined) return true;
  const held = nodes.getSyncedChild(parent, name);
  return held !== undefined && held.begun !== null;
}

/** Path in the account as the mount shows it: `/Jotta/Archive/a.txt`; undefined once removed. */
export function getLocalPath(nodes: Nodes, ino: Ino): string | undefined {
  const path: string[] = [];
  for (let at = ino; at !== rootIno; ) {
    const row = nodes.get(at);
    if (row === undefined || row.parent === null) return undefined;
    path.push(row.name);
    at = row.parent;
  }
  return `/${path.reverse().join('/')}`;
}

/** Remembers where the server had content that a local change rests on, before that place is given up. */
export function noteFormerPlace(nodes: Nodes, synced: Synced): void {
  const folder = getWirePath(nodes, synced.parent);
  if (synced.md5 === null || folder === undefined) return;
  nodes.setFormerPlace(synced.md5, {
    parent: synced.parent,
    path: [...folder, synced.wire],
    revision: synced.revision,
  });
}

/** True when `ino` is `ancestor` or lies under it on the server. */
export function isSyncedWithin(nodes: Nodes, ino: Ino, ancestor: Ino): boolean {
  for (let at: Ino | undefined = ino; at !== undefined && at !== rootIno; at = nodes.get(at)?.synced?.parent) {
    if (at === ancestor) return true;
  }
  return false;
}

/** True when `ino` is `ancestor` or lies under it in the mount. */
export function isLocallyWithin(nodes: Nodes, ino: Ino, ancestor: Ino): boolean {
  for (let at: Ino | null | undefined = ino; at !== null && at !== undefined; at = nodes.get(at)?.parent) {
    if (at === ancestor) return true;
  }
  return false;
}
