import { LRUCache } from 'lru-cache';
import { cacheLimits } from './limits.ts';

const { blockBytes, memoryBytes, spareBlocks } = cacheLimits;

/**
 * Bytes in memory that several parts of the drive use at a time. Each of them holds the block; when the last one gives it back, its
 * memory is used for another block. Who forgets to give it back costs that memory a garbage collection, nothing else.
 */
export class Block {
  readonly bytes: Buffer;
  readonly #onFree: (bytes: Buffer) => void;
  #holders = 1;

  /** Held by whoever makes it. */
  constructor(bytes: Buffer, onFree: (bytes: Buffer) => void) {
    this.bytes = bytes;
    this.#onFree = onFree;
  }

  /** Adds a holder. Only a holder may call this, or whoever has just got the block from one. */
  hold(): this {
    this.#holders += 1;
    return this;
  }

  /** Once for each holder; its bytes are others' after that. */
  giveBack(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#onFree(this.bytes);
  }
}

/**
 * The blocks that were used last, under a budget of bytes. Whole blocks are read into memory that earlier ones had: 256 KiB of
 * fresh memory for each cost more processor time than all else about them, most of it for garbage collections.
 */
export class BlockMemory {
  /** Bounded by bytes alone: with a bound on entries as well, all of them would be allocated ahead. */
  readonly #kept = new LRUCache<string, Block>({
    maxSize: memoryBytes,
    sizeCalculation: ({ bytes }) => Math.max(1, bytes.length),
    dispose: (block) => block.giveBack(),
  });
  readonly #spare: Buffer[] = [];

  /** A block of `length` bytes, of any content until it is filled; the caller holds it. */
  take(length: number): Block {
    if (length !== blockBytes) return new Block(Buffer.allocUnsafeSlow(length), () => {});
    return new Block(this.#spare.pop() ?? Buffer.allocUnsafeSlow(length), (bytes) => {
      if (this.#spare.length < spareBlocks) this.#spare.push(bytes);
    });
  }

  has(name: string): boolean {
    return this.#kept.has(name);
  }

  /** The caller holds what it gets. */
  get(name: string): Block | undefined {
    return this.#kept.get(name)?.hold();
  }

  keep(name: string, block: Block): void {
    this.#kept.set(name, block.hold());
  }

  forget(name: string): void {
    this.#kept.delete(name);
  }
}
