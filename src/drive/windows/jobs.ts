import { createEmitter, type Emitter } from '../../base/events.ts';
import { DriveError } from '../../protocol/errors.ts';

/** A transfer that is not a push: bytes coming in from this computer, or down to it. */
export interface Job {
  readonly id: string;
  readonly kind: 'upload' | 'download';
  /** Path in the account. */
  readonly path: string;
  /** Bytes. */
  done: number;
  readonly total: number;
  /** Somebody asked for it, and may stop it. */
  readonly canStop: boolean;
}

/** The transfers that people and pins ask for; they live as long as their work. */
export class Jobs {
  readonly changed: Emitter<void>;
  readonly #running = new Map<Job, AbortController>();
  #count = 0;

  constructor(onError: (error: unknown) => void) {
    this.changed = createEmitter(onError);
  }

  getRunning(): readonly Job[] {
    return [...this.#running.keys()];
  }

  /** Shows a transfer while `work` runs; `report` is told the bytes done. Rejects DriveError `stopped` when it was stopped. */
  async run<T>(
    what: Omit<Job, 'id' | 'done'>,
    work: (report: (done: number) => void, stopped: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.#count += 1;
    const job: Job = { ...what, id: `job${this.#count}`, done: 0 };
    const controller = new AbortController();
    this.#running.set(job, controller);
    this.changed.emit();
    try {
      return await work((done) => {
        job.done = done;
        this.changed.emit();
      }, controller.signal);
    } catch (error) {
      throw controller.signal.aborted ? controller.signal.reason : error;
    } finally {
      this.#running.delete(job);
      this.changed.emit();
    }
  }

  /** False when there is none of that id. */
  stop(id: string): boolean {
    const [job, controller] = [...this.#running].find(([each]) => each.id === id) ?? [];
    if (job?.canStop) controller?.abort(new DriveError('stopped', { path: job.path }));
    return job !== undefined;
  }
}
