import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import { createEmitter, type Emitter } from '../../base/events.ts';
import type { Log } from '../../base/log.ts';
import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import type { Xattrs } from '../../store/xattrs.ts';
import { type Push, type PushKind, plan, type StartedPush } from '../plan/planner.ts';
import { getAsideFolder } from '../plan/rings.ts';
import { isFinderCopying } from '../plan/settle.ts';
import type { Folders } from '../pull/folders.ts';
import { writebackLimits } from '../tree/limits.ts';
import type { Link } from '../tree/link.ts';
import { getLocalPath } from '../tree/paths.ts';
import { isRemoteError, RemoteError, type RemoteErrorKind } from '../tree/remote.ts';
import { runPush } from './push.ts';
import type { UploadDeps } from './upload.ts';

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

export interface RunningPush {
  readonly ino: Ino;
  readonly kind: PushKind;
  readonly path: string;
  /** Bytes. */
  readonly done: number;
  readonly total: number;
}

export interface FinishedPush {
  readonly kind: PushKind;
  readonly path: string;
  /** Bytes of the file. */
  readonly bytes: number;
  /** ms. */
  readonly took: number;
  readonly outcome: 'done' | RemoteErrorKind | 'internal';
}

interface Running extends StartedPush {
  readonly path: string;
  /** What it carries out (#getWanted). */
  readonly wanted: readonly unknown[];
  readonly controller: AbortController;
  done: number;
  total: number;
}

/** An event loop may be late by so much; a timer later than that was slept through. ms. */
const overdueMs = 1_000;

/** Refusals that stay until the user or the account changes something. */
const permanent: readonly RemoteErrorKind[] = ['quota', 'writeLocked', 'forbidden', 'invalidName', 'vanished'];

/** Of these, the ones that a change of the account can end. */
const passing: readonly string[] = ['quota', 'writeLocked'];

/**
 * Pushes pending work in the background: plans when nudged, runs a bounded number side by side, retries what passes by
 * itself, marks what does not. Holds no work of its own: everything is read from the rows, so a crash loses nothing.
 */
export class Pusher {
  readonly changed: Emitter<void>;
  /** A push ended: `outcome` is `done` or the kind of its error. */
  readonly finished: Emitter<FinishedPush>;
  readonly #deps: PusherDeps;
  readonly #running = new Map<Ino, Running>();
  readonly #retries = new Map<Ino, { failures: number; at: number }>();
  readonly #idle: (() => void)[] = [];
  #queue: Push[] = [];
  /** What the last look at everything pending took. */
  #planMs = 0;
  #timer: AbortController | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #probe = { failures: 0, at: 0 };
  #paused = false;
  #parallel: number = writebackLimits.parallelPushes;
  #draining = 0;

  constructor(deps: PusherDeps) {
    this.#deps = deps;
    const onError = (error: unknown) => deps.log.error('listener failed', { error });
    this.changed = createEmitter(onError);
    this.finished = createEmitter(onError);
    deps.link.changed.on((health) => {
      if (health === 'ok') this.retryNow();
      else this.#wake();
    });
    void this.#watchRefusals();
    deps.signal.addEventListener('abort', () => {
      this.#timer?.abort();
      for (const push of this.#running.values()) push.controller.abort();
    });
  }

  get paused(): boolean {
    return this.#paused;
  }

  getRunning(): RunningPush[] {
    return [...this.#running.values()].map(({ ino, kind, path, done, total }) => ({ ino, kind, path, done, total }));
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    if (paused) for (const push of this.#running.values()) push.controller.abort();
    this.nudge();
    this.changed.emit();
  }

  /** Changes sent side by side from now on; what runs already goes on. */
  setParallel(count: number): void {
    this.#parallel = Math.max(1, Math.trunc(count));
    this.nudge();
  }

  /** Something changed: plan soon. Cheap; callable from every file operation. */
  nudge(): void {
    const { nudgeMs, longestNudgeMs, planShare } = writebackLimits;
    this.#schedule(Math.min(longestNudgeMs, Math.max(nudgeMs, this.#planMs * planShare)));
  }

  /** Forgets back-off, so that everything is tried now: the network or the sign-in is back. */
  retryNow(): void {
    this.#retries.clear();
    this.#probe = { failures: 0, at: 0 };
    this.nudge();
  }

  /** Clears refusals too: of one node, or of all. What waits to be tried again is tried now. */
  retryFailed(ino?: Ino): void {
    const { nodes } = this.#deps;
    const failed = nodes.getFailed().filter((row) => ino === undefined || row.ino === ino);
    for (const row of failed) nodes.update(row.ino, { failure: null });
    this.retryNow();
  }

  async #watchRefusals(): Promise<void> {
    const { clock, signal } = this.#deps;
    while (!signal.aborted) {
      await clock.sleep(writebackLimits.refusalRetryMs, signal).catch(() => {});
      if (!signal.aborted) this.#retryPassing();
    }
  }

  /** Tries again what was refused for want of room or by a lock: both can end without a word. */
  #retryPassing(): void {
    const { nodes } = this.#deps;
    const refused = nodes.getFailed().filter(({ failure }) => passing.includes(failure ?? ''));
    for (const row of refused) nodes.update(row.ino, { failure: null });
    if (refused.length > 0) this.nudge();
  }

  /** When a change is tried again that failed several times in a row, ms since the epoch; undefined for all others. */
  getRetryAt(ino: Ino): number | undefined {
    const retry = this.#retries.get(ino);
    return retry !== undefined && retry.failures >= writebackLimits.toldFailures ? retry.at : undefined;
  }

  isPushing(ino: Ino): boolean {
    return this.#running.has(ino);
  }

  /** The file is being written to: an upload of its old bytes is pointless. */
  cancelUpload(ino: Ino): void {
    const push = this.#running.get(ino);
    // Only an upload: a move or removal may already be done, and must be told about.
    // Nor one whose last bytes are on their way: the server would finish it some time after what comes next.
    if (push?.kind === 'upload' && push.total - push.done > writebackLimits.lastBytes) push.controller.abort();
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
    try {
      while (!this.#isDrained()) {
        signal.throwIfAborted();
        const { health } = this.#deps.link;
        if (health !== 'ok') throw new RemoteError(health, 'the server cannot be reached');
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#idle.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
        this.nudge();
        await promise;
      }
    } finally {
      this.#draining -= 1;
    }
  }

  /** Resolves when no push is under way; pushes are aborted by the session's signal before this is called. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#idle.push(resolve);
      await promise;
    }
  }

  #wake(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #isDrained(): boolean {
    if (this.#running.size > 0) return false;
    const { pending, failed } = this.#deps.nodes.countPending();
    return pending === failed || (failed > 0 && this.#isBlocked());
  }

  /** Nothing can start, and nothing will by itself: what is left depends on refused changes. */
  #isBlocked(): boolean {
    for (let after: Ino = 0; ; ) {
      const pending = this.#deps.nodes.getPendingInos(after, writebackLimits.planRows);
      const { pushes, waits } = this.#plan(pending, this.#deps.clock.now());
      if (pushes.length > 0 || waits) return false;
      const last = pending.at(-1);
      if (last === undefined) return true;
      after = last;
    }
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
    const { link, clock, signal, log } = this.#deps;
    if (this.#paused || signal.aborted || link.health === 'signedOut') return;
    const wait = getWait(this.#probe.at, clock.now(), writebackLimits.lastProbeMs);
    if (link.health === 'offline' && wait > 0) {
      this.#schedule(wait);
      return;
    }
    // Offline, one push at a time asks whether the network is back.
    const limit = link.health === 'offline' ? 1 : this.#parallel;
    try {
      if (this.#queue.length === 0) this.#replan();
      while (this.#running.size < limit) {
        const next = this.#queue.shift();
        if (next === undefined) break;
        const [push] = this.#plan([next.ino], clock.now()).pushes;
        if (push !== undefined) this.#start(push);
        // It changed since it was planned, and no push will end and look again: a new plan tells when it may go.
        else if (this.#running.size === 0 && this.#queue.length === 0) this.nudge();
      }
    } catch (error) {
      log.error('planning failed', { error });
      this.#schedule(writebackLimits.firstRetryMs);
    }
  }

  #plan(pending: readonly Ino[], now: number) {
    const { nodes, xattrs, activity, settleMs, reach } = this.#deps;
    const isWaiting = (ino: Ino) => getWait(this.#retries.get(ino)?.at ?? 0, now, writebackLimits.lastRetryMs) > 0;
    const settle = this.#draining > 0 ? 0 : settleMs;
    const isIncomplete = (row: NodeRow) => isFinderCopying(xattrs.get(row.ino, 'com.apple.FinderInfo'));
    const common = { nodes, activity, now, settleMs: settle, running: this.#running, reach };
    return plan({ ...common, isWaiting, isIncomplete }, pending);
  }

  #replan(): void {
    const { clock } = this.#deps;
    const begun = clock.now();
    this.#planAll();
    this.#planMs = Math.max(0, clock.now() - begun);
  }

  #planAll(): void {
    for (let after: Ino = 0; ; ) {
      const pending = this.#deps.nodes.getPendingInos(after, writebackLimits.planRows);
      // One moment for both: what still waits for its next try in the plan must not be due when that is set.
      const now = this.#deps.clock.now();
      const { pushes, settlesInMs } = this.#plan(pending, now);
      this.#queue.push(...pushes);
      if (settlesInMs !== undefined) this.#schedule(settlesInMs);
      this.#scheduleRetry(now);
      const last = pending.at(-1);
      if (last === undefined || pending.length < writebackLimits.planRows || this.#queue.length > 0) return;
      after = last;
    }
  }

  #scheduleRetry(now: number): void {
    const { nodes } = this.#deps;
    for (const ino of this.#retries.keys()) if (nodes.get(ino) === undefined) this.#retries.delete(ino);
    const waits = [...this.#retries.values()]
      .map(({ at }) => getWait(at, now, writebackLimits.lastRetryMs))
      .filter((wait) => wait > 0);
    if (waits.length > 0) this.#schedule(Math.min(...waits));
  }

  #start(push: Push): void {
    const { nodes, signal, clock, log } = this.#deps;
    const row = nodes.get(push.ino);
    const controller = new AbortController();
    const path = getLocalPath(nodes, push.ino) ?? row?.name ?? '';
    const aside = row !== undefined && push.kind === 'moveAside' ? getAsideFolder(nodes, row) : undefined;
    const into = row?.begun?.parent ?? aside ?? row?.parent ?? null;
    const wanted = this.#getWanted(push.ino);
    const running: Running = { ...push, into, path, wanted, controller, done: 0, total: row?.size ?? 0 };
    this.#running.set(push.ino, running);
    const begun = clock.now();
    const finish = (outcome: FinishedPush['outcome']) =>
      this.finished.emit({ kind: push.kind, path, bytes: running.total, took: clock.now() - begun, outcome });
    this.changed.emit();
    const onProgress = (_ino: Ino, done: number, total: number) => {
      Object.assign(running, { done, total });
      this.changed.emit();
    };
    runPush({ ...this.#deps, onProgress }, push, AbortSignal.any([signal, controller.signal]))
      .then(
        async (stale) => {
          finish('done');
          // Something went to the trash: there may be room again.
          if (push.kind === 'trashFile' || push.kind === 'trashFolder') this.#retryPassing();
          this.#probe = { failures: 0, at: 0 };
          if (stale.length > 0) await this.#look(push.ino, stale);
          // One that changed nothing is planned once more, and would be at once.
          else if (row !== undefined && isDeepStrictEqual(nodes.get(push.ino), row)) this.#delay(push.ino);
          else this.#retries.delete(push.ino);
        },
        (error) => {
          // Of a node that is gone nothing is to be done any more, whatever the last step met.
          const isGone = nodes.get(push.ino) === undefined;
          if (!signal.aborted) finish(isGone ? 'cancelled' : isRemoteError(error) ? error.kind : 'internal');
          this.#noteFailure(running, error);
        },
      )
      .catch((error) => {
        // The database takes nothing now (a full disk): whatever came of the push is met again.
        log.warn('the outcome of a push could not be kept', { kind: push.kind, path, error });
        this.#schedule(this.#delay(push.ino));
      })
      .finally(() => {
        this.#running.delete(push.ino);
        this.changed.emit();
        this.#wake();
        // Not at once: pushes that end without a request would follow each other and let nothing else have its turn.
        setImmediate(() => this.#fill());
      });
  }

  /** The node is not planned again before some time has passed, longer each time; answers how long, ms. */
  #delay(ino: Ino): number {
    const { clock, random } = this.#deps;
    const next = backOff(this.#retries.get(ino)?.failures ?? 0, clock.now(), random, 'retry');
    this.#retries.set(ino, next);
    return next.at - clock.now();
  }

  /** Lists folders that turned out otherwise than known, before the node is planned again: at once, then with patience. */
  async #look(ino: Ino, stale: readonly Ino[]): Promise<void> {
    const { folders, clock, random, log } = this.#deps;
    const failures = this.#retries.get(ino)?.failures ?? 0;
    const next = backOff(failures, clock.now(), random, 'retry');
    this.#retries.set(ino, failures === 0 ? { failures: 1, at: 0 } : next);
    for (const folder of new Set(stale)) {
      await folders.look(folder).catch((error) => log.info('a folder that changed could not be listed', { error }));
    }
  }

  /** Equal as long as nobody changes the node here. */
  #getWanted(ino: Ino): readonly unknown[] {
    const row = this.#deps.nodes.get(ino);
    return [row?.parent, row?.name, row?.md5, row?.staging, this.#deps.activity.changedAt(ino)];
  }

  #noteFailure(push: Running, error: unknown): void {
    const { path } = push;
    const { nodes, log, clock, folders, random, signal, activity } = this.#deps;
    if (signal.aborted || isRemoteError(error, 'cancelled') || isRemoteError(error, 'signedOut')) {
      if (isRemoteError(error, 'cancelled')) activity.noteChange(push.ino);
      return;
    }
    if (isRemoteError(error, 'offline')) {
      this.#probe = backOff(this.#probe.failures, clock.now(), random, 'probe');
      this.#schedule(this.#probe.at - clock.now());
      return;
    }
    const row = nodes.get(push.ino);
    if (row === undefined) return;
    if (isRemoteError(error) && permanent.includes(error.kind)) {
      // What was changed since then may be taken: it is planned again.
      if (!isDeepStrictEqual(this.#getWanted(push.ino), push.wanted)) return;
      log.warn('the server refused a change; it is kept', { kind: push.kind, path, error });
      nodes.update(push.ino, { failure: error.kind });
      return;
    }
    const inMs = this.#delay(push.ino);
    log.warn('push failed, will be tried again', { kind: push.kind, path, inMs, error });
    this.#schedule(inMs);
    const moved = isRemoteError(error, 'notFound') || isRemoteError(error, 'conflict');
    const stale = new Set([row.parent, row.synced?.parent]);
    for (const folder of moved ? stale : []) {
      if (folder !== undefined && folder !== null)
        folders.look(folder).catch((e) => log.info('listing failed', { error: e }));
    }
  }
}

/** ms until `at`; 0 when that is further off than any wait is set: the clock was put back. */
function getWait(at: number, now: number, longest: number): number {
  return at - now > longest ? 0 : at - now;
}

/** Doubled wait with jitter of a quarter. */
function backOff(failures: number, now: number, random: () => number, kind: 'retry' | 'probe') {
  const [first, last] =
    kind === 'retry'
      ? [writebackLimits.firstRetryMs, writebackLimits.lastRetryMs]
      : [writebackLimits.firstProbeMs, writebackLimits.lastProbeMs];
  const wait = Math.min(last, first * 2 ** failures);
  return { failures: failures + 1, at: now + wait * (0.75 + random() / 4) };
}
