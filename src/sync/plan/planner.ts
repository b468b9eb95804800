import type { Ino, NodeRow, Synced } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { FaultPoint } from '../tree/faultPoints.ts';
import { writebackLimits } from '../tree/limits.ts';
import { forgetServerSide, isSyncedWithin } from '../tree/paths.ts';
import { type Deciding, decide, type PushKind } from './decide.ts';
import { getSettleMs, type SettleContext } from './quietTime.ts';

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
  readonly faultPoint: (point: FaultPoint) => void;
  /** A node that cannot be planned, as its row makes no sense, waits for a person; the others go on. */
  readonly setAside: (ino: Ino, error: unknown) => void;
  /** True while a node waits for its next try. */
  readonly isWaiting: (ino: Ino) => boolean;
  /** As in `Deciding`; made anew for each turn of the event loop. */
  readonly removable: Map<Ino, boolean>;
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
 * becomes the next revision of that file: such changes of rows alone are written here, what decide.ts says is only read.
 */
export function plan(given: PlanContext, pending: readonly Ino[]): Plan {
  const pushes: Push[] = [];
  const inos = [...pending];
  // A hand-over changes what the other node waits for: it is planned again, after the rest.
  const context: Planning = { ...given, revisit: (ino) => inos.push(ino) };
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
    const wait = row.pendingTarget === null ? getSettleMs(context, row, quietMs) - quietMs : 0;
    // A change in the future was made before the clock was put back.
    if (wait > 0 && quietMs >= 0) {
      settlesInMs = Math.min(settlesInMs ?? wait, wait);
      continue;
    }
    try {
      checkPlace(context.nodes, row);
      const kind = planRow(context, row);
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

interface Planning extends PlanContext, Deciding {
  readonly running: PlanContext['running'];
  readonly revisit: (ino: Ino) => void;
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

/** Goes on until a request, or nothing, is left to do for the node. */
function planRow(context: Planning, row: NodeRow): PushKind | undefined {
  const { nodes, activity, removable } = context;
  for (let now: NodeRow | undefined = row; now !== undefined; now = nodes.get(row.ino)) {
    const step = decide(context, now);
    if (step === undefined) return undefined;
    if (step.do === 'push') return step.kind;
    removable.clear();
    if (step.do === 'swapServerSides') {
      swapServerSides(context, step.occupant, now);
      context.faultPoint('handedOver');
      context.revisit(step.occupant.ino);
    } else {
      nodes.transaction(() =>
        forgetServerSide(nodes, row.ino, { isOpen: (ino) => activity.isOpen(ino), isBase: () => false }),
      );
    }
  }
  return undefined;
}

/** `row` sits where the server holds `occupant`: it takes that synced side, the occupant gets what `row` had. */
function swapServerSides({ nodes, activity }: Planning, occupant: NodeRow, row: NodeRow): void {
  const [ofOccupant, ofRow] = [getHandedOver(nodes, occupant), getHandedOver(nodes, row)];
  // A removal of it may have been carried out without an answer: what has the same content would not be sent, nor missed.
  const doubted = occupant.parent === null && row.staging === null && row.md5 !== null && row.md5 === ofOccupant?.md5;
  nodes.transaction(() => {
    nodes.facts.swapSent(occupant.ino, row.ino);
    nodes.update(occupant.ino, { synced: null });
    nodes.update(row.ino, { synced: doubted ? { ...ofOccupant, md5: null } : ofOccupant });
    if (doubted) nodes.facts.addSent(row.ino, row.md5);
    if (ofRow !== null) nodes.update(occupant.ino, { synced: ofRow });
    else if (occupant.parent === null && !activity.isOpen(occupant.ino)) nodes.remove(occupant.ino);
  });
}

/** An upload that was begun stays unfinished unless something is sent to its place: the times, where nothing else differs. */
function getHandedOver(nodes: Nodes, { ino, synced }: NodeRow): Synced | null {
  return synced !== null && nodes.facts.getSent(ino).length > 0 ? { ...synced, mtime: 0 } : synced;
}

/** A push may not run across a folder that is being moved or removed, nor the other way round. */
function crossesStructure({ nodes, running }: PlanContext, row: NodeRow): boolean {
  const places = [row.synced?.parent, row.pendingTarget?.parent, row.parent].filter(
    (ino) => ino !== null && ino !== undefined,
  );
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
