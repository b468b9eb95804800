import { createHash, type Hash } from 'node:crypto';
import type { ContentRef } from './blocks.ts';

/** How far the base of a staging file was copied into it, in order, and whether it is what its md5 says. */
export class BaseCopy {
  /** What lies before was copied where it was wanted. */
  end = 0;
  #hash: Hash | undefined = createHash('md5');

  /** All of the base was read so far. */
  get compares(): boolean {
    return this.#hash !== undefined;
  }

  stopComparing(): void {
    this.#hash = undefined;
  }

  /** The bytes up to `end`; undefined where they were not read. */
  add(bytes: Buffer | undefined, end: number): void {
    if (bytes === undefined) this.stopComparing();
    else this.#hash?.update(bytes);
    this.end = end;
  }

  /** False where all of it came and is another content. To be asked once. */
  isSound(content: ContentRef): boolean {
    return this.#hash === undefined || this.end < content.size || this.#hash.digest('hex') === content.md5;
  }
}
