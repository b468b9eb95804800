import type { Clock } from '../../src/base/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that moves only when told to. */
export class TestClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  readonly now = (): number => this.look();

  protected look(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted) return Promise.reject(signal.reason);
    const stop = () => {
      this.#sleepers.delete(sleeper);
      reject(signal?.reason);
    };
    const wake = () => {
      this.#sleepers.delete(sleeper);
      signal?.removeEventListener('abort', stop);
      resolve();
    };
    // As the computer's own clock, it knows whole milliseconds only.
    const sleeper: Sleeper = { at: this.#now + Math.ceil(ms), wake };
    this.#sleepers.add(sleeper);
    signal?.addEventListener('abort', stop, { once: true });
    return promise;
  }

  /** Lets that much time pass at once; wakes who slept until then, the earliest first. */
  advance(ms: number): void {
    this.#now += ms;
    const due = [...this.#sleepers].filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at);
    for (const { wake } of due) wake();
  }

  /** As a sleeping computer: the clock moves, who sleeps is not woken. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Goes to the moment the next sleeper wakes; at most `limitMs` ahead. */
  advanceToNext(limitMs: number): void {
    const next = Math.min(...[...this.#sleepers].map(({ at }) => at));
    this.advance(Math.max(0, Math.min(limitMs, next - this.#now)));
  }
}
