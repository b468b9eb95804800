import type { Clock } from '../base/clock.ts';
import type { Emitter } from '../base/events.ts';
import { Flights } from '../base/flights.ts';
import type { Log } from '../base/log.ts';
import type { Ino } from '../cache/nodeRow.ts';
import { writebackLimits } from './limits.ts';
import { type MergeDeps, type MergeResult, mergeListing } from './merge.ts';
import { getWirePath } from './paths.ts';
import { type Remote, RemoteError } from './remote.ts';

export interface FoldersDeps extends MergeDeps {
  readonly remote: Remote;
  readonly clock: Clock;
  readonly log: Log;
  readonly merged: Emitter<MergeResult>;
  readonly pollMs: () => number;
  readonly signal: AbortSignal;
}

/** Listings on demand: a folder is asked for once, then shown from the database and revalidated behind the reader's back. */
export class Folders {
  readonly #deps: FoldersDeps;
  readonly #flights = new Flights<Ino, void>();
  readonly #usedAt = new Map<Ino, number>();

  constructor(deps: FoldersDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves when the folder's children are known. Waits for the network only for a folder never listed before; one listed
   * longer ago than a poll is refreshed in the background. Rejects with RemoteError when it cannot be known.
   */
  async ensureListed(ino: Ino): Promise<void> {
    const { nodes, clock, log } = this.#deps;
    const now = clock.now();
    this.#usedAt.set(ino, now);
    const row = nodes.get(ino);
    if (row === undefined) return;
    if (row.listedAt === null) {
      // A folder the server does not have yet holds just what was put into it here.
      if (row.synced === null && ino !== 1) return;
      const deadline = AbortSignal.timeout(writebackLimits.listingDeadlineMs);
      await withDeadline(this.refresh(ino), deadline);
    } else if (now - row.listedAt > this.#deps.pollMs()) {
      this.refresh(ino).catch((error) => log.debug('revalidation failed', { ino, error }));
    }
  }

  /** Asks the server now; callers at the same time share one request. */
  refresh(ino: Ino): Promise<void> {
    return this.#flights.run(ino, async () => {
      const { nodes, activity, remote, clock, merged, signal } = this.#deps;
      const path = getWirePath(nodes, ino);
      if (path === undefined) return;
      const since = activity.seq;
      const entries = await remote.fetchEntries(path, signal);
      const result = mergeListing(this.#deps, ino, entries, since, clock.now());
      if (result.changes.length > 0 || result.conflicts.length > 0) merged.emit(result);
    });
  }

  /** Folders looked at lately; the poller keeps these fresh. Forgets the others. */
  getLive(): Ino[] {
    const { nodes, clock } = this.#deps;
    const oldest = clock.now() - writebackLimits.liveMs;
    for (const [ino, usedAt] of this.#usedAt) {
      if (usedAt < oldest || nodes.get(ino) === undefined) this.#usedAt.delete(ino);
    }
    return [...this.#usedAt.keys()].filter((ino) => nodes.get(ino)?.listedAt !== null);
  }

  /** Marks a folder as looked at: a view shows it. */
  noteUse(ino: Ino): void {
    this.#usedAt.set(ino, this.#deps.clock.now());
  }
}

function withDeadline(work: Promise<void>, deadline: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    deadline.addEventListener('abort', () => reject(new RemoteError('offline', 'the listing did not arrive in time')), {
      once: true,
    });
    work.then(resolve, reject);
  });
}
