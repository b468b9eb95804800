import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { Xattrs } from '../../store/xattrs.ts';
import { type Plan, type Push, plan, type StartedPush } from '../plan/planner.ts';
import { isFinderCopying } from '../plan/quietTime.ts';
import type { Activity } from '../tree/activity.ts';
import type { FaultPoint } from '../tree/faultPoints.ts';
import { writebackLimits } from '../tree/limits.ts';
import { type LaneCounts, laneOf, PushQueue, type Width } from './pushQueue.ts';
import type { Retries } from './retries.ts';

export interface AgendaDeps {
  readonly nodes: Nodes;
  readonly xattrs: Xattrs;
  readonly activity: Activity;
  readonly retries: Retries;
  readonly clock: Clock;
  readonly log: Log;
  readonly faultPoint: (point: FaultPoint) => void;
  /** Quiet time of what was changed, ms. Asked anew each time: nothing settles while somebody waits for a drain. */
  readonly getSettleMs: () => number;
  /** The pushes that run. */
  readonly runner: { readonly running: ReadonlyMap<Ino, StartedPush>; readonly counts: LaneCounts };
}

/**
 * What is to be pushed next. Decides, and starts nothing: looks through what is pending (planner.ts), keeps what it found in
 * a queue, and looks at each again before it hands it out, since much may have changed meanwhile.
 */
export class Agenda {
  readonly #deps: AgendaDeps;
  readonly #queue: PushQueue;
  readonly #removable = new Map<Ino, boolean>();
  /** ms that the last look at everything pending took, and when it ended. */
  #lookMs = 0;
  #lookedAt = 0;
  #mayLackSome = false;

  constructor(deps: AgendaDeps) {
    this.#deps = deps;
    this.#queue = new PushQueue((push) => laneOf(push.kind, deps.nodes.get(push.ino)?.size ?? 0));
  }

  /** How long nothing is looked at after the last look, ms. */
  get restMs(): number {
    return Math.min(writebackLimits.longestNudgeMs, this.#lookMs * writebackLimits.planShare);
  }

  /** What could start may be missing from the queue: not all was looked at for it, or some of it has changed since. */
  get mayLackSome(): boolean {
    return this.#mayLackSome;
  }

  /**
   * Looks at everything pending until something is found that may start beside what runs, unless there is such already. Answers
   * when the next look is due, ms; undefined when only a change or the end of a push gives a reason for one.
   */
  look(width: Width): number | undefined {
    const { clock, nodes, retries, runner } = this.#deps;
    const { counts } = runner;
    this.#mayLackSome = true;
    if (this.#queue.canTake(counts, width) || runner.running.size >= width.all) return undefined;
    const restMs = this.#lookedAt + this.restMs - clock.now();
    // A rest that is longer than the whole wait shows that the clock was set back.
    if (restMs > 0 && restMs <= this.restMs) return restMs;
    const begun = clock.now();
    this.#queue.clear();
    retries.forgetAll((ino) => nodes.get(ino) === undefined);
    this.#removable.clear();
    const dueInMs = this.#planUntilFull(counts, width);
    this.#lookedAt = clock.now();
    this.#lookMs = Math.max(0, this.#lookedAt - begun);
    return dueInMs;
  }

  #planUntilFull(counts: LaneCounts, width: Width): number | undefined {
    const { clock, nodes, retries } = this.#deps;
    let dueInMs: number | undefined;
    for (let after: Ino = 0; ; ) {
      const pending = nodes.getPendingInos(after, writebackLimits.planRows);
      // One moment for both: what still waits for its next try in the plan must not be due when that is set.
      const now = clock.now();
      const { pushes, settlesInMs } = this.#plan(pending, now);
      this.#queue.add(pushes);
      dueInMs = earliest(dueInMs, settlesInMs, retries.getNextInMs(now));
      const last = pending.at(-1);
      this.#mayLackSome = last !== undefined && pending.length === writebackLimits.planRows;
      if (last === undefined || !this.#mayLackSome) return dueInMs;
      if (this.#queue.canTake(counts, width)) return dueInMs;
      after = last;
    }
  }

  /** The next push that may start beside what runs. */
  take(width: Width): Push | undefined {
    const { clock, runner } = this.#deps;
    this.#keepUnremovable();
    for (;;) {
      const next = this.#queue.take(runner.counts, width);
      if (next === undefined) return undefined;
      const [push] = this.#plan([next.ino], clock.now()).pushes;
      if (push !== undefined) return push;
      this.#mayLackSome = true;
    }
  }

  /** Nothing can start, and nothing will by itself: what is left depends on refused changes. */
  isBlocked(): boolean {
    const { nodes, clock } = this.#deps;
    this.#removable.clear();
    for (let after: Ino = 0; ; ) {
      const pending = nodes.getPendingInos(after, writebackLimits.planRows);
      const { pushes, waits } = this.#plan(pending, clock.now());
      if (pushes.length > 0 || waits) return false;
      const last = pending.at(-1);
      if (last === undefined) return true;
      after = last;
    }
  }

  /** A folder that cannot go yet is looked at again by the next whole look; one that can may have got something new in it. */
  #keepUnremovable(): void {
    for (const [ino, isRemovable] of this.#removable) if (isRemovable) this.#removable.delete(ino);
  }

  #plan(pending: readonly Ino[], now: number): Plan {
    const { nodes, xattrs, activity, retries, runner, getSettleMs, faultPoint } = this.#deps;
    const isWaiting = (ino: Ino) => retries.isWaiting(ino, now);
    const isIncomplete = (row: NodeRow) => isFinderCopying(xattrs.get(row.ino, 'com.apple.FinderInfo'));
    const setAside = (ino: Ino, error: unknown) => this.#setAside(ino, error);
    const common = { nodes, activity, now, settleMs: getSettleMs(), running: runner.running, faultPoint, setAside };
    return plan({ ...common, isWaiting, isIncomplete, removable: this.#removable }, pending);
  }

  #setAside(ino: Ino, error: unknown): void {
    const { nodes, log, retries } = this.#deps;
    log.error('a change cannot be planned and is set aside', { ino, error });
    try {
      nodes.update(ino, { failure: 'internal' });
    } catch (failure) {
      log.error('it cannot be marked either, and is tried again', { ino, error: failure });
      retries.delay(ino);
    }
  }
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
