import type { Log } from './log.ts';

/**
 * What was opened, so that it is closed in the opposite order, also when the opening fails in the middle. Each step runs
 * whatever those before it do; none is given up for the failure of another.
 */
export class Teardown {
  readonly #steps: { readonly what: string; readonly close: () => unknown }[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** `what` names the step in the log, for one that fails. */
  add(what: string, close: () => unknown): void {
    this.#steps.push({ what, close });
  }

  /** Rejects with the first failure, after all steps. A second call has nothing left to do. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.close();
      } catch (error) {
        failures.push(error);
        this.#log.error('a step of closing failed', { what: step.what, error });
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
