/** Operations are counted over this long; so long after the last burst the computer is the drive's again. ms. */
const windowMs = 200;
/** With this many operations in that time a program is busy with files: it copies, unpacks or builds. A log is far below it. */
const busyOperations = 20;
/**
 * While somebody is, the drive's own work takes one turn in this time: a turn is about ten milliseconds of the thread that
 * serves the mount, and ten turns a second are slow but never nothing. ms.
 */
const turnMs = 100;

export interface ForegroundDeps {
  /** ms, from whenever. */
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Tells the drive's own work when to go on. File operations and what the drive does by itself (planning, uploads, listings
 * behind) share one thread: while many operations come, own work takes one bounded turn at a time with rests between.
 */
export class Foreground {
  readonly #deps: ForegroundDeps;
  #windowAt = Number.NEGATIVE_INFINITY;
  #count = 0;
  #countBefore = 0;
  /** Those who try and those who wait in line have turns of their own: a stream that waits again and again takes none from the others. */
  readonly #nextAt = { trying: 0, waiting: 0 };
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: ForegroundDeps) {
    this.#deps = deps;
  }

  /** A file operation has come. */
  note(): void {
    this.#roll();
    this.#count += 1;
  }

  get isBusy(): boolean {
    this.#roll();
    return this.#count + this.#countBefore >= busyOperations;
  }

  /** ms until own work may go on. 0: it may now, and if somebody is busy that was this time's turn. */
  tryTurn(): number {
    return this.#try('trying');
  }

  /** Resolves when own work may go on; who waits goes on in the order of asking. Rejects with the signal's reason. */
  async turn(signal: AbortSignal): Promise<void> {
    const before = this.#last;
    const mine = before.then(() => this.#wait(signal));
    this.#last = mine.catch(() => undefined);
    await mine;
  }

  async #wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const waitMs = this.#try('waiting');
      if (waitMs === 0) return;
      await this.#deps.sleep(waitMs, signal);
    }
  }

  #try(who: 'trying' | 'waiting'): number {
    if (!this.isBusy) return 0;
    const now = this.#deps.now();
    if (this.#nextAt[who] > now) return this.#nextAt[who] - now;
    this.#nextAt[who] = now + turnMs;
    return 0;
  }

  #roll(): void {
    const elapsed = this.#deps.now() - this.#windowAt;
    if (elapsed < windowMs) return;
    this.#countBefore = elapsed < 2 * windowMs ? this.#count : 0;
    this.#count = 0;
    this.#windowAt = elapsed < 2 * windowMs ? this.#windowAt + windowMs : this.#deps.now();
  }
}
