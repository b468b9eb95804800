import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Slots } from '../base/flights.ts';
import type { Log } from '../base/log.ts';
import { Recent } from '../base/recent.ts';
import { inBlocks, lastBlock } from './blocks.ts';
import { ContentPieces } from './contentPieces.ts';
import type { ContentStore } from './contentStore.ts';
import { cacheLimits } from './limits.ts';

/** Content of a known md5 and size (bytes). */
export interface ContentRef {
  readonly md5: string;
  readonly size: number;
}

/** Bytes of a content as far as they are on this computer; `missing` of them are not, and are zeros here. */
export interface LocalBytes {
  readonly bytes: Buffer;
  readonly missing: number;
}

/** Port to the network: chunks of `[start, end)` of a content, in order; rejects when it cannot deliver all of them. */
export interface ContentSource {
  openRange(content: ContentRef, start: number, end: number, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
  /** True when any part of that content costs a download of all of it: then all of it is asked for at once. */
  comesWhole(content: ContentRef): boolean;
  /** What came was something else: it is looked for anew. */
  doubt(md5: string): void;
}

export interface ContentReaderDeps {
  readonly store: ContentStore;
  readonly source: ContentSource;
  readonly log: Log;
  /** Aborts every download when the session ends. */
  readonly signal: AbortSignal;
}

/** Position of one sequential reader: `next` is the byte a sequential read would start at. */
export interface Readahead {
  next: number;
  windowBytes: number;
}

export function newReadahead(): Readahead {
  return { next: 0, windowBytes: 0 };
}

const blockBytes = cacheLimits.blockBytes;
const runBlocks = cacheLimits.runBytes / blockBytes;

/**
 * Reads content by md5: memory, then disk, then the network. Callers that want the same block share one download;
 * a sequential reader gets a window of parallel ranged requests ahead of it.
 */
export class ContentReader {
  readonly #deps: ContentReaderDeps;
  /** Bounded by bytes alone: with a bound on entries as well, all of them would be allocated ahead. */
  readonly #memory = new LRUCache<string, Buffer>({
    maxSize: cacheLimits.memoryBytes,
    sizeCalculation: (block) => Math.max(1, block.length),
  });
  /** Small contents that matched their md5 when they were read from the disk. */
  readonly #checked = new Recent<string, true>(cacheLimits.rememberedChecks);
  readonly #flights = new Map<string, Promise<Buffer>>();
  readonly #slots = new Slots(cacheLimits.parallelDownloads);
  readonly #pieces = new ContentPieces((content, start, end) => this.#fetchPiece(content, start, end));
  /** Blocks on their way to the disk. */
  readonly #keeping = new Set<Promise<void>>();
  #downloading = 0;

  constructor(deps: ContentReaderDeps) {
    this.#deps = deps;
  }

  /** Ranged requests under way. */
  get activeDownloads(): number {
    return this.#downloading;
  }

  /** Bytes `[start, end)`, clipped to the content's size. */
  async read(content: ContentRef, start: number, end: number, ahead?: Readahead): Promise<Buffer> {
    const stop = Math.min(end, content.size);
    if (start >= stop) return Buffer.alloc(0);
    const first = Math.floor(start / blockBytes);
    const last = Math.floor((stop - 1) / blockBytes);
    const window = ahead === undefined || isSmall(content) ? 0 : this.#window(ahead, start, stop);
    const jumps = ahead !== undefined && window === 0 && !isSmall(content);
    if (jumps && this.#isPiece(content, start, stop)) return this.#pieces.read(content, start, stop);
    this.#startDownloads(content, first, last, window);
    const parts: Buffer[] = [];
    for (let index = first; index <= last; index += 1) {
      const block = await this.#block(content, index);
      const blockStart = index * blockBytes;
      parts.push(block.subarray(Math.max(0, start - blockStart), stop - blockStart));
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
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
      const block = await this.#localBlock(content, index);
      if (block === undefined) missing += blockEnd - at;
      else block.copy(bytes, at - start, at - blockStart, blockEnd - blockStart);
      at = blockEnd;
    }
    return { bytes, missing };
  }

  /**
   * Brings the whole content to the disk, a full window of requests side by side. Ends early when the disk has no room for a
   * block: ask `isLocal` afterwards. `onProgress` hears of the bytes that are there.
   */
  async fetchWhole(content: ContentRef, signal: AbortSignal, onProgress: (bytes: number) => void): Promise<void> {
    const { store } = this.#deps;
    const ahead: Readahead = { next: 0, windowBytes: cacheLimits.maxWindowBytes };
    for (let first = 0; first * blockBytes < content.size; first += runBlocks) {
      signal.throwIfAborted();
      const end = Math.min(content.size, (first + runBlocks) * blockBytes);
      const bytes = await this.read(content, first * blockBytes, end, ahead);
      for (let at = 0; at < bytes.length; at += blockBytes) {
        // What memory answered may have left the disk since.
        const index = first + at / blockBytes;
        await store.keepBlock(content.md5, index, bytes.subarray(at, at + blockBytes));
        if (!store.hasBlock(content.md5, index)) return;
      }
      onProgress(end);
    }
  }

  /** True when a read of the whole content would not touch the network. */
  isLocal(content: ContentRef): boolean {
    return content.size === 0 || this.#deps.store.hasAll(content.md5, content.size);
  }

  #isPiece(content: ContentRef, start: number, stop: number): boolean {
    if (this.#has(content, Math.floor(start / blockBytes)) || this.#deps.source.comesWhole(content)) return false;
    return this.#pieces.takes(content, start, stop);
  }

  async #block(content: ContentRef, index: number): Promise<Buffer> {
    const key = `${content.md5}.${index}`;
    const known = this.#flights.get(key) ?? (await this.#localBlock(content, index));
    if (known !== undefined) return known;
    const flight = this.#flights.get(key);
    if (flight !== undefined) return flight;
    const [first, last] = isSmall(content) ? [0, lastBlock(content.size)] : [index, index];
    this.#startRun(content, first, last, index);
    return this.#flights.get(key) as Promise<Buffer>;
  }

  async #localBlock(content: ContentRef, index: number): Promise<Buffer | undefined> {
    const key = `${content.md5}.${index}`;
    const known = this.#memory.get(key);
    if (known !== undefined) return known;
    if (isSmall(content) && !this.#checked.has(content.md5)) return this.#checkedBlock(content, index);
    const cached = await this.#deps.store.tryReadBlock(content.md5, index, content.size);
    if (cached !== undefined) this.#memory.set(key, cached);
    return cached;
  }

  /**
   * A block of a small file that is read from the disk for the first time: all of it is, and compared with its md5. Where a block
   * lacks, the others have their checksums alone.
   */
  async #checkedBlock(content: ContentRef, index: number): Promise<Buffer | undefined> {
    const { store, log } = this.#deps;
    const indexes = Array.from({ length: lastBlock(content.size) + 1 }, (_, at) => at);
    const blocks = await Promise.all(indexes.map((at) => store.tryReadBlock(content.md5, at, content.size)));
    const known = blocks.filter((block) => block !== undefined);
    if (known.length === blocks.length) {
      const hash = createHash('md5');
      for (const block of known) hash.update(block);
      if (hash.digest('hex') !== content.md5) {
        log.warn('cached content does not match its md5, dropped', { md5: content.md5 });
        store.drop(content.md5, content.size);
        return undefined;
      }
      this.#checked.set(content.md5, true);
    }
    for (const [at, block] of blocks.entries())
      if (block !== undefined) this.#memory.set(`${content.md5}.${at}`, block);
    return blocks[index];
  }

  /** Starts what `first..last` and the readahead window lack. */
  #startDownloads(content: ContentRef, first: number, last: number, window: number): void {
    if (isSmall(content)) {
      this.#startSmall(content);
      return;
    }
    const until = this.#reach(content, first, last, window);
    let runStart: number | undefined;
    for (let index = first; index <= until + 1; index += 1) {
      const wanted = index <= until && !this.#has(content, index);
      if (wanted && runStart === undefined) runStart = index;
      if (runStart !== undefined && (!wanted || index - runStart === runBlocks)) {
        this.#startRun(content, runStart, index - 1);
        runStart = wanted ? index : undefined;
      }
    }
  }

  /** Whatever lacks, all of it is fetched: a part has no md5 to be checked against. */
  #startSmall(content: ContentRef): void {
    const last = lastBlock(content.size);
    let index = 0;
    while (index <= last && this.#has(content, index)) index += 1;
    if (index <= last) this.#startRun(content, 0, last);
  }

  /**
   * Last block to ask for now. Each request costs a round trip: a reader that goes on has its window moved by a whole run, not
   * by each read, unless it would wait.
   */
  #reach(content: ContentRef, first: number, last: number, window: number): number {
    const end = lastBlock(content.size);
    const furthest = Math.min(end, last + window);
    let lacking = 0;
    for (let index = first; index <= furthest; index += 1) {
      if (this.#has(content, index)) continue;
      if (index <= last) return furthest;
      lacking += 1;
    }
    return furthest === end || lacking >= Math.min(runBlocks, window / 2) ? furthest : last;
  }

  /** Blocks to have under way beyond the read; grows on sequential reads, resets on a far seek. */
  #window(ahead: Readahead, start: number, stop: number): number {
    // Kernel readahead reorders by up to 512 KiB, so "sequential" allows one window's slack.
    const near = Math.abs(start - ahead.next) <= Math.max(blockBytes * 2, ahead.windowBytes / 4);
    if (!near) ahead.windowBytes = 0;
    else if (stop > ahead.next && start > 0) {
      ahead.windowBytes = Math.min(
        cacheLimits.maxWindowBytes,
        Math.max(cacheLimits.firstWindowBytes, ahead.windowBytes * 2),
      );
    }
    ahead.next = near ? Math.max(ahead.next, stop) : stop;
    return Math.floor(ahead.windowBytes / blockBytes);
  }

  #has(content: ContentRef, index: number): boolean {
    const key = `${content.md5}.${index}`;
    return this.#memory.has(key) || this.#flights.has(key) || this.#deps.store.hasBlock(content.md5, index);
  }

  /**
   * One request for blocks `first..last`, or for all of a content that comes whole; the flight of each that lacks, and of
   * `wanted`, settles as soon as its bytes are in.
   */
  #startRun(content: ContentRef, from: number, to: number, wanted?: number): void {
    const [first, last] = this.#deps.source.comesWhole(content) ? [0, lastBlock(content.size)] : [from, to];
    const waiting = new Map<number, PromiseWithResolvers<Buffer>>();
    for (let index = first; index <= last; index += 1) {
      if (index !== wanted && this.#has(content, index)) continue;
      const flight = Promise.withResolvers<Buffer>();
      flight.promise.catch(() => {});
      waiting.set(index, flight);
      this.#flights.set(`${content.md5}.${index}`, flight.promise);
    }
    const settle = async (index: number, body: Buffer) => {
      const flight = waiting.get(index);
      if (flight === undefined) return;
      this.#memory.set(`${content.md5}.${index}`, body);
      flight.resolve(body);
      waiting.delete(index);
      const kept = this.#deps.store
        .keepBlock(content.md5, index, body)
        .catch((error) => this.#deps.log.warn('cache write failed', { error }));
      this.#keeping.add(kept);
      await kept;
      this.#keeping.delete(kept);
      this.#flights.delete(`${content.md5}.${index}`);
    };
    this.#downloadRun(content, first, last, settle).catch((error) => {
      for (const [index, flight] of waiting) {
        this.#flights.delete(`${content.md5}.${index}`);
        flight.reject(error);
      }
    });
  }

  async #fetchPiece(content: ContentRef, start: number, end: number): Promise<Buffer> {
    const { source, signal } = this.#deps;
    const parts: Buffer[] = [];
    await this.#slots.with(signal, async () => {
      this.#downloading += 1;
      try {
        for await (const chunk of await source.openRange(content, start, end, signal)) parts.push(chunk);
      } finally {
        this.#downloading -= 1;
      }
    });
    const bytes = Buffer.concat(parts);
    if (bytes.length !== end - start) throw new Error(`download ended after ${bytes.length} of ${end - start} bytes`);
    return bytes;
  }

  async #whileUnwritten(): Promise<void> {
    while (this.#keeping.size * blockBytes > cacheLimits.unwrittenBytes) await Promise.race(this.#keeping);
  }

  async #downloadRun(
    content: ContentRef,
    first: number,
    last: number,
    settle: (index: number, body: Buffer) => Promise<void>,
  ): Promise<void> {
    const start = first * blockBytes;
    const end = Math.min(content.size, (last + 1) * blockBytes);
    const whole = start === 0 && end === content.size;
    // Blocks of a small file are handed out only after its md5 is right; little waits.
    const verify = isSmall(content);
    const held: [number, Buffer][] = [];
    const kept: Promise<void>[] = [];
    const hash = createHash('md5');
    await this.#slots.with(this.#deps.signal, async () => {
      await this.#whileUnwritten();
      this.#downloading += 1;
      try {
        const chunks = await this.#deps.source.openRange(content, start, end, this.#deps.signal);
        for await (const [index, body] of inBlocks(chunks, first, end - start)) {
          if (whole) hash.update(body);
          await this.#whileUnwritten();
          if (verify) held.push([index, body]);
          else kept.push(settle(index, body));
        }
        if (whole && hash.digest('hex') !== content.md5) {
          this.#deps.log.warn('downloaded bytes do not match their md5', { md5: content.md5 });
          this.#deps.source.doubt(content.md5);
          if (verify) throw new Error('downloaded bytes do not match their md5');
          await Promise.all(kept);
          for (let index = first; index <= last; index += 1) this.#memory.delete(`${content.md5}.${index}`);
          this.#deps.store.drop(content.md5, content.size);
        }
      } finally {
        this.#downloading -= 1;
      }
    });
    for (const [index, body] of held) void settle(index, body);
  }
}

function isSmall({ size }: ContentRef): boolean {
  return size <= cacheLimits.wholeFetchBytes;
}
