import { doubledWait } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { inParallel } from '../../base/parallel.ts';
import type { ContentReader } from '../../content/contentReader.ts';
import type { ContentStore } from '../../content/contentStore.ts';
import type { Ino } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { PinnedContent, Pins } from '../../store/pins.ts';
import type { Folders } from '../../sync/pull/folders.ts';
import { writebackLimits } from '../../sync/tree/limits.ts';
import { getLocalPath } from '../../sync/tree/paths.ts';
import { isRemoteError } from '../../sync/tree/remote.ts';
import type { Jobs } from '../windows/jobs.ts';

export interface PinKeeperDeps {
  readonly pins: Pins;
  readonly nodes: Nodes;
  readonly store: ContentStore;
  readonly reader: ContentReader;
  readonly folders: Pick<Folders, 'refresh' | 'noteViewed'>;
  readonly jobs: Jobs;
  /** May something be downloaded now? Not while transfers are paused or the server is out of reach. */
  readonly mayFetch: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Changes of this long are looked at together. ms. */
const gatherMs = 300;
/** A pass that failed, for want of a network or of room mostly, is tried again after this. ms. */
const retryMs = 30_000;
/** A content that failed while the server could be reached waits longer each time, at most so long. ms. */
const longestRetryMs = 2 * 3_600_000;
/** Pinned folders are marked as looked at this often, so that the poller keeps listing them. ms. */
const passMs = writebackLimits.liveMs / 2;
/** Whole contents at a time; each is several requests. */
const parallelDownloads = 2;

/**
 * Keeps what is kept offline (Keep Offline): lists pinned folders, holds their content in the cache, downloads what is
 * missing, and does so again when anything changed. One pass at a time.
 */
export class PinKeeper {
  readonly #deps: PinKeeperDeps;
  /** Folders listed since this start. */
  readonly #listed = new Set<Ino>();
  /** By md5: contents that failed by themselves, and when each is asked for again. */
  readonly #failed = new Map<string, { readonly failures: number; readonly at: number }>();
  #sleep: AbortController | undefined;
  /** Contents that the last pass left out, because the disk has no room for them. */
  #withoutRoom = 0;
  #running = false;
  /** The last pass, under way or not. */
  #lastPass: Promise<void> = Promise.resolve();
  #again = false;

  constructor(deps: PinKeeperDeps) {
    this.#deps = deps;
    this.update();
  }

  /** Pins or the tree changed: what is pinned is spared from now on, what is missing comes soon. */
  nudge(): void {
    this.#again = true;
    this.#wake(gatherMs);
  }

  /** Tells the content store what is pinned, now. */
  update(): readonly PinnedContent[] {
    const contents = this.#deps.pins.isEmpty() ? [] : this.#deps.pins.getContents();
    this.#deps.store.setPinned(new Set(contents.map(({ md5 }) => md5)));
    return contents;
  }

  #wake(ms: number): void {
    const { clock, signal } = this.#deps;
    if (this.#running || signal.aborted) return;
    this.#sleep?.abort();
    const sleep = new AbortController();
    this.#sleep = sleep;
    clock.sleep(ms, AbortSignal.any([signal, sleep.signal])).then(
      () => {
        this.#lastPass = this.#pass();
      },
      () => {},
    );
  }

  /** Resolves when no pass is under way; none begins once the session's signal has aborted. */
  async settled(): Promise<void> {
    await this.#lastPass;
  }

  async #pass(): Promise<void> {
    const { pins, log, signal } = this.#deps;
    this.#running = true;
    this.#again = false;
    let complete = false;
    try {
      const isListed = pins.isEmpty() || !this.#deps.mayFetch() || (await this.#listFolders());
      complete = (await this.#fetchMissing(this.update())) && isListed;
    } catch (error) {
      if (!signal.aborted) log.info('folders kept offline could not be listed', { error });
    } finally {
      this.#running = false;
    }
    this.#wake(this.#again ? gatherMs : complete ? passMs : retryMs);
  }

  /** Lists every pinned folder once per start, those found on the way too, and keeps them live. */
  async #listFolders(): Promise<boolean> {
    const { pins, nodes, folders, log, signal } = this.#deps;
    const failed = new Set<Ino>();
    for (;;) {
      const all = pins.getFolders();
      for (const ino of all) if (this.#listed.has(ino)) folders.noteViewed(ino);
      const unlisted = all.filter(
        (ino) => !this.#listed.has(ino) && !failed.has(ino) && nodes.get(ino)?.synced !== null,
      );
      if (unlisted.length === 0) return failed.size === 0;
      await inParallel(unlisted, writebackLimits.parallelListings, async (ino) => {
        await this.#listFolder(ino).catch((error) => {
          if (signal.aborted || !this.#deps.mayFetch()) throw error;
          log.info('a folder kept offline could not be listed', { ino, error });
          failed.add(ino);
        });
      });
    }
  }

  async #listFolder(ino: Ino): Promise<void> {
    try {
      await this.#deps.folders.refresh(ino);
    } catch (error) {
      // Gone from the server: the listing of the folder above will show that.
      if (!isRemoteError(error, 'notFound')) throw error;
    }
    this.#listed.add(ino);
  }

  /** A content that fails does not keep the others from coming. True when all are there. */
  async #fetchMissing(contents: readonly PinnedContent[]): Promise<boolean> {
    const { reader, store, signal, mayFetch, log, clock } = this.#deps;
    const wanted = new Set(contents.map(({ md5 }) => md5));
    for (const md5 of this.#failed.keys()) if (!wanted.has(md5)) this.#failed.delete(md5);
    const missing = contents.filter((content) => !reader.isLocal(content));
    let complete = true;
    let withoutRoom = 0;
    await inParallel(missing, parallelDownloads, async (content) => {
      const at = this.#failed.get(content.md5)?.at ?? 0;
      // Further off than any wait: the clock was set back.
      const waits = at > clock.now() && at <= clock.now() + longestRetryMs;
      if (!mayFetch() || signal.aborted || waits) {
        complete = false;
        return;
      }
      try {
        if (await store.canKeep(content.md5, content.size)) await this.#fetchOne(content);
        else withoutRoom += 1;
      } catch (error) {
        if (!signal.aborted) log.info('content kept offline did not come', { md5: content.md5, error });
        if (mayFetch()) await this.#noteFailure(content, error);
      }
      if (reader.isLocal(content)) this.#failed.delete(content.md5);
      else complete = false;
    });
    if (withoutRoom > 0 && this.#withoutRoom === 0) log.warn('no room for files kept offline', { files: withoutRoom });
    this.#withoutRoom = withoutRoom;
    return complete;
  }

  async #noteFailure({ md5, ino }: PinnedContent, error: unknown): Promise<void> {
    const { nodes, folders, clock } = this.#deps;
    const failures = (this.#failed.get(md5)?.failures ?? 0) + 1;
    this.#failed.set(md5, { failures, at: clock.now() + doubledWait(failures, retryMs, longestRetryMs) });
    // Nobody may look at the folder of a file that is pinned alone.
    const parent = nodes.get(ino)?.synced?.parent;
    if (isRemoteError(error, 'vanished') && parent !== undefined) await folders.refresh(parent).catch(() => undefined);
  }

  #fetchOne(content: PinnedContent): Promise<void> {
    const { reader, nodes, jobs, signal } = this.#deps;
    const path = getLocalPath(nodes, content.ino) ?? '';
    return jobs.run({ kind: 'download', path, total: content.size, canStop: false }, (report) =>
      reader.fetchWhole(content, signal, report),
    );
  }
}
