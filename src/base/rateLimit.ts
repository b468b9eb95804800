import type { Clock } from './clock.ts';

/** Bytes let through at a time: small enough that a slow limit is a flow and not a stutter. */
const sliceBytes = 16 * 1024;
/** A limit that is changed or lifted is felt by those who wait within this time, ms. */
const lookAgainMs = 200;

/**
 * A token bucket that all streams of one direction share: what passes is at most `rate` bytes a second on average, one
 * slice ahead at most. Those who wait are let through in the order they came.
 */
export class RateLimit {
  readonly #clock: Clock;
  #rate = 0;
  /** Bytes let through that time has not paid for yet, as of `#at`. */
  #debt = 0;
  #at = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Bytes per second; 0: no limit. Takes effect at once. */
  setRate(bytesPerSecond: number): void {
    this.#pay();
    this.#rate = Math.max(0, bytesPerSecond);
  }

  /** Resolves when `bytes` may pass. Rejects with the signal's reason when aborted; the place in the queue is given up. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const before = this.#last;
    const mine = before.then(() => this.#wait(bytes, signal));
    this.#last = mine.catch(() => undefined);
    await mine;
  }

  /** The chunks of `source`, no faster than the limit; unlimited, they pass as they are. Throws what `source` throws. */
  async *shape(source: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of source) {
      if (this.#rate === 0) {
        yield chunk;
        continue;
      }
      for (let start = 0; start < chunk.length; start += sliceBytes) {
        const slice = chunk.subarray(start, start + sliceBytes);
        await this.take(slice.length, signal);
        yield slice;
      }
    }
  }

  async #wait(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    for (;;) {
      this.#pay();
      if (this.#rate === 0) return;
      if (this.#debt <= 0) break;
      const waitMs = Math.ceil((this.#debt / this.#rate) * 1_000);
      await this.#clock.sleep(Math.min(waitMs, lookAgainMs), signal);
    }
    this.#debt += bytes;
  }

  #pay(): void {
    const now = this.#clock.now();
    // A clock that was put back pays nothing and owes nothing.
    const elapsedMs = Math.max(0, now - this.#at);
    this.#debt = this.#rate === 0 ? 0 : Math.max(0, this.#debt - (this.#rate * elapsedMs) / 1_000);
    this.#at = now;
  }
}
