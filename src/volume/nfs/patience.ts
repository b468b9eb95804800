import { nfsLimits } from './limits.ts';

/** The client is to ask again in some seconds; the work goes on meanwhile. */
export class TryLater extends Error {
  constructor() {
    super('the answer is not there yet');
    this.name = 'TryLater';
  }
}

/** A call that waits longer than this in all, over all times it was asked for. */
export class TooLate extends Error {
  constructor() {
    super('the answer did not come in time');
    this.name = 'TooLate';
  }
}

interface Waiting {
  readonly work: Promise<unknown>;
  /** ms, by `now`. */
  readonly since: number;
}

/**
 * Calls that may wait for the network. One that takes longer than a few seconds is answered with TryLater, and whoever
 * asks for the same thing again meets the work that is under way, or its outcome. Only for work that may run twice.
 */
export class Patience {
  readonly #waiting = new Map<string, Waiting>();
  readonly #now: () => number;

  /** `now`: monotonic ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  async run<T>(key: string, start: () => Promise<T>): Promise<T> {
    let waiting = this.#waiting.get(key);
    if (waiting === undefined) {
      waiting = { work: start(), since: this.#now() };
      this.#waiting.set(key, waiting);
    }
    const { work, since } = waiting;
    let timer: NodeJS.Timeout | undefined;
    const impatient = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, nfsLimits.patienceMs, 'late');
    });
    try {
      const result = await Promise.race([work, impatient]);
      if (result !== 'late') {
        this.#waiting.delete(key);
        return result as T;
      }
    } catch (error) {
      this.#waiting.delete(key);
      throw error;
    } finally {
      clearTimeout(timer);
    }
    if (this.#now() - since > nfsLimits.readDeadlineMs) {
      this.#waiting.delete(key);
      throw new TooLate();
    }
    this.#keepOutcome(key, waiting);
    throw new TryLater();
  }

  /** Nobody may come back for it. */
  #keepOutcome(key: string, waiting: Waiting): void {
    const forget = () => {
      const timer = setTimeout(() => {
        if (this.#waiting.get(key) === waiting) this.#waiting.delete(key);
      }, nfsLimits.outcomeKeptMs);
      timer.unref();
    };
    waiting.work.then(forget, forget);
  }
}
