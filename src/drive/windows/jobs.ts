import { createEmitter, type Emitter } from '../../base/events.ts';

/** A transfer that is not a push: bytes coming in from this computer, or down to it. */
export interface Job {
  readonly id: string;
  readonly kind: 'upload' | 'download';
  /** Path in the account. */
  readonly path: string;
  /** Bytes. */
  done: number;
  readonly total: number;
}

/** The transfers that people and pins ask for; they live as long as their work. */
export class Jobs {
  readonly changed: Emitter<void>;
  readonly #running = new Set<Job>();
  #count = 0;

  constructor(onError: (error: unknown) => void) {
    this.changed = createEmitter(onError);
  }

  getRunning(): readonly Job[] {
    return [...this.#running];
  }

  /** Shows a transfer while `work` runs; `report` is told the bytes done. */
  async run<T>(
    what: Pick<Job, 'kind' | 'path' | 'total'>,
    work: (report: (done: number) => void) => Promise<T>,
  ): Promise<T> {
    this.#count += 1;
    const job: Job = { ...what, id: `job${this.#count}`, done: 0 };
    this.#running.add(job);
    this.changed.emit();
    try {
      return await work((done) => {
        job.done = done;
        this.changed.emit();
      });
    } finally {
      this.#running.delete(job);
      this.changed.emit();
    }
  }
}
