import { KeyedMutex } from '../base/flights.ts';
import { type WrittenSum, WrittenSums } from './writtenSums.ts';

/** What of a file's bytes the disk is not known to have: how many changes, which checksums, and whether it refused some. */
export class Unsynced {
  readonly #syncs = new KeyedMutex<'sync'>();
  readonly #sums = new WrittenSums();
  /** The disk refused to keep what was written: the kernel takes it for kept from then on. */
  #refused = false;
  /** Changes of the file's bytes that were begun, and how many of them the disk had at the last sync. */
  #changed = 0;
  #synced = 0;
  #isChanging = false;

  /** Checksums of what is not on the disk yet; undefined where only a sync can tell that it is whole. */
  get sums(): readonly WrittenSum[] | undefined {
    return this.#refused ? undefined : this.#sums.ranges;
  }

  /** Around each change of the file's bytes, one at a time. */
  async change<T>(work: () => Promise<T>): Promise<T> {
    this.#changed += 1;
    this.#isChanging = true;
    try {
      return await work();
    } finally {
      this.#isChanging = false;
    }
  }

  /** Within a change: no checksum tells of it. */
  noteUntold(): void {
    this.#sums.lose();
  }

  /** Within a change: `written` writes the bytes, whose checksum is taken meanwhile. Rejects as it does; then no checksum tells of the file. */
  async noteWriting(bytes: Buffer, position: number, written: Promise<void>): Promise<void> {
    const ranges = this.#sums.after(bytes, position);
    try {
      await written;
    } catch (error) {
      this.#sums.lose();
      throw error;
    }
    this.#sums.keep(ranges);
  }

  /** Within a change: the file was cut. */
  noteCut(size: number): void {
    this.#sums.cut(size);
  }

  /**
   * The bytes of all changes that were made before are on the disk when this resolves. After a failure `rewrite` writes them once
   * more: the kernel tells of bytes that it could not keep only once.
   */
  async sync(datasync: () => Promise<void>, rewrite: () => Promise<void>): Promise<void> {
    await this.#syncs.run('sync', async () => {
      if (this.#refused) await rewrite();
      else if (this.#synced === this.#changed) return;
      // The bytes of one that is being made may reach the file only after the disk has been asked to keep it.
      const changed = this.#isChanging ? this.#changed - 1 : this.#changed;
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
