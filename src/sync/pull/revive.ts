import { nameKey } from '../../base/nameKey.ts';
import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { Activity } from '../tree/activity.ts';
import { findEndsOfBegun } from '../tree/paths.ts';
import type { RemoteEntry } from '../tree/remote.ts';

/**
 * A folder that was removed here and holds something on the server that this computer never saw, or saw otherwise: the
 * removal does not stand for that.
 */
export function holdsNews(
  { nodes, activity }: { nodes: Nodes; activity: Activity },
  folder: Ino,
  entries: readonly RemoteEntry[],
  since: number,
): boolean {
  const held = nodes.getSyncedChildren(folder);
  const known = new Map(held.map((row) => [nameKey(row.synced?.name ?? ''), row]));
  const isEndOfBegun = findEndsOfBegun(nodes, folder, held);
  return entries.some((entry) => {
    if (activity.isTouched(folder, entry.name, since) || isEndOfBegun(entry.name)) return false;
    const row = known.get(nameKey(entry.name));
    if (row === undefined || (row.kind === 'file') !== (entry.kind === 'file')) return true;
    const md5 = row.synced?.md5 ?? null;
    if (entry.kind !== 'file' || md5 === entry.md5) return false;
    // Unless it is an upload of our own, whose answer never came.
    return !nodes.facts.wasSent(row.ino, entry.md5);
  });
}

/**
 * Brings a removed folder back to where the server holds it, with the folders above it; what was in it stays removed.
 * A folder made anew under its name becomes it. Answers the ino under which its entries belong now. Part of the caller's
 * transaction; `setAside` moves a file that took the name out of the way.
 */
export function revive(nodes: Nodes, folder: NodeRow, setAside: (occupant: NodeRow) => void): Ino {
  const { synced } = folder;
  if (folder.parent !== null || synced === null) return folder.ino;
  const above = nodes.get(synced.parent);
  const parent = above === undefined ? synced.parent : revive(nodes, above, setAside);
  const place = { ...synced, parent };
  const occupant = nodes.getChild(parent, synced.name);
  if (occupant !== undefined && occupant.kind !== 'file' && occupant.synced === null && !occupant.localOnly) {
    nodes.update(folder.ino, { synced: null });
    nodes.update(occupant.ino, { synced: place });
    for (const child of nodes.getSyncedChildren(folder.ino)) {
      if (child.synced !== null) nodes.update(child.ino, { synced: { ...child.synced, parent: occupant.ino } });
    }
    nodes.remove(folder.ino);
    return occupant.ino;
  }
  if (occupant !== undefined) setAside(occupant);
  return nodes.update(folder.ino, { parent, name: synced.name, synced: place, failure: null }).ino;
}
