import { KeyedMutex } from '../base/flights.ts';
import { type WrittenSum, WrittenSums } from './writtenSums.ts';

/** What of a file's bytes the disk is not known to have: how many changes, which checksums, and whether it refused some. */
export class Unsynced {
  readonly #syncs = new KeyedMutex<'sync'>();
  readonly #sums = new WrittenSums();
  /** The disk refused to keep what was written: the kernel takes it for kept from then on. */
  #refused = false;
  /** Changes of the file's bytes, and how many of them the disk had at the last sync. */
  #changed = 0;
  #synced = 0;

  /** Checksums of what is not on the disk yet; undefined where only a sync can tell that it is whole. */
  get sums(): readonly WrittenSum[] | undefined {
    return this.#refused ? undefined : this.#sums.ranges;
  }

  /** A change is about to be made. */
  noteChange(): void {
    this.#changed += 1;
  }

  /** A change of which no checksum is kept. */
  noteUntold(): void {
    this.#changed += 1;
    this.#sums.lose();
  }

  noteWritten(bytes: Buffer, position: number): void {
    this.#sums.add(bytes, position);
  }

  noteCut(size: number): void {
    this.#sums.cut(size);
  }

  /**
   * The bytes are on the disk when this resolves. After a failure `rewrite` writes them once more: the kernel tells of bytes that it
   * could not keep only once.
   */
  async sync(datasync: () => Promise<void>, rewrite: () => Promise<void>): Promise<void> {
    await this.#syncs.run('sync', async () => {
      const changed = this.#changed;
      if (this.#refused) await rewrite();
      else if (this.#synced === changed) return;
      try {
        await datasync();
      } catch (error) {
        this.#refused = true;
        throw error;
      }
      this.#refused = false;
      this.#synced = changed;
      // What was written meanwhile may lie among what is kept now: then its checksums stand for all of it.
      if (this.#changed === changed) this.#sums.clear();
    });
  }
}
