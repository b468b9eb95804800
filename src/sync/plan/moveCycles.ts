import { type Ino, type NodeRow, rootIno } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import { getPlace, isSyncedWithin } from '../tree/paths.ts';

/** Nodes looked at for one ring; a longer one is left to resolve from its ends. */
const mostLooks = 10_000;

/**
 * Do the places wanted lead back to `row`, so that nothing in the ring can be pushed? Folders that trade places; a folder put
 * into a new one that gets its name; what was taken out of a removed folder and gets the name of that. Of each ring the
 * oldest that can steps aside.
 */
export function mustBreakCycle(nodes: Nodes, row: NodeRow): boolean {
  if (!canStepAside(row)) return false;
  const looked = new Set<Ino>();
  const leadsBack = (at: NodeRow): boolean =>
    getAwaited(nodes, at).some((next) => {
      if (next.ino === row.ino) return true;
      const isElder = next.ino < row.ino && canStepAside(next);
      if (isElder || looked.has(next.ino) || looked.size > mostLooks) return false;
      looked.add(next.ino);
      return leadsBack(next);
    });
  return leadsBack(row);
}

/**
 * The folder in which a row that steps aside waits: the nearest above its new place that the server has, and that waits for
 * nothing of the ring itself.
 */
export function getCycleBreakerFolder(nodes: Nodes, row: NodeRow): Ino | undefined {
  for (let at = row.parent; at !== null && at !== rootIno; at = nodes.get(at)?.parent ?? null) {
    const stays = getPlace(nodes, at) === 'known' && !isSyncedWithin(nodes, at, row.ino) && !isUnderRemoved(nodes, at);
    if (stays) return at;
  }
  return undefined;
}

/** It is on the server, and wants to go elsewhere there. */
function canStepAside({ parent, name, synced, pendingTarget }: NodeRow): boolean {
  if (parent === null || synced === null || pendingTarget !== null) return false;
  return parent !== synced.parent || name !== synced.name;
}

/** What must be pushed before `row` can be. */
function getAwaited(nodes: Nodes, row: NodeRow): NodeRow[] {
  if (row.parent === null) return getLiveBelow(nodes, row.ino);
  const parent = nodes.get(row.parent);
  if (parent === undefined || parent.ino === rootIno) return [];
  if (parent.synced === null) return [parent];
  const occupant = nodes.getSyncedChild(row.parent, row.name);
  if (occupant !== undefined && occupant.ino !== row.ino) {
    // A file takes over from a file.
    return occupant.kind === 'file' && row.kind === 'file' ? [] : [occupant];
  }
  return row.kind === 'file' ? [] : getBetween(nodes, parent, row.ino);
}

/** What a removed folder still holds on the server and is wanted here: it goes before the folder does. */
function getLiveBelow(nodes: Nodes, folder: Ino): NodeRow[] {
  return nodes
    .getSyncedChildren(folder)
    .flatMap((child) => (child.parent === null ? getLiveBelow(nodes, child.ino) : [child]));
}

/** Folders from `parent` up to `folder`, under which the server still has it; none when it does not. */
function getBetween(nodes: Nodes, parent: NodeRow, folder: Ino): NodeRow[] {
  if (!isSyncedWithin(nodes, parent.ino, folder)) return [];
  const between: NodeRow[] = [];
  for (let at: NodeRow | undefined = parent; at !== undefined && at.ino !== folder; ) {
    between.push(at);
    at = at.synced === null ? undefined : nodes.get(at.synced.parent);
  }
  return between;
}

function isUnderRemoved(nodes: Nodes, folder: Ino): boolean {
  // Of what is not known to be anywhere nothing can be said: a circle of rows, or a row too few.
  if (getPlace(nodes, folder) === 'lost') return true;
  for (let at = nodes.get(folder); at !== undefined && at.ino !== rootIno; ) {
    if (at.parent === null) return true;
    at = at.synced === null ? undefined : nodes.get(at.synced.parent);
  }
  return false;
}
