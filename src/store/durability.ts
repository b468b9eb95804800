import { type FileHandle, open } from 'node:fs/promises';

/**
 * Makes committed transactions survive a power cut: fdatasync of the write-ahead log. Callers that arrive while one sync
 * runs share the next one (group commit). `barrier()` resolves when everything committed before the call is on the disk.
 */
export class DurabilityBarrier {
  readonly #walFile: string;
  readonly #checkpoint: () => void;
  #handle: FileHandle | undefined;
  /** The disk refused to keep the log: the kernel takes it for kept from then on. */
  #refused = false;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** `checkpoint` writes what the log holds to the database, in another way than the one that failed. */
  constructor(databaseFile: string, checkpoint: () => void) {
    this.#walFile = `${databaseFile}-wal`;
    this.#checkpoint = checkpoint;
  }

  barrier(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    this.#next ??= this.#running.catch(() => {}).then(() => this.#start());
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#running?.catch(() => {});
    await this.#next?.catch(() => {});
    await this.#handle?.close();
    this.#handle = undefined;
  }

  #start(): Promise<void> {
    this.#next = undefined;
    const run = this.#sync().finally(() => {
      if (this.#running === run) this.#running = undefined;
    });
    this.#running = run;
    return run;
  }

  async #sync(): Promise<void> {
    this.#handle ??= await open(this.#walFile, 'r+');
    if (this.#refused) this.#checkpoint();
    this.#refused = true;
    await this.#handle.datasync();
    this.#refused = false;
  }
}
