import { createHash } from 'node:crypto';
import type { Log } from '../base/log.ts';
import { type Block, BlockMemory } from './blockMemory.ts';
import { type ContentRef, isSmall, lastBlock } from './blocks.ts';
import { ContentBlocks, wrongBytes } from './contentBlocks.ts';
import { ContentPieces } from './contentPieces.ts';
import type { ContentStore } from './contentStore.ts';
import { type ContentSource, Downloads } from './downloads.ts';
import { cacheLimits } from './limits.ts';
import { type Loan, lendBlocks, lendOwn } from './loan.ts';
import { moveWindow, type Readahead } from './readahead.ts';

/** Bytes of a content as far as they are on this computer; `missing` of them are not, and are zeros here. */
export interface LocalBytes {
  readonly bytes: Buffer;
  readonly missing: number;
}

export interface ContentReaderDeps {
  readonly store: ContentStore;
  readonly source: ContentSource;
  readonly log: Log;
  /** Aborts every download when the session ends. */
  readonly signal: AbortSignal;
}

const { blockBytes, diskAheadBlocks, maxWindowBytes, runBytes } = cacheLimits;
const runBlocks = runBytes / blockBytes;

/**
 * Reads content by md5: memory, then disk, then the network. Callers that want the same block share one download;
 * a sequential reader gets a window of parallel ranged requests ahead of it.
 */
export class ContentReader {
  readonly #store: ContentStore;
  readonly #source: ContentSource;
  readonly #downloads: Downloads;
  readonly #blocks: ContentBlocks;
  readonly #pieces: ContentPieces;

  constructor({ store, source, log, signal }: ContentReaderDeps) {
    const memory = new BlockMemory();
    const downloads = new Downloads({ source, memory, signal });
    this.#store = store;
    this.#source = source;
    this.#downloads = downloads;
    this.#blocks = new ContentBlocks({ memory, store, downloads, source, log });
    this.#pieces = new ContentPieces((content, start, end) => downloads.fetchPiece(content, start, end));
  }

  /** Ranged requests under way. */
  get activeDownloads(): number {
    return this.#downloads.active;
  }

  /** Bytes `[start, end)`, clipped to the content's size, for the caller to keep. */
  async read(content: ContentRef, start: number, end: number, ahead?: Readahead): Promise<Buffer> {
    return (await this.borrow(content, start, end, ahead)).keep();
  }

  /** The same bytes, lent; at once where they are in memory. */
  borrow(content: ContentRef, start: number, end: number, ahead?: Readahead): Loan | Promise<Loan> {
    const stop = Math.min(end, content.size);
    if (start >= stop) return lendOwn(Buffer.alloc(0));
    const first = Math.floor(start / blockBytes);
    const last = Math.floor((stop - 1) / blockBytes);
    const window = ahead === undefined || isSmall(content) ? 0 : moveWindow(ahead, start, stop);
    const jumps = ahead !== undefined && window === 0 && !isSmall(content);
    if (jumps && this.#isPiece(content, start, stop)) return this.#pieces.read(content, start, stop).then(lendOwn);
    this.#startDownloads(content, first, ahead === undefined ? last : this.#reach(content, first, last, window, ahead));
    const blocks: (Block | Promise<Block>)[] = [];
    for (let index = first; index <= last; index += 1) blocks.push(this.#blocks.get(content, index));
    if (window > 0) this.#readAhead(content, last);
    const from = start - first * blockBytes;
    return blocks.every(isHere)
      ? lendBlocks(blocks, from, stop - start)
      : Promise.all(blocks).then((arrived) => lendBlocks(arrived, from, stop - start));
  }

  /** `[start, end)`, clipped to the content's size, without the network. */
  async readLocal(content: ContentRef, start: number, end: number): Promise<LocalBytes> {
    const stop = Math.min(end, content.size);
    const bytes = Buffer.alloc(Math.max(0, stop - start));
    let missing = 0;
    for (let at = start; at < stop; ) {
      const index = Math.floor(at / blockBytes);
      const blockStart = index * blockBytes;
      const blockEnd = Math.min(stop, blockStart + blockBytes);
      const block = await this.#blocks.tryGetLocal(content, index);
      if (block === undefined) missing += blockEnd - at;
      else block.bytes.copy(bytes, at - start, at - blockStart, blockEnd - blockStart);
      block?.giveBack();
      at = blockEnd;
    }
    return { bytes, missing };
  }

  /**
   * Brings the whole content to the disk, a full window of requests side by side. Ends early when the disk has no room for a
   * block: ask `isLocal` afterwards. Rejects, and keeps nothing, when what came has another md5. `onProgress` hears of the bytes
   * that are there.
   */
  async fetchWhole(content: ContentRef, signal: AbortSignal, onProgress: (bytes: number) => void): Promise<void> {
    const ahead: Readahead = { next: 0, windowBytes: maxWindowBytes, reached: -1 };
    const hash = createHash('md5');
    for (let first = 0; first * blockBytes < content.size; first += runBlocks) {
      signal.throwIfAborted();
      const end = Math.min(content.size, (first + runBlocks) * blockBytes);
      const loan = await this.borrow(content, first * blockBytes, end, ahead);
      for (const part of loan.parts) hash.update(part);
      const isKept = await this.#keepBlocks(content, first, loan.parts);
      loan.giveBack();
      if (!isKept) return;
      onProgress(end);
    }
    if (hash.digest('hex') === content.md5) return;
    await this.refuse(content);
    throw wrongBytes();
  }

  /** For who has read all of a content and found another md5: nothing of it is kept, and the next read asks the server. */
  refuse(content: ContentRef): Promise<void> {
    this.#pieces.forget(content);
    return this.#blocks.refuse(content);
  }

  /** True when a read of the whole content would not touch the network. */
  isLocal(content: ContentRef): boolean {
    return content.size === 0 || this.#store.hasAll(content.md5, content.size);
  }

  /** What memory answered may have left the disk since. False when the disk has no room. */
  async #keepBlocks({ md5 }: ContentRef, first: number, blocks: readonly Buffer[]): Promise<boolean> {
    for (const [at, block] of blocks.entries()) {
      await this.#store.keepBlock(md5, first + at, block);
      if (!this.#store.hasBlock(md5, first + at)) return false;
    }
    return true;
  }

  #isPiece(content: ContentRef, start: number, stop: number): boolean {
    if (this.#blocks.has(content, Math.floor(start / blockBytes)) || this.#source.comesWhole(content)) return false;
    return this.#pieces.takes(content, start, stop);
  }

  /** A sequential reader does not wait for each block that is on the disk. */
  #readAhead(content: ContentRef, last: number): void {
    const end = Math.min(lastBlock(content.size), last + diskAheadBlocks);
    for (let index = last + 1; index <= end; index += 1) this.#blocks.readAhead(content, index);
  }

  /** Starts what `first..until` lack. */
  #startDownloads(content: ContentRef, first: number, until: number): void {
    if (isSmall(content)) {
      this.#startSmall(content);
      return;
    }
    let runStart: number | undefined;
    for (let index = first; index <= until + 1; index += 1) {
      const wanted = index <= until && !this.#blocks.has(content, index);
      if (wanted && runStart === undefined) runStart = index;
      if (runStart !== undefined && (!wanted || index - runStart === runBlocks)) {
        this.#blocks.startDownload(content, runStart, index - 1);
        runStart = wanted ? index : undefined;
      }
    }
  }

  /** Whatever lacks, all of it is fetched: a part has no md5 to be checked against. */
  #startSmall(content: ContentRef): void {
    const last = lastBlock(content.size);
    let index = 0;
    while (index <= last && this.#blocks.has(content, index)) index += 1;
    if (index <= last) this.#blocks.startDownload(content, 0, last);
  }

  /**
   * Last block to ask for now. Each request costs a round trip: a reader that goes on has its window moved by a whole run, not
   * by each read, unless it would wait.
   */
  #reach(content: ContentRef, first: number, last: number, window: number, ahead: Readahead): number {
    const end = lastBlock(content.size);
    const furthest = Math.min(end, last + window);
    const left = furthest - Math.max(last, ahead.reached);
    const isDue = left >= Math.min(runBlocks, window / 2) || (furthest === end && left > 0);
    let index = first;
    while (index <= last && this.#blocks.has(content, index)) index += 1;
    if (index > last && !isDue) return last;
    ahead.reached = furthest;
    return furthest;
  }
}

function isHere(block: Block | Promise<Block>): block is Block {
  return !(block instanceof Promise);
}
