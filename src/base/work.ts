/** Work under way that must be over before what it uses is closed. */
export class Work {
  readonly #running = new Set<Promise<unknown>>();
  readonly #controller = new AbortController();

  /** Aborts when `end` is called: whoever waits for long listens to it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Runs `work`, which counts as under way until it settles. Rejects with the reason of `end` when that was called before. */
  async run<T>(work: () => T | Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const running = new Promise<T>((resolve) => resolve(work()));
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Takes no more, aborts what runs with `reason`, and resolves when none of it is left. */
  async end(reason: unknown): Promise<void> {
    this.#controller.abort(reason);
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
