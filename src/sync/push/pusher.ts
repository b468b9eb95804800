import type { Clock } from '../../base/clock.ts';
import type { Emitter } from '../../base/events.ts';
import type { Log } from '../../base/log.ts';
import type { Ino } from '../../store/nodeRow.ts';
import type { Xattrs } from '../../store/xattrs.ts';
import type { Folders } from '../pull/folders.ts';
import { writebackLimits } from '../tree/limits.ts';
import type { Link } from '../tree/link.ts';
import { RemoteError } from '../tree/remote.ts';
import { Agenda } from './agenda.ts';
import { mayPass } from './failures.ts';
import type { Width } from './pushQueue.ts';
import { type FinishedPush, PushRunner, type RunningPush } from './pushRunner.ts';
import { PushWidth } from './pushWidth.ts';
import { Retries } from './retries.ts';
import type { UploadDeps } from './upload.ts';

export type { FinishedPush, RunningPush } from './pushRunner.ts';

export interface PusherDeps extends Omit<UploadDeps, 'onProgress'> {
  readonly xattrs: Xattrs;
  readonly folders: Folders;
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly settleMs: number;
  readonly signal: AbortSignal;
}

/** A timer that is later than this was set before the computer slept. ms. */
const overdueMs = 1_000;

/** Noted in place of a refusal: only the person who stopped the transfer lets it go on. */
const stopped = 'stopped';

/**
 * Pushes pending work in the background: when nudged, has what goes next decided (Agenda), runs as many side by side as the
 * server bears (PushWidth, PushRunner), tries again what passes by itself (Retries). Holds no work of its own: everything is
 * read from the rows, so a crash loses nothing.
 */
export class Pusher {
  readonly changed: Emitter<void>;
  /** A push ended: `outcome` is `done` or the kind of its error. */
  readonly finished: Emitter<FinishedPush>;
  readonly #deps: PusherDeps;
  readonly #runner: PushRunner;
  readonly #retries: Retries;
  readonly #agenda: Agenda;
  readonly #width: PushWidth;
  readonly #idle: (() => void)[] = [];
  #timer: AbortController | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #paused = false;
  #draining = 0;

  constructor(deps: PusherDeps) {
    this.#deps = deps;
    this.#retries = new Retries(deps.clock, deps.random);
    this.#runner = new PushRunner({
      ...deps,
      retries: this.#retries,
      now: () => deps.clock.now(),
      planIn: (ms) => this.#schedule(ms),
      onRoom: () => this.retryPassing(),
      onEnd: () => {
        this.#wake();
        // In a later turn: pushes that end without a request would follow each other and let nothing else run.
        setImmediate(() => this.#fill());
      },
    });
    const getSettleMs = () => (this.#draining > 0 ? 0 : deps.settleMs);
    this.#agenda = new Agenda({ ...deps, retries: this.#retries, runner: this.#runner, getSettleMs });
    this.#width = new PushWidth(() => deps.clock.now());
    this.changed = this.#runner.changed;
    this.finished = this.#runner.finished;
    this.finished.on((push) => this.#width.note(push, this.#runner.running.size - 1));
    deps.link.changed.on((health) => {
      if (health !== 'ok') return this.#wake();
      this.#retries.makeDue();
      this.nudge();
    });
    void this.#watchRefusals();
    deps.signal.addEventListener('abort', () => this.#timer?.abort());
  }

  get paused(): boolean {
    return this.#paused;
  }

  getRunning(): RunningPush[] {
    return this.#runner.list();
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    if (paused) this.#runner.abortAll();
    this.nudge();
    this.changed.emit();
  }

  /** Files sent side by side from now on (pushWidth.ts); what runs already goes on. */
  setParallel(count: number): void {
    this.#width.setTransfers(count);
    this.nudge();
  }

  /** Something changed: plan soon. Cheap; callable from every file operation. */
  nudge(): void {
    this.#schedule(Math.max(writebackLimits.nudgeMs, this.#agenda.restMs));
  }

  /** Forgets back-off, so that everything is tried now: somebody asks for it. */
  retryNow(): void {
    this.#retries.clear();
    this.nudge();
  }

  /** Clears refusals too: of one node, or of all. What waits to be tried again is tried now. */
  retryFailed(ino?: Ino): void {
    const { nodes } = this.#deps;
    const failed = nodes.getFailed().filter((row) => ino === undefined || row.ino === ino);
    for (const row of failed) nodes.update(row.ino, { failure: null });
    this.retryNow();
  }

  /** Somebody does not want this upload now: it waits as a refused one does. One whose last bytes are on their way ends. */
  stop(ino: Ino): void {
    const { nodes } = this.#deps;
    const row = nodes.get(ino);
    if (row?.kind !== 'file' || row.failure !== null) return;
    // It may be up by the time that somebody's click gets here.
    if (nodes.getPending(ino - 1, 1)[0]?.ino !== ino) return;
    if (this.isPushing(ino) && !this.#runner.cancelUpload(ino)) return;
    nodes.update(ino, { failure: stopped });
    this.changed.emit();
  }

  async #watchRefusals(): Promise<void> {
    const { clock, signal, log } = this.#deps;
    while (!signal.aborted) {
      await clock.sleep(writebackLimits.refusalRetryMs, signal).catch(() => {});
      try {
        if (!signal.aborted) this.retryPassing();
      } catch (error) {
        // The database takes nothing now (a full disk): they are tried again the next time.
        log.warn('refused changes were not tried again', { error });
      }
    }
  }

  /** Was something refused for want of room? */
  get wantsRoom(): boolean {
    return this.#deps.nodes.getFailed().some(({ failure }) => failure === 'quota');
  }

  /** Tries again what was refused for want of room or by a lock: both can end without the drive being told. */
  retryPassing(): void {
    const { nodes } = this.#deps;
    const refused = nodes.getFailed().filter(({ failure }) => mayPass(failure));
    for (const row of refused) nodes.update(row.ino, { failure: null });
    if (refused.length > 0) this.nudge();
  }

  /** When a change is tried again that failed several times in a row, ms since the epoch; undefined for all others. */
  getRetryAt(ino: Ino): number | undefined {
    return this.#retries.getToldAt(ino);
  }

  isPushing(ino: Ino): boolean {
    return this.#runner.running.has(ino);
  }

  /** The file is being written to: an upload of its old bytes is pointless. */
  cancelUpload(ino: Ino): void {
    this.#runner.cancelUpload(ino);
  }

  /**
   * Resolves when nothing is pending but refused changes and what waits for them; settle times are skipped meanwhile.
   * Rejects with RemoteError `offline` or `signedOut` as soon as waiting is pointless, with the session's reason when it
   * ends; the work stays pending.
   */
  async drain(caller: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([caller, this.#deps.signal]);
    this.#draining += 1;
    this.retryNow();
    const wake = () => this.#wake();
    signal.addEventListener('abort', wake);
    try {
      while (!this.#isDrained()) {
        signal.throwIfAborted();
        const { health } = this.#deps.link;
        if (health !== 'ok') throw new RemoteError(health, 'the server cannot be reached');
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#idle.push(resolve);
        this.nudge();
        await promise;
      }
    } finally {
      signal.removeEventListener('abort', wake);
      this.#draining -= 1;
    }
  }

  /** Resolves when no push is under way; pushes are aborted by the session's signal before this is called. */
  async settled(): Promise<void> {
    while (this.#runner.running.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#idle.push(resolve);
      await promise;
    }
  }

  #wake(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #isDrained(): boolean {
    if (this.#runner.running.size > 0) return false;
    const { pending, failed } = this.#deps.nodes.countPending();
    return pending === failed || (failed > 0 && this.#agenda.isBlocked());
  }

  #schedule(ms: number): void {
    const { clock, signal } = this.#deps;
    const now = clock.now();
    const at = now + ms;
    // A timer that should have come long ago was slept through, and comes as late as it was set.
    const overdue = this.#timerAt < now - overdueMs;
    if (signal.aborted || (at >= this.#timerAt && !overdue)) return;
    this.#timer?.abort();
    const timer = new AbortController();
    this.#timer = timer;
    this.#timerAt = at;
    clock.sleep(ms, timer.signal).then(
      () => {
        this.#timerAt = Number.POSITIVE_INFINITY;
        this.#fill();
      },
      () => {},
    );
  }

  #fill(): void {
    const { link, signal, log } = this.#deps;
    if (this.#paused || signal.aborted || link.health === 'signedOut') return;
    const wait = this.#retries.getNetworkWaitMs();
    if (link.health === 'offline' && wait > 0) {
      this.#schedule(wait);
      return;
    }
    // Offline, one push at a time asks whether the network is back.
    const width = this.#makeWay(link.health === 'offline' ? { transfers: 1, all: 1 } : this.#width.width);
    if (width.all === 0) return;
    try {
      const dueInMs = this.#agenda.look(width);
      if (dueInMs !== undefined) this.#schedule(dueInMs);
      this.#startAll(width);
    } catch (error) {
      log.error('planning failed', { error });
      this.#schedule(writebackLimits.firstRetryMs);
    }
  }

  /**
   * How many may run side by side when this look is over. Where somebody is busy with files, and nobody waits for the drain,
   * one starts at a time and the next look comes with the next turn; 0: that is not yet.
   */
  #makeWay(most: Width): Width {
    const { foreground } = this.#deps;
    if (this.#draining > 0 || !foreground.isBusy) return most;
    const waitMs = foreground.tryTurn();
    this.#schedule(Math.max(waitMs, writebackLimits.nudgeMs));
    return { ...most, all: waitMs > 0 ? 0 : Math.min(most.all, this.#runner.running.size + 1) };
  }

  #startAll(width: Width): void {
    for (let push = this.#agenda.take(width); push !== undefined; push = this.#agenda.take(width)) {
      this.#runner.start(push);
    }
    // Not with the next push that ends: what runs may be one large file.
    if (this.#agenda.mayLackSome && this.#runner.running.size < width.all) this.nudge();
  }
}
