import type { Block } from './blockMemory.ts';

/** A block on its way from the disk or the network. */
export class BlockFlight {
  readonly #arrival = Promise.withResolvers<Block>();
  #waiting = 0;
  #block: Block | undefined;

  constructor() {
    // One that was read ahead may fail before anybody waits for it.
    this.#arrival.promise.catch(() => {});
  }

  /** The caller holds what it gets. */
  wait(): Block | Promise<Block> {
    if (this.#block !== undefined) return this.#block.hold();
    this.#waiting += 1;
    return this.#arrival.promise;
  }

  /** Whoever calls this holds the block for as long as `wait` may be called. */
  land(block: Block): void {
    for (; this.#waiting > 0; this.#waiting -= 1) block.hold();
    this.#block = block;
    this.#arrival.resolve(block);
  }

  fail(error: unknown): void {
    this.#arrival.reject(error);
  }
}
