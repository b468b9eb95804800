import type { PushKind } from '../plan/decide.ts';
import type { Push } from '../plan/planner.ts';
import { writebackLimits } from '../tree/limits.ts';

/** Changes whose time is the way to the server and back, uploads of large files, and all other uploads. */
export type Lane = 'quick' | 'medium' | 'large';

/** Pushes under way. */
export type LaneCounts = Readonly<Record<Lane, number>>;

/** What may run side by side: `all`, and of them `transfers` that are not quick. */
export interface Width {
  readonly transfers: number;
  readonly all: number;
}

/** `bytes`: of the file. */
export function laneOf(kind: PushKind, bytes: number): Lane {
  if (kind !== 'upload' || bytes < writebackLimits.quickBytes) return 'quick';
  return bytes < writebackLimits.largeBytes ? 'medium' : 'large';
}

/**
 * Planned pushes, in the order of the plan within each lane. No lane keeps another waiting: each leaves one place to every
 * other that has something to do, large files leave a third of the transfers, and where only one may run they take turns.
 */
export class PushQueue {
  readonly #laneOf: (push: Push) => Lane;
  #lanes: Record<Lane, Push[]> = emptyLanes();
  #lastTaken: Lane = 'large';

  constructor(laneOf: (push: Push) => Lane) {
    this.#laneOf = laneOf;
  }

  clear(): void {
    this.#lanes = emptyLanes();
  }

  add(pushes: readonly Push[]): void {
    for (const push of pushes) this.#lanes[this.#laneOf(push)].push(push);
  }

  /** May one of these start beside what runs? */
  canTake(running: LaneCounts, width: Width): boolean {
    return this.#getOpenLanes(running, width).length > 0;
  }

  /** The next push that may start, taken out. */
  take(running: LaneCounts, width: Width): Push | undefined {
    const open = this.#getOpenLanes(running, width);
    const lane = open.find((each) => lanes.indexOf(each) > lanes.indexOf(this.#lastTaken)) ?? open[0];
    if (lane === undefined) return undefined;
    this.#lastTaken = lane;
    return this.#lanes[lane].shift();
  }

  #getOpenLanes(running: LaneCounts, { transfers, all }: Width): Lane[] {
    if (running.quick + running.medium + running.large >= all) return [];
    const areTransfersFull = running.medium + running.large >= transfers;
    const most: LaneCounts = {
      quick: all - this.#countOthers('quick', running),
      medium: transfers - this.#countOthers('medium', running),
      large: Math.floor((transfers * 2) / 3),
    };
    return lanes.filter((lane) => {
      if (this.#lanes[lane].length === 0 || (lane !== 'quick' && areTransfersFull)) return false;
      return running[lane] < Math.max(1, most[lane]);
    });
  }

  /** Other lanes that have something to do. */
  #countOthers(lane: Lane, running: LaneCounts): number {
    return lanes.filter((other) => other !== lane && running[other] + this.#lanes[other].length > 0).length;
  }
}

const lanes: readonly Lane[] = ['quick', 'medium', 'large'];

function emptyLanes(): Record<Lane, Push[]> {
  return { quick: [], medium: [], large: [] };
}
