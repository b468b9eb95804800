import { untilAborted } from '../base/abort.ts';
import { emptyMd5 } from '../base/emptyMd5.ts';
import { addExtent, clipExtents, type Extents, findCovered, findGap, missingExtents } from '../base/extents.ts';
import { KeyedMutex } from '../base/flights.ts';
import type { LocalFile } from '../base/localFile.ts';
import { BaseCopy } from './baseCopy.ts';
import type { ContentRef } from './blocks.ts';
import type { Checksums } from './checksumJob.ts';
import type { Checksummer } from './checksummer.ts';
import { wrongBytes } from './contentBlocks.ts';
import type { ContentReader, LocalBytes } from './contentReader.ts';
import { clearGaps, readSparse, rewriteExtents, stepBytes, writeZeros } from './extentFile.ts';
import { newReadahead, type Readahead } from './readahead.ts';
import { cutBase, type StagingBase, type StagingInfo } from './stagingInfo.ts';
import { Unsynced } from './unsynced.ts';
import type { WrittenSum } from './writtenSums.ts';

/**
 * One dirty content: a sparse local file over an optional base. A byte is the staging file's where `extents` cover it,
 * the base's below the base limit, zero elsewhere. Changes are serialised here, so that filling in missing ranges never
 * overwrites newer bytes.
 */
export class StagingFile {
  readonly id: string;
  readonly #file: LocalFile;
  readonly #reader: ContentReader;
  #size: number;
  #extents: Extents;
  #base: StagingBase | null;
  /** Of the base, as far as its bytes are in the file where the extents do not cover it. */
  #copy: BaseCopy | undefined;
  readonly #changes = new KeyedMutex<'file'>();
  /** Raised by every change; a reader of the file compares it before and after. */
  generation = 0;
  /** Changed since the last flush. */
  dirty = false;
  readonly #unsynced = new Unsynced();
  /** What an upload has turned this file into: it does not change any more. */
  adopted: ContentRef | undefined;

  constructor(info: StagingInfo, file: LocalFile, reader: ContentReader) {
    this.id = info.id;
    this.#file = file;
    this.#reader = reader;
    this.#size = info.size;
    this.#extents = info.extents;
    this.#base = info.base;
  }

  get info(): StagingInfo {
    return { id: this.id, size: this.#size, extents: this.#extents, base: this.#base };
  }

  get size(): number {
    return this.#size;
  }

  /** Checksums of what is not on the disk yet; undefined where only a sync can tell that it is whole. */
  get sums(): readonly WrittenSum[] | undefined {
    return this.#unsynced.sums;
  }

  /** What `info` will be after a cut to `size`. */
  infoAt(size: number): StagingInfo {
    return { id: this.id, size, extents: clipExtents(this.#extents, size), base: cutBase(this.#base, size) };
  }

  /** The content that this file is, byte for byte, because nothing was written over its base; null otherwise. */
  get wholeBase(): ContentRef | null {
    const base = this.#base;
    if (base === null || this.#extents.length > 0 || base.limit !== this.#size) return null;
    return base.content.size === this.#size ? base.content : null;
  }

  /** The content that this file is, where it has an md5 already; null otherwise. */
  get knownContent(): ContentRef | null {
    return this.adopted ?? this.wholeBase ?? (this.#size === 0 ? { md5: emptyMd5, size: 0 } : null);
  }

  /** Bytes `[start, end)` clipped to the size. Reads of base bytes may wait for the network. */
  async read(start: number, end: number, ahead: Readahead): Promise<Buffer> {
    return this.#read(start, end, (content, from, to) => this.#reader.read(content, from, to, ahead));
  }

  /** The same without the network. */
  async readLocal(start: number, end: number): Promise<LocalBytes> {
    let missing = 0;
    const bytes = await this.#read(start, end, async (content, from, to) => {
      const local = await this.#reader.readLocal(content, from, to);
      missing += local.missing;
      return local.bytes;
    });
    return { bytes, missing };
  }

  async #read(
    start: number,
    end: number,
    readBase: (content: ContentRef, from: number, to: number) => Promise<Buffer>,
  ): Promise<Buffer> {
    const stop = Math.min(end, this.#size);
    if (start >= stop) return Buffer.alloc(0);
    const result = Buffer.alloc(stop - start);
    const base = this.#base;
    const lacking = base === null ? [] : missingExtents(this.#extents, start, Math.min(stop, base.limit));
    await this.#file.readFully(result, start);
    for (const { start: from, end: to } of lacking) {
      const bytes = await readBase((base as StagingBase).content, from, to);
      bytes.copy(result, from - start);
    }
    return result;
  }

  async write(bytes: Buffer, position: number): Promise<void> {
    if (bytes.length === 0) return;
    // Before the first await: an upload that ends now must not take the file away.
    this.touch();
    await this.#change(() => this.#write(bytes, position));
  }

  /** Notes a change that is about to come: whoever reads the file to send it knows from now on. */
  touch(): void {
    this.generation += 1;
    this.dirty = true;
  }

  async truncate(size: number): Promise<void> {
    this.touch();
    await this.#change(() => this.#truncate(size));
  }

  /** `[start, end)` reads as zeros from now on; the size stays. */
  async zero(start: number, end: number): Promise<void> {
    if (start >= end) return;
    this.touch();
    await this.#change(() => this.#zero(start, end));
  }

  /**
   * Bytes `[from, to)` of `content` become this file's at the same place without being read. Only onto an end that rests
   * wholly on that content, or on nothing; false, and nothing changed, otherwise.
   */
  async tryShare(content: ContentRef, from: number, to: number): Promise<boolean> {
    return this.#changes.run('file', async () => {
      const base = this.#base;
      const fits = base === null ? from === 0 : base.content.md5 === content.md5 && base.limit === from;
      if (!fits || this.#extents.length > 0 || this.#size !== from) return false;
      this.touch();
      this.#copy = undefined;
      this.#base = { content, limit: to };
      this.#size = to;
      return true;
    });
  }

  /** First byte at or after `position` that is not in a hole; undefined when there is none. */
  nextData(position: number): number | undefined {
    if (position < (this.#base?.limit ?? 0)) return position;
    return findCovered(this.#extents, position);
  }

  /** First byte at or after `position` in a hole; the size when there is none. */
  nextHole(position: number): number {
    return Math.min(findGap(this.#extents, Math.max(position, this.#base?.limit ?? 0)), this.#size);
  }

  /**
   * Makes a hole of what the extents do not tell of: bytes of writes that failed half-way, or were never flushed, would show when
   * the file grows over them, and be sent.
   */
  async scrub(): Promise<void> {
    const from = this.#base?.limit ?? 0;
    // What is beyond the last extent goes without being read: it may be a hole of any length.
    await this.#file.truncate(Math.max(from, this.#extents.at(-1)?.end ?? 0));
    await clearGaps(this.#file, this.#extents, from);
  }

  /** Changes of the bytes are made one after the other. One that failed may have left anything where no extent is. */
  #change(work: () => Promise<void>): Promise<void> {
    return this.#changes.run('file', async () => {
      try {
        await this.#unsynced.change(work);
      } catch (error) {
        this.#copy = undefined;
        throw error;
      }
    });
  }

  async #write(bytes: Buffer, position: number): Promise<void> {
    try {
      await this.#unsynced.noteWriting(bytes, position, this.#file.writeFully(bytes, position));
    } catch (error) {
      await this.scrub().catch(() => undefined);
      throw error;
    }
    this.#extents = addExtent(this.#extents, position, position + bytes.length);
    this.#size = Math.max(this.#size, position + bytes.length);
  }

  async #truncate(size: number): Promise<void> {
    await this.#file.truncate(size);
    this.#unsynced.noteCut(size);
    this.#extents = clipExtents(this.#extents, size);
    this.#base = cutBase(this.#base, size);
    this.#size = size;
  }

  async #zero(start: number, end: number): Promise<void> {
    this.#unsynced.noteUntold();
    // Beyond the base what no extent covers is a hole of the file itself: claiming it is enough. Under it may be anything.
    const holes = missingExtents(this.#extents, Math.max(start, this.#base?.limit ?? 0), end);
    let at = start;
    for (const hole of [...holes, { start: end, end }]) {
      await writeZeros(this.#file, at, hole.start);
      at = hole.end;
    }
    this.#extents = addExtent(this.#extents, start, end);
  }

  /**
   * Copies the base's missing bytes in, so that the file stands alone. May download. `compares`: where nothing of the base was cut
   * off, all of it is read, also what was written over, and its md5 compared, which only the whole has; otherwise what shows is
   * read alone. `ensureRoom` is asked before bytes are written, and rejects when the disk has no room for so many. Rejects with
   * the signal's reason, and where the base is not what its md5 says; the next call goes on where an aborted one was.
   */
  async fill(ensureRoom: (bytes: number) => Promise<void>, signal: AbortSignal, compares: boolean): Promise<void> {
    const ahead = newReadahead();
    for (let base = this.#base; base !== null; base = this.#base) {
      signal.throwIfAborted();
      const copy = this.#goOnCopying(compares && base.limit === base.content.size);
      if (copy.end >= base.limit || this.#standsAlone) {
        await this.#changes.run('file', () => this.#leaveBase());
        continue;
      }
      const start = copy.end;
      const end = Math.min(base.limit, start + stepBytes);
      const lacking = this.#lacking(start, end).reduce((sum, gap) => sum + gap.end - gap.start, 0);
      let bytes: Buffer | undefined;
      if (lacking > 0 || copy.compares) {
        await ensureRoom(lacking);
        bytes = await untilAborted(this.#reader.read(base.content, start, end, ahead), signal);
      }
      await this.#change(() => this.#copyIn(copy, bytes, start, end));
    }
  }

  /** The copy that was begun, unless it is to be compared and cannot be. */
  #goOnCopying(compares: boolean): BaseCopy {
    if (this.#copy === undefined || (compares && !this.#copy.compares)) this.#copy = new BaseCopy();
    if (!compares) this.#copy.stopComparing();
    return this.#copy;
  }

  /** The bytes go where the file has none of its own, without being told in the extents yet. */
  async #copyIn(copy: BaseCopy, bytes: Buffer | undefined, start: number, end: number): Promise<void> {
    // A change that failed meanwhile has all of it begin anew.
    if (this.#copy !== copy || copy.end !== start) return;
    if (bytes !== undefined) {
      this.#unsynced.noteUntold();
      for (const { start: from, end: to } of this.#lacking(start, end)) {
        await this.#file.writeFully(bytes.subarray(from - start, to - start), from);
      }
    }
    copy.add(bytes, end);
  }

  /** Unless something changed meanwhile: then there is more to copy. */
  async #leaveBase(): Promise<void> {
    const [base, copy] = [this.#base, this.#copy];
    if (base === null || ((copy?.end ?? 0) < base.limit && !this.#standsAlone)) return;
    this.#copy = undefined;
    if (!this.#standsAlone && copy?.isSound(base.content) === false) {
      await this.#reader.refuse(base.content);
      throw wrongBytes();
    }
    this.#extents = addExtent(this.#extents, 0, base.limit);
    this.#base = null;
  }

  /** Nothing of the base shows. */
  get #standsAlone(): boolean {
    return findGap(this.#extents, 0) >= (this.#base?.limit ?? 0);
  }

  /** What the file lacks of `[start, end)` of its base. */
  #lacking(start: number, end: number): Extents {
    return missingExtents(this.#extents, start, Math.min(end, this.#base?.limit ?? 0));
  }

  /** Checksums of the filled file. Rejects with the signal's reason once the file is not read any more. */
  digest(checksummer: Checksummer, signal: AbortSignal): Promise<Checksums> {
    return checksummer.run({ fd: this.#file.fd, size: this.#size, extents: this.#extents }, signal);
  }

  /** The bytes of the filled file from `start` to the end, as `readSparse` gives them. */
  chunks(start: number): AsyncGenerator<Buffer, void> {
    return readSparse(this.#file, this.#extents, start, this.#size);
  }

  /**
   * The bytes are on the disk when this resolves. After a failure they are written once more: the kernel tells of bytes that it
   * could not keep only once.
   */
  sync(): Promise<void> {
    const rewrite = () =>
      this.#changes.run('file', () => {
        this.#copy = undefined;
        return rewriteExtents(this.#file, this.#extents);
      });
    return this.#unsynced.sync(() => this.#file.datasync(), rewrite);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
