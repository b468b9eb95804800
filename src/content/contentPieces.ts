import { Recent } from '../base/recent.ts';
import { type ContentRef, lastBlock } from './blocks.ts';
import { cacheLimits } from './limits.ts';

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly bytes: Promise<Buffer>;
}

const { blockBytes, pieceBytes } = cacheLimits;

/**
 * Small parts of large contents, in memory only: what somebody reads who jumps from place to place. A block of which more than
 * one part is wanted is better fetched whole.
 */
export class ContentPieces {
  /** One a block, by its name. */
  readonly #pieces = new Recent<string, Piece>(cacheLimits.rememberedPieces);
  readonly #fetch: (content: ContentRef, start: number, end: number) => Promise<Buffer>;

  /** `fetch` resolves with exactly the bytes `[start, end)`. */
  constructor(fetch: (content: ContentRef, start: number, end: number) => Promise<Buffer>) {
    this.#fetch = fetch;
  }

  /** Are these bytes to be read as a piece? Not at the beginning of a content: most who read there go on. */
  takes(content: ContentRef, start: number, end: number): boolean {
    const index = Math.floor(start / blockBytes);
    if (start === 0 || end - start > pieceBytes || end > (index + 1) * blockBytes) return false;
    const known = this.#pieces.get(`${content.md5}.${index}`);
    return known === undefined || (known.start <= start && end <= known.end);
  }

  forget({ md5, size }: ContentRef): void {
    for (let index = lastBlock(size); index >= 0; index -= 1) this.#pieces.delete(`${md5}.${index}`);
  }

  /** Bytes `[start, end)`, which `takes` has answered for. */
  async read(content: ContentRef, start: number, end: number): Promise<Buffer> {
    const key = `${content.md5}.${Math.floor(start / blockBytes)}`;
    let piece = this.#pieces.get(key);
    if (piece === undefined) {
      const from = start - (start % pieceBytes);
      const to = Math.min(content.size, end + pieceBytes - 1 - ((end - 1) % pieceBytes));
      piece = { start: from, end: to, bytes: this.#fetch(content, from, to) };
      this.#pieces.set(key, piece);
    }
    try {
      const bytes = await piece.bytes;
      return bytes.subarray(start - piece.start, end - piece.start);
    } catch (error) {
      if (this.#pieces.get(key) === piece) this.#pieces.delete(key);
      throw error;
    }
  }
}
