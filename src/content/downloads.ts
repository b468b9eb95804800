import { Slots } from '../base/flights.ts';
import type { Block, BlockMemory } from './blockMemory.ts';
import { BlockCutter, type ContentRef } from './blocks.ts';
import { cacheLimits } from './limits.ts';

/**
 * Port to the network: chunks of `[start, end)` of a content, in order; rejects when it cannot deliver all of them. Each chunk is the
 * reader's until it asks for the next one.
 */
export interface ContentSource {
  openRange(content: ContentRef, start: number, end: number, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
  /** True when any part of that content costs a download of all of it: then all of it is asked for at once. */
  comesWhole(content: ContentRef): boolean;
  /** What came was something else: it is looked for anew. */
  doubt(md5: string): void;
}

export interface BlockReceiver {
  readonly onBlock: (index: number, block: Block) => void;
  /** Called when all blocks have come. */
  readonly onEnd: () => Promise<void>;
}

export interface DownloadsDeps {
  readonly source: ContentSource;
  readonly memory: BlockMemory;
  /** Aborts all of them when the session ends. */
  readonly signal: AbortSignal;
}

const { blockBytes, parallelDownloads, unwrittenBytes } = cacheLimits;

/** Ranged requests: so many at a time, and no more than the disk takes of what they bring. */
export class Downloads {
  readonly #deps: DownloadsDeps;
  readonly #slots = new Slots(parallelDownloads);
  /** Blocks on their way to the disk. */
  readonly #unwritten = new Set<Promise<void>>();
  #active = 0;

  constructor(deps: DownloadsDeps) {
    this.#deps = deps;
  }

  /** Requests under way. */
  get active(): number {
    return this.#active;
  }

  /**
   * One request for blocks `first..last`; `onBlock` hears of each as soon as its bytes are in, and holds it. It counts as under way
   * until `onEnd` has settled.
   */
  async fetchBlocks(
    content: ContentRef,
    first: number,
    last: number,
    { onBlock, onEnd }: BlockReceiver,
  ): Promise<void> {
    const start = first * blockBytes;
    const end = Math.min(content.size, (last + 1) * blockBytes);
    const cutter = new BlockCutter(this.#deps.memory, first, end - start, onBlock);
    try {
      await this.#whileActive(async () => {
        for await (const chunk of await this.#open(content, start, end)) {
          cutter.add(chunk);
          await this.#whileUnwritten();
        }
        cutter.end();
        await onEnd();
      });
    } finally {
      cutter.drop();
    }
  }

  /** Exactly the bytes `[start, end)`. */
  async fetchPiece(content: ContentRef, start: number, end: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    await this.#whileActive(async () => {
      for await (const chunk of await this.#open(content, start, end)) parts.push(Buffer.from(chunk));
    });
    const bytes = Buffer.concat(parts);
    if (bytes.length !== end - start) throw new Error(`download ended after ${bytes.length} of ${end - start} bytes`);
    return bytes;
  }

  /** Further downloads wait while too much of what they brought has not been taken by the disk. `written` never rejects. */
  noteUnwritten(written: Promise<void>): void {
    this.#unwritten.add(written);
    void written.then(() => this.#unwritten.delete(written));
  }

  #open(content: ContentRef, start: number, end: number): Promise<AsyncIterable<Buffer>> {
    const { source, signal } = this.#deps;
    return source.openRange(content, start, end, signal);
  }

  async #whileActive(work: () => Promise<void>): Promise<void> {
    await this.#slots.with(this.#deps.signal, async () => {
      await this.#whileUnwritten();
      this.#active += 1;
      try {
        await work();
      } finally {
        this.#active -= 1;
      }
    });
  }

  async #whileUnwritten(): Promise<void> {
    while (this.#unwritten.size * blockBytes > unwrittenBytes) await Promise.race(this.#unwritten);
  }
}
