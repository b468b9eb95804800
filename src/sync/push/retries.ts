import { doubledWait } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Ino } from '../../store/nodeRow.ts';
import { writebackLimits } from '../tree/limits.ts';

interface Retry {
  readonly failures: number;
  /** ms since the epoch. */
  readonly at: number;
}

const { firstRetryMs, lastRetryMs, firstProbeMs, lastProbeMs, toldFailures } = writebackLimits;

/** When what failed is tried again: each node by itself, and the network by one probe at a time. Waits double, with jitter. */
export class Retries {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #ofNode = new Map<Ino, Retry>();
  #ofNetwork: Retry = { failures: 0, at: 0 };

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The node is not planned again before some time has passed, longer each time; answers how long, ms. */
  delay(ino: Ino): number {
    const next = this.#backOff(this.#ofNode.get(ino), firstRetryMs, lastRetryMs);
    this.#ofNode.set(ino, next);
    return next.at - this.#clock.now();
  }

  /** Like `delay`, but after its first failure the node may be planned at once. */
  delayUnlessFirst(ino: Ino): void {
    if (this.#ofNode.has(ino)) this.delay(ino);
    else this.#ofNode.set(ino, { failures: 1, at: 0 });
  }

  isWaiting(ino: Ino, now: number): boolean {
    return getWait(this.#ofNode.get(ino)?.at ?? 0, now, lastRetryMs) > 0;
  }

  /** ms until the first node that waits at `now` is due; undefined when none waits. */
  getNextInMs(now: number): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#ofNode.values()) {
      const wait = getWait(at, now, lastRetryMs);
      if (wait > 0) next = Math.min(next ?? wait, wait);
    }
    return next;
  }

  /** When a node is tried again that failed several times in a row, ms since the epoch; undefined for all others. */
  getToldAt(ino: Ino): number | undefined {
    const retry = this.#ofNode.get(ino);
    return retry !== undefined && retry.failures >= toldFailures ? retry.at : undefined;
  }

  /** Forgets the nodes for which nothing is to be done any more. */
  forgetAll(isGone: (ino: Ino) => boolean): void {
    for (const ino of this.#ofNode.keys()) if (isGone(ino)) this.#ofNode.delete(ino);
  }

  forget(ino: Ino): void {
    this.#ofNode.delete(ino);
  }

  /** The network is not asked again before some time has passed, longer each time; answers how long, ms. */
  delayNetwork(): number {
    this.#ofNetwork = this.#backOff(this.#ofNetwork, firstProbeMs, lastProbeMs);
    return this.#ofNetwork.at - this.#clock.now();
  }

  /** ms until the network may be asked again. */
  getNetworkWaitMs(): number {
    return getWait(this.#ofNetwork.at, this.#clock.now(), lastProbeMs);
  }

  forgetNetwork(): void {
    this.#ofNetwork = { failures: 0, at: 0 };
  }

  /** Something was answered: all of it is due. Only a push that ends well forgets how often the network failed pushes. */
  makeDue(): void {
    this.#ofNode.clear();
    this.#ofNetwork = { ...this.#ofNetwork, at: 0 };
  }

  clear(): void {
    this.#ofNode.clear();
    this.forgetNetwork();
  }

  #backOff(before: Retry | undefined, first: number, last: number): Retry {
    const failures = (before?.failures ?? 0) + 1;
    const wait = doubledWait(failures, first, last);
    return { failures, at: this.#clock.now() + wait * (0.75 + this.#random() / 4) };
  }
}

/** ms until `at`; 0 when that is further off than any wait is set: the clock was put back. */
function getWait(at: number, now: number, longest: number): number {
  return at - now > longest ? 0 : at - now;
}
