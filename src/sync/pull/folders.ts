import { untilAborted } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import type { Emitter } from '../../base/events.ts';
import { Flights, Slots } from '../../base/flights.ts';
import type { Foreground } from '../../base/foreground.ts';
import type { Log } from '../../base/log.ts';
import { type Ino, type NodeRow, rootIno } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { Activity } from '../tree/activity.ts';
import { writebackLimits } from '../tree/limits.ts';
import type { Link } from '../tree/link.ts';
import { getWirePath } from '../tree/paths.ts';
import { isRemoteError, type Remote, RemoteError, type WirePath } from '../tree/remote.ts';
import { type LinkTargetsDeps, readLinkTargets } from './linkTargets.ts';
import { type MergeDeps, mergeListing } from './merge.ts';
import type { MergeResult } from './mergeResult.ts';
import { WalkAhead } from './walkAhead.ts';

export interface FoldersDeps extends MergeDeps, LinkTargetsDeps {
  readonly remote: Remote;
  readonly link: Link;
  readonly foreground: Foreground;
  readonly clock: Clock;
  readonly log: Log;
  readonly merged: Emitter<MergeResult>;
  /** Deletes staging files that no row on the disk names any more. */
  readonly discard: (stagingIds: readonly string[]) => Promise<void>;
  readonly pollMs: () => number;
  readonly signal: AbortSignal;
}

/** Listings on demand: a folder is asked for once, then shown from the database and revalidated behind the reader's back. */
export class Folders {
  readonly #deps: FoldersDeps;
  readonly #flights = new Flights<Ino, void>();
  /** For listings that nobody waits for. */
  readonly #behind = new Slots(writebackLimits.parallelListings);
  /** Listed for the first time just now: the names are there before it is known which of them are links. */
  readonly #firstListings = new Set<Ino>();
  /** When each was looked at last; the latest stands last. */
  readonly #usedAt = new Map<Ino, number>();
  readonly #walkAhead: WalkAhead;
  /** Answers asked for before the folder was known, by its path. */
  readonly #early = new Map<string, EarlyAnswer>();
  readonly #startedAt: number;

  constructor(deps: FoldersDeps) {
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
    const { nodes, clock, log, signal } = deps;
    this.#walkAhead = new WalkAhead({ nodes, list: (ino) => this.refresh(ino), clock, log, signal });
  }

  /**
   * Resolves when the folder's children are known. Waits for the network only for a folder never listed before.
   * Rejects with RemoteError when it cannot be known.
   */
  async ensureListed(ino: Ino): Promise<void> {
    const row = this.#deps.nodes.get(ino);
    if (row === undefined) return;
    this.noteViewed(ino);
    if (this.isKnown(row)) {
      this.#walkAhead.noteUsed(ino);
      return;
    }
    // A folder the server does not have yet holds just what was put into it here.
    if (row.synced === null && ino !== rootIno) return;
    const deadline = AbortSignal.timeout(writebackLimits.listingDeadlineMs);
    const listing = inTime(this.#refreshPatiently(ino, deadline), deadline);
    await this.#walkAhead.waitFor(ino, listing);
  }

  /** `refresh`, for somebody who waits for it while the network is gone for a moment. */
  async #refreshPatiently(ino: Ino, deadline: AbortSignal): Promise<void> {
    const { link, clock, signal } = this.#deps;
    const since = clock.now();
    for (;;) {
      try {
        return await this.refresh(ino);
      } catch (error) {
        await link.waitAfter(error, since, AbortSignal.any([signal, deadline]));
      }
    }
  }

  /**
   * While `work` finds its way to the folder in `path`, one level after the other, each level that is not known yet is asked for
   * at once: a first listing takes the answer of its path. `work` decides alone what becomes of it.
   */
  async withEarlyAnswers<T>(path: WirePath, work: () => Promise<T>): Promise<T> {
    const { nodes, remote, clock, signal } = this.#deps;
    if (nodes.get(rootIno)?.listedAt !== null) return work();
    for (let depth = 1; depth < path.length; depth += 1) {
      const entries = remote.fetchEntries(path.slice(0, depth), signal);
      entries.catch(() => undefined);
      this.#early.set(pathKey(path.slice(0, depth)), { entries, askedAt: clock.now() });
    }
    return work().finally(() => this.#early.clear());
  }

  /** Was it listed, with the targets of its links? */
  isKnown({ ino, listedAt }: NodeRow): boolean {
    return listedAt !== null && !this.#firstListings.has(ino);
  }

  /** Asks the server now; callers at the same time share one request. */
  refresh(ino: Ino): Promise<void> {
    return this.#flights.run(ino, async () => {
      if (this.#deps.nodes.get(ino)?.listedAt === null) this.#firstListings.add(ino);
      try {
        await this.#list(ino);
      } finally {
        this.#firstListings.delete(ino);
      }
    });
  }

  async #list(ino: Ino): Promise<void> {
    const { nodes, activity, merged, discard } = this.#deps;
    for (let asked = 0; asked < writebackLimits.listingTries; asked += 1) {
      // Nothing is known of a folder that was never listed, so the listing is waited for; whoever waits has a deadline.
      while (nodes.get(ino)?.listedAt === null && isPathTouched(nodes, activity, ino, activity.seq)) {
        await untilAborted(activity.touchEnded(), this.#deps.signal);
      }
      const path = getWirePath(nodes, ino);
      if (path === undefined) return;
      const since = activity.seq;
      const listing = await this.#fetch(ino, path, since);
      if (listing === undefined) continue;
      const result = mergeListing(this.#deps, ino, listing.listed, since, listing.askedAt);
      if (result.changes.length > 0 || result.conflicts.length > 0) merged.emit(result);
      if (result.discarded.length > 0) await discard(result.discarded);
      const onChange = (changes: MergeResult['changes']) => merged.emit({ changes, conflicts: [], discarded: [] });
      await readLinkTargets(this.#deps, ino, onChange);
      return;
    }
    // Better what is known than what may be another's; of a folder never seen nothing is known.
    if (nodes.get(ino)?.listedAt === null) throw new RemoteError('server', 'the folder is being moved');
  }

  /**
   * What the server has at `path`; undefined when the folder was moved by a push of ours meanwhile, itself or with one above
   * it: then that may be what another folder holds, which stands there now.
   */
  async #fetch(ino: Ino, path: WirePath, since: number) {
    const { nodes, activity } = this.#deps;
    const isMoved = () => isPathTouched(nodes, activity, ino, since) || !isSamePath(path, getWirePath(nodes, ino));
    try {
      const { entries, askedAt } = this.#ask(ino, path);
      const listed = await entries;
      return isMoved() ? undefined : { listed, askedAt };
    } catch (error) {
      if (isRemoteError(error, 'notFound') && isMoved()) return undefined;
      throw error;
    }
  }

  #ask(ino: Ino, path: WirePath): EarlyAnswer {
    const { nodes, remote, clock, signal } = this.#deps;
    const early = this.#early.get(pathKey(path));
    this.#early.delete(pathKey(path));
    if (early !== undefined && nodes.get(ino)?.listedAt === null) return early;
    return { entries: remote.fetchEntries(path, signal), askedAt: clock.now() };
  }

  /** The same; of a folder that is gone, the one above it is listed instead. */
  async look(ino: Ino): Promise<void> {
    try {
      await this.refresh(ino);
    } catch (error) {
      const parent = this.#deps.nodes.get(ino)?.synced?.parent;
      if (!isRemoteError(error, 'notFound') || parent === undefined) throw error;
      this.#deps.log.info('a listed folder is gone; its parent is listed', { ino });
      await this.look(parent);
    }
  }

  /** The folder was listed a moment ago, and after `notBefore` (ms), when this resolves; many callers cost one listing. */
  async ensureFresh(ino: Ino, notBefore: number): Promise<void> {
    const { nodes, clock } = this.#deps;
    const isFresh = () => {
      const listedAt = nodes.get(ino)?.listedAt ?? 0;
      // A time in the future was noted before the clock was set back: how old the listing is nobody knows.
      return listedAt > Math.max(clock.now() - writebackLimits.freshMs, notBefore) && listedAt <= clock.now();
    };
    if (!isFresh()) await this.refresh(ino);
    // The listing that was joined may have been asked for too early.
    if (!isFresh()) await this.refresh(ino);
  }

  /** Resolves when no listing is under way, whoever asked for it. */
  settled(): Promise<void> {
    return this.#flights.settled();
  }

  /** Folders looked at lately, the latest first; the poller keeps these fresh. Forgets the others. */
  getLive(): Ino[] {
    const { nodes, clock } = this.#deps;
    const oldest = clock.now() - writebackLimits.liveMs;
    for (const [ino, usedAt] of this.#usedAt) {
      const isTooMuch = this.#usedAt.size > writebackLimits.liveFolders;
      if (isTooMuch || usedAt < oldest || nodes.get(ino) === undefined) this.#usedAt.delete(ino);
    }
    return [...this.#usedAt.keys()].filter((ino) => nodes.get(ino)?.listedAt !== null).reverse();
  }

  /** The computer slept for `ms`: nobody could look at anything, and what was live still is. */
  noteSlept(ms: number): void {
    for (const [ino, usedAt] of this.#usedAt) this.#usedAt.set(ino, usedAt + ms);
  }

  /** Marks a folder as looked at. One that was not live, or was
   * listed before this start, is revalidated in the background; the poller keeps live ones. */
  noteViewed(ino: Ino): void {
    const { nodes, clock, pollMs } = this.#deps;
    const now = clock.now();
    const wasLive = now - (this.#usedAt.get(ino) ?? 0) < writebackLimits.liveMs;
    this.#usedAt.delete(ino);
    this.#usedAt.set(ino, now);
    const listedAt = nodes.get(ino)?.listedAt ?? null;
    const isRecent = listedAt !== null && listedAt > Math.max(this.#startedAt, now - pollMs()) && listedAt <= now;
    if (wasLive || listedAt === null || isRecent) return;
    void this.#revalidate(ino);
  }

  async #revalidate(ino: Ino): Promise<void> {
    const { foreground, signal, log } = this.#deps;
    try {
      await this.#behind.with(signal, async () => {
        await foreground.turn(signal);
        await this.refresh(ino);
      });
    } catch (error) {
      log.debug('revalidation failed', { ino, error });
    }
  }
}

interface EarlyAnswer {
  readonly entries: ReturnType<Remote['fetchEntries']>;
  /** ms since the epoch. */
  readonly askedAt: number;
}

/** No name has a slash in it. */
function pathKey(path: WirePath): string {
  return path.join('/');
}

/** Was this folder, or one above it, moved on the server by us after `since`, or is it just now? */
function isPathTouched(nodes: Nodes, activity: Activity, ino: Ino, since: number): boolean {
  for (let at = nodes.get(ino)?.synced; at !== null && at !== undefined; at = nodes.get(at.parent)?.synced) {
    if (activity.isTouched(at.parent, at.name, since)) return true;
  }
  return false;
}

function isSamePath(a: WirePath, b: WirePath | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((name, index) => name === b[index]);
}

async function inTime(listing: Promise<void>, deadline: AbortSignal): Promise<void> {
  try {
    await untilAborted(listing, deadline);
  } catch (error) {
    throw deadline.aborted ? new RemoteError('offline', 'the listing did not arrive in time') : error;
  }
}
