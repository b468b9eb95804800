import { crc32 } from 'node:zlib';

/** `[start, end)` of a file was written, with bytes of this CRC-32. */
export interface WrittenSum {
  readonly start: number;
  readonly end: number;
  readonly crc: number;
}

/** Ranges told apart; a file that is written here and there is rather synced before its row is. */
const mostRanges = 16;

/**
 * Checksums of what was written to a file since it was last synced: by them one that lost power in between is told from one
 * that did not. Along sequential writes they cost next to nothing; what they cannot tell makes them unknown.
 */
export class WrittenSums {
  #ranges: readonly WrittenSum[] | undefined = [];

  /** undefined: there were changes that no checksum tells of. */
  get ranges(): readonly WrittenSum[] | undefined {
    return this.#ranges;
  }

  /** What `ranges` will be when these bytes have been written too; `keep` it then. */
  after(bytes: Buffer, position: number): readonly WrittenSum[] | undefined {
    if (this.#ranges === undefined) return undefined;
    const end = position + bytes.length;
    // A range that is written over wholly does not count any more; of one that is written over in part no checksum is left.
    const others = this.#ranges.filter((range) => range.start < position || range.end > end);
    const last = others.at(-1);
    const isNext = last !== undefined && last.end === position;
    if (others.some((range) => range.start < end && range.end > position) || others.length >= mostRanges)
      return undefined;
    if (isNext) return others.with(-1, { start: last.start, end, crc: crc32(bytes, last.crc) });
    return [...others, { start: position, end, crc: crc32(bytes) }];
  }

  keep(ranges: readonly WrittenSum[] | undefined): void {
    this.#ranges = ranges;
  }

  /** The file was cut to `size`. */
  cut(size: number): void {
    const left = this.#ranges?.filter(({ start }) => start < size);
    this.#ranges = left?.every(({ end }) => end <= size) ? left : undefined;
  }

  /** Something was changed that is not told of here. */
  lose(): void {
    this.#ranges = undefined;
  }

  clear(): void {
    this.#ranges = [];
  }
}

/** null: nothing is to be checked. */
export function formatSums(sums: readonly WrittenSum[]): string | null {
  return sums.length === 0 ? null : JSON.stringify(sums.flatMap(({ start, end, crc }) => [start, end, crc]));
}

/** Boundary check for what comes from the database; undefined for what no version of the program wrote. */
export function parseSums(text: string): WrittenSum[] | undefined {
  const flat = tryParse(text);
  if (!Array.isArray(flat) || flat.length % 3 !== 0 || !flat.every((each) => Number.isSafeInteger(each) && each >= 0)) {
    return undefined;
  }
  const sums: WrittenSum[] = [];
  for (let at = 0; at < flat.length; at += 3) sums.push({ start: flat[at], end: flat[at + 1], crc: flat[at + 2] });
  return sums;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
