import { emptyMd5 } from '../../base/emptyMd5.ts';
import type { Ino, NodeRow, Synced } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { Activity } from '../tree/activity.ts';
import { getPlace, isSyncedWithin } from '../tree/paths.ts';
import { getCycleBreakerFolder, mustBreakCycle } from './moveCycles.ts';

/** One server call (or one upload) that makes a node's synced side follow its local side. */
export type PushKind =
  | 'createFolder'
  | 'moveFolder'
  | 'moveFile'
  | 'trashFile'
  | 'trashFolder'
  | 'upload'
  | 'setTimes'
  | 'moveAside';

/** What comes next for one node: a request, or a change of rows alone, after which it is looked at again. */
export type Step =
  | { readonly do: 'push'; readonly kind: PushKind }
  /** It sits where the server holds `occupant`, and becomes the next revision of that. */
  | { readonly do: 'swapServerSides'; readonly occupant: NodeRow }
  /** The folder that the server had it in will not come back. */
  | { readonly do: 'forgetServerSide' };

export interface Deciding {
  readonly nodes: Nodes;
  readonly activity: Activity;
  /** Pushes under way. */
  readonly running: { has(ino: Ino): boolean };
  /** What `isRemovable` has answered: it is asked for every child. Forgotten when a row is changed. */
  readonly removable: Map<Ino, boolean>;
}

const push = (kind: PushKind): Step => ({ do: 'push', kind });

/** Reads rows, writes none. undefined: nothing for now. */
export function decide(context: Deciding, row: NodeRow): Step | undefined {
  const { nodes, activity } = context;
  const place = row.synced === null ? undefined : getPlace(nodes, row.synced.parent);
  if (place === 'lost') return { do: 'forgetServerSide' };
  if (place === 'known' && mustBreakCycle(nodes, row)) {
    return getCycleBreakerFolder(nodes, row) === undefined || activity.isUnflushed(row.ino)
      ? undefined
      : push('moveAside');
  }
  // Paths that lead through a folder of unsure place would be guesses.
  const isUnsure = (ino: Ino | null) => ino !== null && getPlace(nodes, ino) === 'unsure';
  if (place === 'unsure') return undefined;
  // Where it is to go since then does not matter yet.
  if (row.pendingTarget !== null) return isUnsure(row.pendingTarget.parent) ? undefined : push(repeatBegun(row));
  if (isUnsure(row.parent)) return undefined;
  if (row.parent !== null) return decideLive(context, row, row.parent);
  const removal = decideRemoval(context, row);
  return removal && push(removal);
}

/** What was begun is done once more, as it was: each of these is done only once by the server. */
function repeatBegun(row: NodeRow): PushKind {
  if (row.kind === 'file') return 'moveFile';
  return row.synced === null ? 'createFolder' : 'moveFolder';
}

function decideRemoval(context: Deciding, row: NodeRow): PushKind | undefined {
  const { nodes, activity } = context;
  if (row.synced === null || activity.isOpen(row.ino)) return undefined;
  // A live file is to be pushed with these bytes: first that, then the removal of what holds them.
  if (holdsWanted(nodes, row)) return undefined;
  const folderGone = nodes.get(row.synced.parent);
  if (folderGone?.parent === null && folderGone.synced !== null && isRemovable(context, folderGone)) return undefined;
  if (row.kind !== 'file') return isRemovable(context, row) ? 'trashFolder' : undefined;
  const successor = nodes.getChild(row.synced.parent, row.synced.name);
  return successor?.kind === 'file' && !successor.localOnly ? undefined : 'trashFile';
}

/** A removed folder can go when nothing on the server under it is still wanted: moved out and not pushed yet, or open. */
function isRemovable(context: Deciding, folder: NodeRow): boolean {
  const { nodes, activity, removable } = context;
  const known = removable.get(folder.ino);
  if (known !== undefined) return known;
  const isDone = (child: NodeRow) =>
    child.pendingTarget === null &&
    (child.kind === 'file' ? !holdsWanted(nodes, child) && !activity.isOpen(child.ino) : isRemovable(context, child));
  const answer =
    !nodes.hasBegunChildren(folder.ino) &&
    nodes.getSyncedChildren(folder.ino).every((child) => child.parent === null && isDone(child));
  removable.set(folder.ino, answer);
  return answer;
}

function holdsWanted(nodes: Nodes, file: NodeRow): boolean {
  const md5 = file.synced?.md5 ?? null;
  return md5 !== null && md5 !== emptyMd5 && nodes.isWanted(md5);
}

function decideLive(context: Deciding, row: NodeRow, parentIno: Ino): Step | undefined {
  const { nodes } = context;
  const parent = nodes.get(parentIno);
  if (parent === undefined || parent.synced === null) return undefined;
  const begun = nodes.getPendingChild(parentIno, row.name) ?? nodes.getSyncedChild(parentIno, row.name);
  if (begun !== undefined && begun.ino !== row.ino && begun.pendingTarget !== null) return undefined;
  if (row.kind === 'file') return decideFile(context, row, parentIno);
  const change = decideFolder(context, row, parentIno);
  return change && push(change);
}

function decideFolder({ nodes }: Deciding, row: NodeRow, parent: Ino): PushKind | undefined {
  const occupant = nodes.getSyncedChild(parent, row.name);
  if (occupant !== undefined && occupant.ino !== row.ino) return undefined;
  if (row.synced === null) return 'createFolder';
  if (row.synced.parent === parent && row.synced.name === row.name) return undefined;
  return isSyncedWithin(nodes, parent, row.ino) ? undefined : 'moveFolder';
}

function decideFile(context: Deciding, row: NodeRow, parent: Ino): Step | undefined {
  const { nodes, activity } = context;
  if (activity.isUnflushed(row.ino)) return undefined;
  const occupant = nodes.getSyncedChild(parent, row.name);
  if (occupant !== undefined && occupant.ino !== row.ino) {
    if (occupant.kind !== 'file' || context.running.has(occupant.ino)) return undefined;
    return { do: 'swapServerSides', occupant };
  }
  const synced = row.synced;
  if (synced === null) return push('upload');
  if (synced.parent !== parent || synced.name !== row.name) {
    const successor = nodes.getChild(synced.parent, synced.name);
    const awaited = successor !== undefined && successor.ino !== row.ino && successor.kind === 'file';
    return awaited && !successor.localOnly ? undefined : push('moveFile');
  }
  if (row.staging === null && row.md5 === synced.md5) {
    return row.mtime.sec === synced.mtime ? undefined : push('setTimes');
  }
  return needsOldBytes(nodes, row, synced) ? undefined : push('upload');
}

/** A backup of the bytes about to be replaced must reach the server first, while it still knows them. */
function needsOldBytes(nodes: Nodes, row: NodeRow, synced: Synced): boolean {
  if (synced.md5 === null || synced.md5 === emptyMd5) return false;
  return nodes.getUnsyncedCopies(synced.md5).some((copy) => copy.ino !== row.ino && !isRefused(nodes, copy));
}

/** It, or a folder that it waits for, was refused: nothing comes of it by itself. */
function isRefused(nodes: Nodes, row: NodeRow): boolean {
  for (
    let at: NodeRow | undefined = row;
    at !== undefined;
    at = at.parent === null ? undefined : nodes.get(at.parent)
  ) {
    if (at.failure !== null) return true;
    if (at.ino !== row.ino && at.synced !== null) return false;
  }
  return false;
}
