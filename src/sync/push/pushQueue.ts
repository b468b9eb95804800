import type { Push } from '../plan/planner.ts';

/** Uploads of large files, and everything else: two lanes that share what may run side by side. */
export type Lane = 'large' | 'small';

/** Pushes under way. */
export type LaneCounts = Readonly<Record<Lane, number>>;

/**
 * Planned pushes, in the order of the plan within each lane. Neither lane keeps the other waiting: large files leave a third
 * of what may run to the rest, the rest leaves one to a large file that waits, and where only one may run they take turns.
 */
export class PushQueue {
  readonly #laneOf: (push: Push) => Lane;
  #lanes: Record<Lane, Push[]> = { large: [], small: [] };
  #lastTaken: Lane = 'large';

  constructor(laneOf: (push: Push) => Lane) {
    this.#laneOf = laneOf;
  }

  get size(): number {
    return this.#lanes.large.length + this.#lanes.small.length;
  }

  clear(): void {
    this.#lanes = { large: [], small: [] };
  }

  add(pushes: readonly Push[]): void {
    for (const push of pushes) this.#lanes[this.#laneOf(push)].push(push);
  }

  /** May one of these start beside what runs, when `limit` may? */
  canTake(running: LaneCounts, limit: number): boolean {
    return this.#getOpenLanes(running, limit).length > 0;
  }

  /** The next push that may start, taken out. */
  take(running: LaneCounts, limit: number): Push | undefined {
    const open = this.#getOpenLanes(running, limit);
    const lane = open.find((each) => each !== this.#lastTaken) ?? open[0];
    if (lane === undefined) return undefined;
    this.#lastTaken = lane;
    return this.#lanes[lane].shift();
  }

  #getOpenLanes(running: LaneCounts, limit: number): Lane[] {
    if (running.large + running.small >= limit) return [];
    const isLargeWanted = running.large > 0 || this.#lanes.large.length > 0;
    const most: LaneCounts = {
      large: Math.max(1, Math.floor((limit * 2) / 3)),
      small: isLargeWanted ? Math.max(1, limit - 1) : limit,
    };
    const lanes: readonly Lane[] = ['small', 'large'];
    return lanes.filter((lane) => this.#lanes[lane].length > 0 && running[lane] < most[lane]);
  }
}
