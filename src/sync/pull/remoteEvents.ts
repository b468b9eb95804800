import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { nameKey } from '../../base/nameKey.ts';
import { type Ino, rootIno } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { Activity } from '../tree/activity.ts';
import { writebackLimits } from '../tree/limits.ts';
import { isEndOfBegun } from '../tree/paths.ts';
import type { Remote } from '../tree/remote.ts';
import type { Folders } from './folders.ts';
import type { Poller } from './poller.ts';

/** What the server's event socket says is at a place. Never believed: it only tells which folder to list. */
export interface RemoteEvent {
  /** Local spelling, device first; at least one name. */
  readonly path: readonly string[];
  /** Spelling of the last name on the wire. */
  readonly wire: string;
  /** `unknown`: something happened there. */
  readonly state: 'file' | 'folder' | 'gone' | 'unknown';
  /** md5 of a file; undefined for a folder, or where it is not told. */
  readonly md5: string | undefined;
  /** Seconds since the epoch; 0 = not told. */
  readonly mtime: number;
}

export interface SightingsDeps {
  readonly nodes: Nodes;
  readonly activity: Activity;
  readonly folders: Pick<Folders, 'getLive'>;
  readonly remote: Pick<Remote, 'toKeptTime'>;
  readonly poller: Pick<Poller, 'refreshAll' | 'pollNow'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

interface Pending {
  readonly sighting: RemoteEvent;
  looks: number;
}

/**
 * Turns events into listings: has the folder of a sighting listed when what is known of that place disagrees with it. Our own
 * changes come back as events too, and agree once their push is done, so that they cost nothing. They are collected for
 * a moment, only the last one of a place counts, and a bucket of looks bounds what a storm of them can ask for.
 */
export class RemoteEvents {
  readonly #deps: SightingsDeps;
  readonly #pending = new Map<string, Pending>();
  #looksLeft: number = writebackLimits.looksAtOnce;
  #filledAt: number;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #running = false;
  /** The last look, under way or not. */
  #lastLook: Promise<void> = Promise.resolve();
  #notedMeanwhile = false;
  #missed = false;

  constructor(deps: SightingsDeps) {
    this.#deps = deps;
    this.#filledAt = deps.clock.now();
    deps.signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  note(remoteEvents: readonly RemoteEvent[]): void {
    this.#notedMeanwhile = this.#running;
    for (const sighting of this.#missed ? [] : remoteEvents) {
      const key = sighting.path.map(nameKey).join('/');
      this.#pending.set(key, { sighting, looks: 0 });
    }
    if (this.#pending.size > writebackLimits.pendingSightings) this.noteMissed();
    else this.#wakeIn(writebackLimits.gatherMs);
  }

  /** Events may have been missed: everything live is listed once. */
  noteMissed(): void {
    this.#missed = true;
    this.#pending.clear();
    this.#wakeIn(0);
  }

  /** No more events come: whether the server can be reached is found out now, not at the next poll. */
  noteLost(): void {
    void this.#deps.poller.pollNow('hinted');
  }

  #wakeIn(ms: number): void {
    const { clock, signal } = this.#deps;
    const dueAt = clock.now() + ms;
    const nothing = this.#pending.size === 0 && !this.#missed;
    if (this.#running || signal.aborted || nothing || dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => {
      this.#lastLook = this.#run();
    }, ms);
  }

  /** Resolves when no look is under way; none begins once the session's signal has aborted. */
  async settled(): Promise<void> {
    await this.#lastLook;
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#deps;
    this.#running = true;
    this.#dueAt = Number.POSITIVE_INFINITY;
    const now = clock.now();
    const { gatherMs, recheckMs, looksAtOnce, lookEveryMs, lookCost, longestLookMs } = writebackLimits;
    // The clock may have been put back.
    this.#looksLeft = Math.min(looksAtOnce, this.#looksLeft + Math.max(0, now - this.#filledAt) / lookEveryMs);
    this.#filledAt = now;
    const mayLook = this.#looksLeft >= 1;
    this.#notedMeanwhile = false;
    try {
      if (await this.#look(mayLook)) {
        const tookMs = Math.min(longestLookMs, clock.now() - now);
        this.#looksLeft -= Math.max(1, (tookMs * lookCost) / lookEveryMs);
      }
    } catch (error) {
      // The database takes nothing now. The next poll finds what was seen.
      log.warn('events could not be followed', { error });
      this.#pending.clear();
    }
    this.#running = false;
    if (!mayLook) this.#wakeIn(Math.ceil((1 - this.#looksLeft) * lookEveryMs));
    else this.#wakeIn(this.#notedMeanwhile ? gatherMs : recheckMs);
  }

  /** Answers whether anything was asked of the server. */
  async #look(mayLook: boolean): Promise<boolean> {
    const { poller } = this.#deps;
    const stale = this.#sift(mayLook);
    if (mayLook && this.#missed) {
      this.#missed = false;
      await poller.pollNow('full');
      return true;
    }
    if (stale.length > 0) await poller.refreshAll(stale);
    return stale.length > 0;
  }

  /** Drops what is settled or of no interest here; answers the folders to list, none without `mayLook`. */
  #sift(mayLook: boolean): Ino[] {
    const { nodes, activity, folders } = this.#deps;
    const live = new Set(folders.getLive());
    const disagreeing = new Map<Ino, [string, Pending][]>();
    const parents = new Map<string, Ino | undefined>();
    for (const [key, pending] of this.#pending) {
      const { path, state } = pending.sighting;
      const parent = this.#findFolder(path.slice(0, -1), parents);
      const name = path.at(-1) as string;
      // A push of ours is changing it right now, or did and was never answered: what it leaves is compared when it is done.
      const ours = (at: Ino) => activity.isTouched(at, name, activity.seq) || isEndOfBegun(nodes, at, name);
      if (parent !== undefined && ours(parent)) continue;
      // Never listed: the first look at it will see it.
      const shown = parent !== undefined && nodes.get(parent)?.listedAt !== null;
      const tries = state === 'unknown' ? 1 : writebackLimits.looksPerSighting;
      if (!shown || pending.looks >= tries || this.#agrees(parent, name, pending.sighting)) this.#pending.delete(key);
      else if (disagreeing.has(parent)) disagreeing.get(parent)?.push([key, pending]);
      else disagreeing.set(parent, [[key, pending]]);
    }
    if (!mayLook) return [];
    let idleLeft: number = writebackLimits.idleFoldersPerLook;
    const stale: Ino[] = [];
    for (const [ino, entries] of disagreeing) {
      if (live.has(ino) || idleLeft-- > 0) {
        stale.push(ino);
        for (const [, pending] of entries) pending.looks += 1;
      } else for (const [key] of entries) this.#pending.delete(key);
    }
    return stale;
  }

  #agrees(parent: Ino, name: string, { state, wire, md5, mtime }: RemoteEvent): boolean {
    const row = this.#deps.nodes.getSyncedChild(parent, name);
    const synced = row?.synced;
    if (state === 'gone') return row === undefined;
    if (row === undefined || synced === null || synced === undefined || synced.wire !== wire) return false;
    if (state === 'folder') return row.kind !== 'file';
    if (state !== 'file' || row.kind !== 'file' || synced.md5 !== md5) return false;
    return mtime === 0 || this.#deps.remote.toKeptTime(synced.mtime) === mtime;
  }

  #findFolder(path: readonly string[], found: Map<string, Ino | undefined>): Ino | undefined {
    const key = path.map(nameKey).join('/');
    if (found.has(key)) return found.get(key);
    let at: Ino | undefined = rootIno;
    for (const name of path) {
      at = this.#deps.nodes.getSyncedChild(at, name)?.ino;
      if (at === undefined) break;
    }
    found.set(key, at);
    return at;
  }
}
