import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import { writebackLimits } from '../tree/limits.ts';
import { getWirePath } from '../tree/paths.ts';
import { isRemoteError } from '../tree/remote.ts';

export interface WalkAheadDeps {
  readonly nodes: Nodes;
  /** Lists a folder; who asks for the same one meanwhile shares the request. */
  readonly list: (ino: Ino) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** `/<device>/<mountpoint>`: what is above is a handful of folders, and some of them are views of others. */
const mountpointDepth = 2;

/**
 * Lists the folders that a program is about to look into. `find`, `git status` or a search look into one folder after the other,
 * each for the first time, and each costs them a round trip: who has waited for several folders of one parent in a row has
 * the next ones listed side by side, in the order the volume shows them. The more it goes on, the further ahead; what
 * nobody looks into in the end is at most `walkFolders`, and a pause ends it.
 */
export class WalkAhead {
  readonly #deps: WalkAheadDeps;
  /** Folders looked into without a pause between. */
  #steps = 0;
  #steppedAt = Number.NEGATIVE_INFINITY;
  /** How many of a folder's children have been waited for in this walk. */
  readonly #waitedIn = new Map<Ino, number>();
  /** Folders the walk will come to, in its order; one that has been listed gives way to those in it. */
  #next: Ino[] = [];
  readonly #waitedFor = new Set<Ino>();
  readonly #underWay = new Set<Ino>();
  /** Listed, and not looked into yet. */
  readonly #ready = new Set<Ino>();

  constructor(deps: WalkAheadDeps) {
    this.#deps = deps;
  }

  /** Somebody waits for the listing of a folder that was never listed. Settles as `listing` does. */
  async waitFor(ino: Ino, listing: Promise<void>): Promise<void> {
    const { nodes, clock } = this.#deps;
    const parent = nodes.get(ino)?.parent ?? null;
    this.#waitedFor.add(ino);
    this.#step();
    if (parent !== null) {
      const waited = (this.#waitedIn.get(parent) ?? 0) + 1;
      this.#waitedIn.set(parent, waited);
      if (waited === writebackLimits.walkSiblings) this.#plan(parent, ino);
    }
    this.#start();
    try {
      await listing;
    } finally {
      this.#waitedFor.delete(ino);
    }
    this.#steppedAt = clock.now();
    if (this.#isWalked(parent)) this.#plan(ino);
    this.#start();
  }

  /** Somebody looks into a folder that is listed. */
  noteUsed(ino: Ino): void {
    if (!this.#ready.delete(ino)) return;
    this.#step();
    this.#start();
  }

  #step(): void {
    const now = this.#deps.clock.now();
    if (now - this.#steppedAt > writebackLimits.walkPauseMs && this.#waitedFor.size <= 1) {
      this.#steps = 0;
      this.#next = [];
      this.#waitedIn.clear();
      this.#ready.clear();
    }
    this.#steppedAt = now;
    this.#steps += 1;
  }

  #isWalked(parent: Ino | null): boolean {
    return parent !== null && (this.#waitedIn.get(parent) ?? 0) >= writebackLimits.walkSiblings;
  }

  /** The folders in `parent`, those after `current` first, are next: where the walk was to come to `parent`, or now. */
  #plan(parent: Ino, current?: Ino): void {
    const { nodes } = this.#deps;
    if ((getWirePath(nodes, parent)?.length ?? 0) < mountpointDepth) return;
    const folders = nodes
      .getChildren(parent)
      .filter(isUnlisted)
      .map(({ ino }) => ino);
    const after = current === undefined ? 0 : folders.findIndex((ino) => ino > current);
    const ordered = after < 0 ? folders : [...folders.slice(after), ...folders.slice(0, after)];
    const at = this.#next.indexOf(parent);
    if (at < 0) this.#next = [...ordered, ...this.#next];
    else this.#next.splice(at, 1, ...ordered);
    this.#next.length = Math.min(this.#next.length, writebackLimits.walkPlanned);
  }

  #start(): void {
    const { walkListings, walkFolders, walkFoldersPerStep } = writebackLimits;
    const furthest = Math.min(walkFolders, this.#steps * walkFoldersPerStep);
    for (let at = 0; at < this.#next.length; ) {
      const room = Math.min(walkListings, furthest - this.#ready.size) - this.#underWay.size;
      if (room <= 0 || this.#deps.signal.aborted) return;
      const ino = this.#next[at] as Ino;
      const row = this.#deps.nodes.get(ino);
      const [isListing, isNeeded] = [this.#underWay.has(ino), row !== undefined && isUnlisted(row)];
      if (!isListing && !isNeeded) {
        this.#next.splice(at, 1);
        continue;
      }
      if (!isListing && !this.#waitedFor.has(ino)) void this.#list(ino);
      at += 1;
    }
  }

  async #list(ino: Ino): Promise<void> {
    const { list, log } = this.#deps;
    this.#underWay.add(ino);
    try {
      await list(ino);
      if (!this.#waitedFor.has(ino)) this.#ready.add(ino);
      this.#waitedIn.set(ino, writebackLimits.walkSiblings);
      this.#plan(ino);
    } catch (error) {
      log.debug('a folder was not listed ahead', { ino, error });
      this.#next = isRemoteError(error, 'notFound') ? this.#next.filter((each) => each !== ino) : [];
    } finally {
      this.#underWay.delete(ino);
    }
    this.#start();
  }
}

function isUnlisted({ kind, parent, synced, listedAt }: NodeRow): boolean {
  return kind === 'folder' && parent !== null && synced !== null && listedAt === null;
}
