import type { Block, BlockMemory } from './blockMemory.ts';
import { cacheLimits } from './limits.ts';

const { blockBytes } = cacheLimits;

/** Content of a known md5 and size (bytes). */
export interface ContentRef {
  readonly md5: string;
  readonly size: number;
}

/** Number of the last block of a content of `size` bytes; -1 of an empty one. */
export function lastBlock(size: number): number {
  return Math.ceil(size / blockBytes) - 1;
}

/** Bytes of block `index`; the last one may be short. */
export function blockLength(size: number, index: number): number {
  return Math.min(blockBytes, size - index * blockBytes);
}

/** A content that is fetched in one go, and handed out only when its md5 is right. */
export function isSmall({ size }: ContentRef): boolean {
  return size <= cacheLimits.wholeFetchBytes;
}

/** Cuts a byte stream into the blocks of a content from `first` on. */
export class BlockCutter {
  readonly #memory: BlockMemory;
  readonly #onBlock: (index: number, block: Block) => void;
  #left: number;
  #index: number;
  #block: Block | undefined;
  #filled = 0;

  /** `length` bytes are to come. `onBlock` holds what it gets. */
  constructor(memory: BlockMemory, first: number, length: number, onBlock: (index: number, block: Block) => void) {
    this.#memory = memory;
    this.#index = first;
    this.#left = length;
    this.#onBlock = onBlock;
  }

  /** The chunk's bytes are copied before this returns. */
  add(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && this.#left > 0; ) {
      this.#block ??= this.#memory.take(Math.min(blockBytes, this.#left));
      const { bytes } = this.#block;
      const taken = chunk.copy(bytes, this.#filled, at);
      at += taken;
      this.#filled += taken;
      if (this.#filled === bytes.length) this.#finish(this.#block);
    }
  }

  /** Throws when the stream ended early. */
  end(): void {
    if (this.#left > 0) throw new Error(`download ended ${this.#left - this.#filled} bytes short`);
  }

  /** Ends it: no further block comes. */
  drop(): void {
    this.#block?.giveBack();
    this.#block = undefined;
  }

  #finish(block: Block): void {
    this.#left -= this.#filled;
    this.#filled = 0;
    this.#block = undefined;
    this.#onBlock(this.#index, block);
    this.#index += 1;
  }
}
