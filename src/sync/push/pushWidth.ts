import { writebackLimits } from '../tree/limits.ts';
import { laneOf, type Width } from './pushQueue.ts';
import type { FinishedPush } from './pushRunner.ts';

const { parallelPushes, quickPerTransfer, quickMs, quickSlowdown } = writebackLimits;

/**
 * How many pushes may run side by side. A person sets how many transfers there are; quick pushes, whose time is mostly the way
 * to the server and back, may be several times as many for as long as the server answers all of them as soon as it answers
 * few. Their number doubles with every round until the first sign that it is too much, and grows by one a round from then on; it
 * shrinks by a quarter when answers become slow, and by half when the server fails or cannot be reached.
 */
export class PushWidth {
  readonly #now: () => number;
  #transfers: number = parallelPushes;
  #all: number = parallelPushes;
  /** Until the first sign of too much the width doubles. */
  #isDoubling = true;
  /** The shortest that a quick push took lately, ms. */
  #shortestMs = Number.POSITIVE_INFINITY;
  /** What began before the last cut says nothing about the width of now. */
  #cutAt = Number.NEGATIVE_INFINITY;

  constructor(now: () => number) {
    this.#now = now;
  }

  get width(): Width {
    return { transfers: this.#transfers, all: Math.floor(this.#all) };
  }

  /** Transfers side by side from now on; 1: no other push runs beside one. */
  setTransfers(count: number): void {
    this.#transfers = Math.max(1, Math.trunc(count));
    this.#all = this.#transfers;
    this.#isDoubling = true;
  }

  /** A push ended; `running` are still under way. */
  note({ kind, bytes, took, outcome }: FinishedPush, running: number): void {
    if (laneOf(kind, bytes) !== 'quick') return;
    const begun = this.#now() - took;
    if (outcome === 'server' || outcome === 'offline') this.#cut(begun, 1 / 2, 1);
    if (outcome !== 'done') return;
    // The shortest time is forgotten slowly: the network may have become slower.
    this.#shortestMs = Math.min(this.#shortestMs * 1.01, Math.max(1, took));
    if (took > Math.max(quickMs, this.#shortestMs * quickSlowdown))
      this.#cut(begun, 3 / 4, Math.min(this.#all, this.#transfers));
    // Where no more than that wait, nothing is learned of what is too much.
    else if (running + 1 > this.#all / 2) this.#grow();
  }

  #grow(): void {
    const most = this.#transfers === 1 ? 1 : this.#transfers * quickPerTransfer;
    this.#all = Math.min(most, this.#all + (this.#isDoubling ? 1 : 1 / this.#all));
  }

  /** Once for all that began before. */
  #cut(begun: number, factor: number, least: number): void {
    if (begun < this.#cutAt) return;
    this.#cutAt = this.#now();
    this.#isDoubling = false;
    this.#all = Math.max(least, this.#all * factor);
  }
}
