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
  #waiting: PromiseWithResolvers<void>[] = [];

  /** `checkpoint` writes what the log holds to the database, in another way than the one that failed. */
  constructor(databaseFile: string, checkpoint: () => void) {
    this.#walFile = `${databaseFile}-wal`;
    this.#checkpoint = checkpoint;
  }

  barrier(): Promise<void> {
    const waiter = Promise.withResolvers<void>();
    this.#waiting.push(waiter);
    // One loop at a time, whoever asks between two of its turns.
    this.#running ??= this.#syncAll();
    return waiter.promise;
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #syncAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#sync();
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#running = undefined;
  }

  async #sync(): Promise<void> {
    this.#handle ??= await open(this.#walFile, 'r+');
    if (this.#refused) this.#checkpoint();
    this.#refused = true;
    await this.#handle.datasync();
    this.#refused = false;
  }
}
