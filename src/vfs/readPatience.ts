import { vfsLimits } from './limits.ts';

/**
 * How long reads of one open inode may wait. The kernel asks once more for what a failed readahead has not brought: that is
 * the same read(2), and goes on with what is left of the time of the first try, not with all of it again.
 */
export class ReadPatience {
  readonly #now: () => number;
  /** When the first of the reads began that failed lately, and when the last of them failed; ms of `now`. */
  #failing: { readonly since: number; readonly until: number } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** ms that a read which begins now may wait. */
  getWaitMs(): number {
    const { readDeadlineMs, lastReadMs } = vfsLimits;
    const first = this.#getSameRead();
    // The kernel's second try, which may find the bytes here by now, still has a moment.
    if (first === undefined) return readDeadlineMs - lastReadMs;
    return Math.max(lastReadMs, first.since + readDeadlineMs - this.#now());
  }

  /** A read that began at `begunAt` has failed just now. */
  noteFailure(begunAt: number): void {
    this.#failing = { since: this.#getSameRead()?.since ?? begunAt, until: this.#now() };
  }

  #getSameRead() {
    const now = this.#now();
    const failing = this.#failing;
    const isSame =
      failing !== undefined &&
      now - failing.until <= vfsLimits.askedAgainMs &&
      now - failing.since <= vfsLimits.readDeadlineMs + vfsLimits.askedAgainMs;
    return isSame ? failing : undefined;
  }
}
