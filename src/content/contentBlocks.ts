import { createHash } from 'node:crypto';
import { Flights } from '../base/flights.ts';
import type { Log } from '../base/log.ts';
import { Recent } from '../base/recent.ts';
import { BlockFlight } from './blockFlight.ts';
import type { Block, BlockMemory } from './blockMemory.ts';
import { blockLength, type ContentRef, isSmall, lastBlock } from './blocks.ts';
import { blockName } from './contentFiles.ts';
import type { ContentStore } from './contentStore.ts';
import type { ContentSource, Downloads } from './downloads.ts';
import { cacheLimits } from './limits.ts';

export interface ContentBlocksDeps {
  readonly memory: BlockMemory;
  readonly store: ContentStore;
  readonly downloads: Downloads;
  readonly source: ContentSource;
  readonly log: Log;
}

/**
 * Blocks of contents: in memory, else on the disk, else from the network. Who wants a block that is on its way waits for that.
 * Whoever gets a block holds it (`Block.giveBack`).
 */
export class ContentBlocks {
  readonly #deps: ContentBlocksDeps;
  /** Downloads under way, by the name of the block. */
  readonly #flights = new Map<string, BlockFlight>();
  /** Small contents that matched their md5 when they were read from the disk. */
  readonly #checked = new Recent<string, true>(cacheLimits.rememberedChecks);
  readonly #checks = new Flights<string, void>();
  /** Blocks on their way to the disk, by the md5 of their content. */
  readonly #keeping = new Map<string, Set<Promise<void>>>();

  constructor(deps: ContentBlocksDeps) {
    this.#deps = deps;
  }

  /** In memory, on the disk or on its way. */
  has(content: ContentRef, index: number): boolean {
    return this.#isNear(blockName(content.md5, index)) || this.#deps.store.hasBlock(content.md5, index);
  }

  /** A block, at once where it is in memory. */
  get(content: ContentRef, index: number): Block | Promise<Block> {
    const name = blockName(content.md5, index);
    return this.#deps.memory.get(name) ?? this.#flights.get(name)?.wait() ?? this.#load(content, index).wait();
  }

  /** Undefined where it is neither in memory nor, sound, on the disk. */
  async tryGetLocal(content: ContentRef, index: number): Promise<Block | undefined> {
    const { memory } = this.#deps;
    const name = blockName(content.md5, index);
    const known = memory.get(name);
    if (known !== undefined) return known;
    if (isSmall(content) && !this.#checked.has(content.md5)) {
      await this.#checks.run(content.md5, () => this.#check(content));
      return memory.get(name);
    }
    const block = await this.#tryRead(content, index);
    if (block !== undefined) memory.keep(name, block);
    return block;
  }

  /** Has a block that is on the disk in memory soon. */
  readAhead(content: ContentRef, index: number): void {
    if (this.#isNear(blockName(content.md5, index)) || !this.#deps.store.hasBlock(content.md5, index)) return;
    this.#load(content, index);
  }

  /** One request for those of the blocks `first..last` that lack, or for all of a content that comes whole. */
  startDownload(content: ContentRef, first: number, last: number): void {
    this.#startDownload(content, first, last, new Map());
  }

  #isNear(name: string): boolean {
    return this.#deps.memory.has(name) || this.#flights.has(name);
  }

  #load(content: ContentRef, index: number): BlockFlight {
    const name = blockName(content.md5, index);
    const flight = new BlockFlight();
    this.#flights.set(name, flight);
    this.tryGetLocal(content, index).then(
      (block) => {
        if (block === undefined) {
          const [first, last] = isSmall(content) ? [0, lastBlock(content.size)] : [index, index];
          this.#startDownload(content, first, last, new Map([[index, flight]]));
          return;
        }
        flight.land(block);
        this.#flights.delete(name);
        block.giveBack();
      },
      (error) => {
        this.#flights.delete(name);
        flight.fail(error);
      },
    );
    return flight;
  }

  async #tryRead(content: ContentRef, index: number): Promise<Block | undefined> {
    const { memory, store } = this.#deps;
    const { md5, size } = content;
    if (!store.hasBlock(md5, index)) return undefined;
    const block = memory.take(blockLength(size, index));
    if (await store.tryReadBlock(md5, index, size, block.bytes)) return block;
    block.giveBack();
    return undefined;
  }

  /**
   * Reads all of a small content that is read from the disk for the first time into memory, and compares it with its md5. Where a
   * block lacks, the others have their checksums alone.
   */
  async #check(content: ContentRef): Promise<void> {
    const { store, memory, log } = this.#deps;
    const { md5, size } = content;
    const indexes = Array.from({ length: lastBlock(size) + 1 }, (_, at) => at);
    const blocks = await Promise.all(indexes.map((index) => this.#tryRead(content, index)));
    const known = blocks.filter((block) => block !== undefined);
    if (known.length === blocks.length) {
      const hash = createHash('md5');
      for (const { bytes } of known) hash.update(bytes);
      if (hash.digest('hex') !== md5) {
        log.warn('cached content does not match its md5, dropped', { md5 });
        store.drop(md5, size);
        return;
      }
      this.#checked.set(md5, true);
    }
    for (const [index, block] of blocks.entries()) {
      if (block === undefined) continue;
      memory.keep(blockName(md5, index), block);
      block.giveBack();
    }
  }

  /** The flight of each block that lacks, and of those `begun`, ends as soon as its bytes are in. */
  #startDownload(content: ContentRef, from: number, to: number, begun: Map<number, BlockFlight>): void {
    const [first, last] = this.#deps.source.comesWhole(content) ? [0, lastBlock(content.size)] : [from, to];
    const flights = new Map(begun);
    for (let index = first; index <= last; index += 1) {
      if (flights.has(index) || this.has(content, index)) continue;
      const flight = new BlockFlight();
      flights.set(index, flight);
      this.#flights.set(blockName(content.md5, index), flight);
    }
    this.#download(content, first, last, flights).catch((error) => {
      for (const [index, flight] of flights) {
        this.#flights.delete(blockName(content.md5, index));
        flight.fail(error);
      }
    });
  }

  /** What has landed is taken out of `flights`. */
  async #download(content: ContentRef, first: number, last: number, flights: Map<number, BlockFlight>): Promise<void> {
    const land = (index: number, block: Block) => {
      const flight = flights.get(index);
      flights.delete(index);
      if (flight === undefined) block.giveBack();
      else this.#keep(content.md5, this.#land(content, index, block, flight));
    };
    const isWhole = first === 0 && last === lastBlock(content.size);
    const hash = isWhole ? createHash('md5') : undefined;
    // Blocks of a small file are handed out only after its md5 is right; little waits.
    const held: [number, Block][] = [];
    await this.#deps.downloads.fetchBlocks(content, first, last, {
      onBlock: (index, block) => {
        hash?.update(block.bytes);
        if (isSmall(content)) held.push([index, block]);
        else land(index, block);
      },
      onEnd: async () => {
        if (hash === undefined || hash.digest('hex') === content.md5) return;
        if (isSmall(content)) {
          this.#doubt(content);
          throw wrongBytes();
        }
        await this.refuse(content);
      },
    });
    for (const [index, block] of held) land(index, block);
  }

  #doubt({ md5 }: ContentRef): void {
    this.#deps.log.warn('downloaded bytes do not match their md5', { md5 });
    this.#deps.source.doubt(md5);
  }

  /** What came is not that content: nothing of it is kept, and it is looked for anew. */
  async refuse(content: ContentRef): Promise<void> {
    const { memory, store } = this.#deps;
    const { md5, size } = content;
    this.#doubt(content);
    // What has not reached the disk yet would be kept after this.
    await Promise.all(this.#keeping.get(md5) ?? []);
    for (let index = lastBlock(size); index >= 0; index -= 1) memory.forget(blockName(md5, index));
    store.drop(md5, size);
  }

  #keep(md5: string, kept: Promise<void>): void {
    const keeping = this.#keeping.get(md5) ?? new Set();
    this.#keeping.set(md5, keeping.add(kept));
    void kept.then(() => {
      keeping.delete(kept);
      if (keeping.size === 0 && this.#keeping.get(md5) === keeping) this.#keeping.delete(md5);
    });
  }

  /** Resolves when the disk has the block, or will not have it. */
  async #land({ md5 }: ContentRef, index: number, block: Block, flight: BlockFlight): Promise<void> {
    const { memory, store, downloads, log } = this.#deps;
    const name = blockName(md5, index);
    memory.keep(name, block);
    flight.land(block);
    const kept = store.keepBlock(md5, index, block.bytes).catch((error) => log.warn('cache write failed', { error }));
    downloads.noteUnwritten(kept);
    await kept;
    this.#flights.delete(name);
    block.giveBack();
  }
}

/** The error of a content that was refused. */
export function wrongBytes(): Error {
  return new Error('downloaded bytes do not match their md5');
}
