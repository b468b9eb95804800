import { emptyMd5 } from '../../store/limits.ts';
import type { Ino, NodeRow, Synced } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { FaultPoint } from '../tree/faultPoints.ts';
import { writebackLimits } from '../tree/limits.ts';
import { getPlace, isSyncedWithin, unsync } from '../tree/paths.ts';
import { getAsideFolder, mustStepAside } from './rings.ts';
import { getSettleMs, type SettleContext } from './settle.ts';

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
export interface Push {
  readonly kind: PushKind;
  readonly ino: Ino;
}

/** A push under way. Its node may have been moved on here since it started; `into` is the folder it is to end in. */
export interface StartedPush extends Push {
  readonly into: Ino | null;
}

export interface PlanContext extends SettleContext {
  readonly nodes: Nodes;
  readonly now: number;
  /** Pushes under way; nothing is planned for their nodes, nor across a folder that moves or goes. */
  readonly running: ReadonlyMap<Ino, StartedPush>;
  readonly reach: (point: FaultPoint) => void;
  /** A node that cannot be planned, as its row makes no sense, waits for a person; the others go on. */
  readonly setAside: (ino: Ino, error: unknown) => void;
  /** True while a node waits for its next try. */
  readonly isWaiting: (ino: Ino) => boolean;
}

export interface Plan {
  readonly pushes: readonly Push[];
  /** ms until the earliest unsettled node settles; undefined when none waits for that. */
  readonly settlesInMs: number | undefined;
  /** Something waits for what comes by itself: quiet, its next try, its flush or its close. */
  readonly waits: boolean;
}

/**
 * Turns differences into pushes that can start now, in dependency order: folders before what goes into them, moves before
 * deletions, one `trashFolder` for a removed tree. A file that took another's place takes over its synced side, so that it
 * becomes the next revision of that file; that hand-over is written to the rows here.
 */
export function plan(given: PlanContext, pending: readonly Ino[]): Plan {
  const pushes: Push[] = [];
  const inos = [...pending];
  // A hand-over changes what the other node waits for: it is planned again, after the rest.
  const context: Planning = { ...given, revisit: (ino) => inos.push(ino), removable: new Map() };
  let settlesInMs: number | undefined;
  let waits = false;
  for (const ino of inos) {
    // Look again: an earlier hand-over may have changed or removed the row, or a rename made it one that stays here.
    const row = context.nodes.get(ino);
    if (row === undefined || row.failure !== null || row.localOnly) continue;
    const { activity } = context;
    const isHeld = activity.isUnflushed(ino) || (row.parent === null && activity.isOpen(ino));
    waits ||= isHeld || context.isWaiting(ino);
    if (context.running.has(ino) || context.isWaiting(ino)) continue;
    const quietMs = context.now - (row.parent === null ? getRemovedAt(context, row) : activity.changedAt(ino));
    const wait = row.begun === null ? getSettleMs(context, row, quietMs) - quietMs : 0;
    // A change in the future was made before the clock was put back.
    if (wait > 0 && quietMs >= 0) {
      settlesInMs = Math.min(settlesInMs ?? wait, wait);
      continue;
    }
    try {
      checkPlace(context.nodes, row);
      const kind = planOne(context, row);
      if (kind !== undefined && !crossesStructure(context, row)) pushes.push({ kind, ino });
    } catch (error) {
      // The disk, not the row: everything is planned again later.
      if ((error as NodeJS.ErrnoException).code === 'ERR_SQLITE_ERROR') throw error;
      context.setAside(ino, error);
    }
  }
  return { pushes, settlesInMs, waits: waits || settlesInMs !== undefined };
}

/** Throws unless the folders above a live node lead to the root. */
function checkPlace(nodes: Nodes, row: NodeRow): void {
  const seen = new Set<Ino>();
  for (let at = row; at.parent !== null; ) {
    const above = nodes.get(at.parent);
    if (above === undefined || above.kind === 'file') throw new Error(`node ${at.ino} is in no folder`);
    if (seen.has(above.ino)) throw new Error(`the folders above node ${row.ino} go round in a circle`);
    seen.add(above.ino);
    at = above;
  }
}

interface Planning extends PlanContext {
  readonly revisit: (ino: Ino) => void;
  /** What isRemovable has answered in this pass: it is asked for every child. Forgotten when the pass changes a row. */
  readonly removable: Map<Ino, boolean>;
}

/**
 * From when on a removal counts as quiet: while more is removed from its folder, that folder may be next, and goes with one
 * request. Only for so long: who removes something every second is not waited for.
 */
function getRemovedAt({ activity, now }: PlanContext, { ino, synced }: NodeRow): number {
  const own = activity.changedAt(ino);
  if (synced === null || now - own >= writebackLimits.longestRemovalMs) return own;
  return Math.max(own, activity.removedInAt(synced.parent));
}

function planOne(context: Planning, row: NodeRow): PushKind | undefined {
  const { nodes, activity } = context;
  const place = row.synced === null ? undefined : getPlace(nodes, row.synced.parent);
  if (place === 'lost') {
    context.removable.clear();
    nodes.transaction(() => unsync(nodes, row.ino, { isOpen: (ino) => activity.isOpen(ino), isBase: () => false }));
    const now = nodes.get(row.ino);
    return now === undefined ? undefined : planOne(context, now);
  }
  if (place === 'known' && mustStepAside(nodes, row)) {
    return getAsideFolder(nodes, row) === undefined || activity.isUnflushed(row.ino) ? undefined : 'moveAside';
  }
  // Paths that lead through a folder of unsure place would be guesses.
  const isUnsure = (ino: Ino | null) => ino !== null && getPlace(nodes, ino) === 'unsure';
  if (place === 'unsure') return undefined;
  // Where it is to go since then does not matter yet.
  if (row.begun !== null) return isUnsure(row.begun.parent) ? undefined : planBegun(row);
  if (isUnsure(row.parent)) return undefined;
  return row.parent === null ? planRemoval(context, row) : planLive(context, row, row.parent);
}

/** What was begun is done once more, as it was: each of these is done only once by the server. */
function planBegun(row: NodeRow): PushKind {
  if (row.kind === 'file') return 'moveFile';
  return row.synced === null ? 'createFolder' : 'moveFolder';
}

function planRemoval(context: Planning, row: NodeRow): PushKind | undefined {
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
function isRemovable(context: Planning, folder: NodeRow): boolean {
  const { nodes, activity, removable } = context;
  const known = removable.get(folder.ino);
  if (known !== undefined) return known;
  const isDone = (child: NodeRow) =>
    child.begun === null &&
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

function planLive(context: Planning, row: NodeRow, parentIno: Ino): PushKind | undefined {
  const { nodes } = context;
  const parent = nodes.get(parentIno);
  if (parent === undefined || parent.synced === null) return undefined;
  const begun = nodes.getBegunChild(parentIno, row.name) ?? nodes.getSyncedChild(parentIno, row.name);
  if (begun !== undefined && begun.ino !== row.ino && begun.begun !== null) return undefined;
  return row.kind === 'file' ? planFile(context, row, parentIno) : planFolder(context, row, parentIno);
}

function planFolder({ nodes }: PlanContext, row: NodeRow, parent: Ino): PushKind | undefined {
  const occupant = nodes.getSyncedChild(parent, row.name);
  if (occupant !== undefined && occupant.ino !== row.ino) return undefined;
  if (row.synced === null) return 'createFolder';
  if (row.synced.parent === parent && row.synced.name === row.name) return undefined;
  return isSyncedWithin(nodes, parent, row.ino) ? undefined : 'moveFolder';
}

function planFile(context: Planning, row: NodeRow, parent: Ino): PushKind | undefined {
  const { nodes, activity } = context;
  if (activity.isUnflushed(row.ino)) return undefined;
  const occupant = nodes.getSyncedChild(parent, row.name);
  if (occupant !== undefined && occupant.ino !== row.ino) {
    if (occupant.kind !== 'file' || context.running.has(occupant.ino)) return undefined;
    handOver(context, occupant, row);
    context.reach('handedOver');
    context.revisit(occupant.ino);
    return planFile(context, nodes.get(row.ino) ?? row, parent);
  }
  const synced = row.synced;
  if (synced === null) return 'upload';
  if (synced.parent !== parent || synced.name !== row.name) {
    const successor = nodes.getChild(synced.parent, synced.name);
    const awaited = successor !== undefined && successor.ino !== row.ino && successor.kind === 'file';
    return awaited && !successor.localOnly ? undefined : 'moveFile';
  }
  if (row.staging === null && row.md5 === synced.md5) {
    return row.mtime.sec === synced.mtime ? undefined : 'setTimes';
  }
  return needsOldBytes(nodes, row, synced) ? undefined : 'upload';
}

/** `row` sits where the server holds `occupant`: it takes that synced side, the occupant gets what `row` had. */
function handOver({ nodes, activity, removable }: Planning, occupant: NodeRow, row: NodeRow): void {
  removable.clear();
  const [ofOccupant, ofRow] = [getHandedOver(nodes, occupant), getHandedOver(nodes, row)];
  nodes.transaction(() => {
    nodes.facts.swapSent(occupant.ino, row.ino);
    nodes.update(occupant.ino, { synced: null });
    nodes.update(row.ino, { synced: ofOccupant });
    if (ofRow !== null) nodes.update(occupant.ino, { synced: ofRow });
    else if (occupant.parent === null && !activity.isOpen(occupant.ino)) nodes.remove(occupant.ino);
  });
}

/** An upload that was begun stays unfinished unless something is sent to its place: the times, where nothing else differs. */
function getHandedOver(nodes: Nodes, { ino, synced }: NodeRow): Synced | null {
  return synced !== null && nodes.facts.getSent(ino).length > 0 ? { ...synced, mtime: 0 } : synced;
}

/** A backup of the bytes about to be replaced must reach the server first, while it still knows them. */
function needsOldBytes(nodes: Nodes, row: NodeRow, synced: Synced): boolean {
  if (synced.md5 === null || synced.md5 === emptyMd5) return false;
  return nodes.getUnsyncedCopies(synced.md5).some((copy) => copy.ino !== row.ino && copy.failure === null);
}

/** A push may not run across a folder that is being moved or removed, nor the other way round. */
function crossesStructure({ nodes, running }: PlanContext, row: NodeRow): boolean {
  const places = [row.synced?.parent, row.begun?.parent, row.parent].filter((ino) => ino !== null && ino !== undefined);
  for (const push of running.values()) {
    if (push.kind === 'moveFolder' || push.kind === 'trashFolder' || push.kind === 'moveAside') {
      if (places.some((place) => isSyncedWithin(nodes, place, push.ino))) return true;
    }
    if (row.kind !== 'file' && row.synced !== null) {
      const other = nodes.get(push.ino);
      const others = [other?.synced?.parent, push.into].filter((ino) => ino !== null && ino !== undefined);
      if (others.some((place) => isSyncedWithin(nodes, place, row.ino))) return true;
    }
  }
  return false;
}
