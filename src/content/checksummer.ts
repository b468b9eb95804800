import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Log } from '../base/log.ts';
import { ChecksumJob, type ChecksumSource, type Checksums } from './checksumJob.ts';
import type { ChecksumAnswer, ChecksumRequest } from './checksumWorker.ts';
import { cacheLimits } from './limits.ts';

interface Pending {
  readonly source: ChecksumSource;
  readonly signal: AbortSignal;
  readonly done: PromiseWithResolvers<Checksums>;
}

/** Beside the bundle lies the bundle of the worker; the sources run as they are. */
const workerUrl = new URL(
  import.meta.url.endsWith('.ts') ? './checksumWorker.ts' : './checksumWorker.cjs',
  import.meta.url,
);

/**
 * Checksums of files that are going to be sent. What is more than a block is read and hashed in a worker thread, which is
 * started by the first such file: the thread that serves the mount is not held by it.
 */
export class Checksummer {
  readonly #log: Log;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #nextId = 1;
  #isClosed = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * The caller keeps the file open until this settles. Rejects with the signal's reason as soon as the file is not read any
   * more, or as the disk does.
   */
  async run(source: ChecksumSource, signal: AbortSignal): Promise<Checksums> {
    signal.throwIfAborted();
    if (source.size <= cacheLimits.blockBytes || this.#isClosed) return this.#runHere(source, signal);
    const id = this.#nextId;
    this.#nextId += 1;
    const done = Promise.withResolvers<Checksums>();
    const giveUp = () => this.#post({ id });
    try {
      this.#pending.set(id, { source, signal, done });
      this.#post({ id, source });
      signal.addEventListener('abort', giveUp, { once: true });
      return await done.promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
      this.#pending.delete(id);
      if (this.#pending.size === 0) this.#worker?.unref();
    }
  }

  /** Ends the worker thread; after every `run` has settled. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #post(request: ChecksumRequest): void {
    this.#worker ??= this.#start();
    this.#worker.ref();
    this.#worker.postMessage(request);
  }

  #start(): Worker {
    const worker = new Worker(workerUrl);
    worker.on('message', ({ id, checksums, error }: ChecksumAnswer) => {
      const pending = this.#pending.get(id);
      if (checksums !== undefined) pending?.done.resolve(checksums);
      else if (error !== undefined) pending?.done.reject(error);
      else pending?.done.reject(pending.signal.reason);
    });
    worker.on('error', (error) => this.#takeOver(worker, error));
    return worker;
  }

  /** There is no worker thread: its file went with an update of the extension, or the computer gives no more threads. */
  #takeOver(worker: Worker, error: unknown): void {
    this.#log.warn('files are hashed without a thread of their own', { error });
    if (this.#worker === worker) this.#worker = undefined;
    for (const { source, signal, done } of this.#pending.values()) {
      this.#runHere(source, signal).then(done.resolve, done.reject);
    }
  }

  async #runHere(source: ChecksumSource, signal: AbortSignal): Promise<Checksums> {
    const job = new ChecksumJob(source);
    for (;;) {
      const checksums = job.step(cacheLimits.blockBytes);
      if (checksums !== undefined) return checksums;
      await nextTurn();
      signal.throwIfAborted();
    }
  }
}
