import type { Clock } from '../../base/clock.ts';
import { createEmitter, type Emitter } from '../../base/events.ts';
import type { Log } from '../../base/log.ts';
import { inParallel } from '../../base/parallel.ts';
import { type Ino, rootIno } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import { writebackLimits } from '../tree/limits.ts';
import type { Link } from '../tree/link.ts';
import { getWirePath } from '../tree/paths.ts';
import { isRemoteError, type Remote } from '../tree/remote.ts';
import type { Folders } from './folders.ts';

export interface PollerDeps {
  readonly nodes: Nodes;
  readonly folders: Pick<Folders, 'getLive' | 'look'>;
  readonly remote: Remote;
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Finds changes made elsewhere. One device request per poll says which mountpoints moved; live folders in those are listed
 * again, and on every n-th poll all of them. Goes on while the account asks for a new sign-in: the service may
 * have refused good tokens for a while, and dead ones cost no request.
 */
export class Poller {
  readonly #deps: PollerDeps;
  readonly #hints = new Map<string, ReadonlyMap<string, string>>();
  #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #running: { readonly depth: 'full' | 'hinted'; readonly done: Promise<void> } | undefined;
  lastPollAt: number | null = null;
  /** A device or folder could not be asked about, or can be again. */
  readonly failed: Emitter<Ino>;
  readonly #failures = new Map<Ino, unknown>();

  constructor(deps: PollerDeps, intervalMs: number) {
    this.#deps = deps;
    this.failed = createEmitter((error) => deps.log.error('listener failed', { error }));
    this.#intervalMs = intervalMs;
    deps.signal.addEventListener('abort', () => clearTimeout(this.#timer));
    // What failed for want of a network is not shown as failed until the next poll.
    deps.link.changed.on((health) => {
      // Within a poll that is the answer to another of its own requests.
      if (health === 'ok' && this.#running === undefined) void this.refreshAll([...this.#failures.keys()]);
    });
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** Why the server could not be asked about a device or folder when it was tried last; undefined when it answered. */
  getFailure(ino: Ino): unknown {
    return this.#failures.get(ino);
  }

  setInterval(ms: number): void {
    this.#intervalMs = ms;
    this.start();
  }

  start(): void {
    clearTimeout(this.#timer);
    if (this.#deps.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.pollNow('hinted').finally(() => this.start());
    }, this.#intervalMs);
  }

  /** `full` lists every live folder; `hinted` only those whose mountpoint moved, except every n-th time. Never rejects. */
  async pollNow(depth: 'full' | 'hinted'): Promise<void> {
    // A full poll that was asked for is not had by waiting for a hinted one.
    if (depth === 'full' && this.#running?.depth === 'hinted') await this.#running.done;
    this.#running ??= {
      depth,
      done: this.#poll(depth).finally(() => {
        this.#running = undefined;
      }),
    };
    return this.#running.done;
  }

  /** Resolves when no poll is under way; none begins by itself once the session's signal has aborted. */
  async settled(): Promise<void> {
    await this.#running?.done;
  }

  /** Lists these folders now. Never rejects. */
  async refreshAll(folders: readonly Ino[]): Promise<void> {
    const { log, link, folders: listings } = this.#deps;
    if (link.health === 'signedOut') return;
    try {
      await inParallel(folders, writebackLimits.parallelListings, (ino) => this.#ask(ino, () => listings.look(ino)));
    } catch (error) {
      log.debug('folders named by events were not listed', { error });
    }
  }

  async #poll(depth: 'full' | 'hinted'): Promise<void> {
    const { folders, log, clock, nodes } = this.#deps;
    const full = depth === 'full' || this.#count % writebackLimits.fullPollEvery === 0;
    this.#count += 1;
    for (const ino of this.#failures.keys()) if (nodes.get(ino) === undefined) this.#failures.delete(ino);
    try {
      const moved = await this.#fetchMoved();
      const stale = folders.getLive().filter((ino) => {
        const path = getWirePath(nodes, ino);
        if (path === undefined) return false;
        return full || (path.length >= 2 && moved.has(path.slice(0, 2).join('/')));
      });
      await inParallel(stale, writebackLimits.parallelListings, (ino) => this.#ask(ino, () => folders.look(ino)));
      this.lastPollAt = clock.now();
    } catch (error) {
      log.info('poll failed', { error });
    }
  }

  /** `device/mountpoint` of everything whose size or date is not what the last poll saw. Rejects when no device answers. */
  async #fetchMoved(): Promise<Set<string>> {
    const { nodes, remote, signal, folders } = this.#deps;
    const inUse = new Set(folders.getLive().map((ino) => getWirePath(nodes, ino)?.[0]));
    const moved = new Set<string>();
    let answered = 0;
    const failures: unknown[] = [];
    for (const { ino, synced } of nodes.getChildren(rootIno)) {
      const wire = synced?.wire;
      if (wire === undefined || !inUse.has(wire)) continue;
      const now = await this.#ask(ino, () => remote.fetchHints(wire, signal));
      if (now === undefined) {
        failures.push(this.#failures.get(ino));
        continue;
      }
      answered += 1;
      const before = this.#hints.get(wire);
      for (const [mountpoint, hint] of now) {
        if (before?.get(mountpoint) !== hint) moved.add(`${wire}/${mountpoint}`);
      }
      this.#hints.set(wire, now);
    }
    if (answered === 0 && failures.length > 0) throw failures[0];
    return moved;
  }

  /**
   * Asks the server about one device or folder. A failure is that row's own, whatever it is; the others are asked all the same.
   * Rejects only when it says that nobody may ask now. undefined after a failure.
   */
  async #ask<T>(ino: Ino, request: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await request();
      if (this.#failures.delete(ino)) this.failed.emit(ino);
      return answer;
    } catch (error) {
      if (isRemoteError(error, 'signedOut') || isRemoteError(error, 'cancelled')) throw error;
      this.#deps.log.info('the server could not be asked about a device or folder', { ino, error });
      const isNews = !this.#failures.has(ino);
      this.#failures.set(ino, error);
      if (isNews) this.failed.emit(ino);
      return undefined;
    }
  }
}
