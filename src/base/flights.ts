/** Single-flight: callers with the same key share one running promise. A finished flight is forgotten. */
export class Flights<K, V> {
  readonly #running = new Map<K, Promise<V>>();

  run(key: K, start: () => Promise<V>): Promise<V> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const flight = start().finally(() => this.#running.delete(key));
    this.#running.set(key, flight);
    return flight;
  }

  /** Resolves when none is running, those included that begin meanwhile. Never rejects. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running.values());
  }
}

/**
 * Looks at something that changes: each caller gets what a look saw that began after the call. Who calls while one is
 * under way shares the next one.
 */
export class FreshFlights<K, V> {
  readonly #running = new Map<K, Promise<V>>();
  readonly #next = new Map<K, Promise<V>>();

  run(key: K, start: () => Promise<V>): Promise<V> {
    const running = this.#running.get(key);
    if (running === undefined) return this.#start(key, start);
    const waiting = this.#next.get(key);
    if (waiting !== undefined) return waiting;
    const next = running
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        this.#next.delete(key);
        return this.#start(key, start);
      });
    this.#next.set(key, next);
    return next;
  }

  #start(key: K, start: () => Promise<V>): Promise<V> {
    const flight = start().finally(() => {
      if (this.#running.get(key) === flight) this.#running.delete(key);
    });
    this.#running.set(key, flight);
    return flight;
  }
}

/** Mutual exclusion per key, first come first served. */
export class KeyedMutex<K> {
  readonly #tails = new Map<K, Promise<void>>();

  async run<V>(key: K, work: () => Promise<V>): Promise<V> {
    const before = this.#tails.get(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tails.set(key, promise);
    await before;
    try {
      return await work();
    } finally {
      if (this.#tails.get(key) === promise) this.#tails.delete(key);
      resolve();
    }
  }
}

/** At most `limit` holders at a time; waiters are served in order and leave the queue when their signal aborts. */
export class Slots {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async with<V>(signal: AbortSignal, work: () => Promise<V>): Promise<V> {
    await this.#acquire(signal);
    try {
      return await work();
    } finally {
      this.#held -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#held < this.#limit) {
      this.#held += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const enter = () => {
      signal.removeEventListener('abort', leave);
      this.#held += 1;
      resolve();
    };
    const leave = () => {
      const index = this.#waiting.indexOf(enter);
      if (index >= 0) this.#waiting.splice(index, 1);
      reject(signal.reason);
    };
    this.#waiting.push(enter);
    signal.addEventListener('abort', leave, { once: true });
    await promise;
  }
}
