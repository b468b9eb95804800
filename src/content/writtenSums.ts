import { crc32 } from 'node:zlib';
import { blockSum } from './blockSum.ts';

/** Bytes `[start, end)` of a file, as they were written since it was last synced. */
export interface WrittenSum {
  readonly start: number;
  readonly end: number;
  /** Bytes of each piece from `start`, of which the last may be shorter, that `crc` was taken of; 0: of the bytes themselves. */
  readonly piece: number;
  /** The CRC-32 of the `blockSum`s of the pieces, one after the other, or of the bytes. */
  readonly crc: number;
}

/** Ranges told apart; a file that is written here and there is rather synced before its row is. */
const mostRanges = 16;

/** With so many ranges no more pieces are told apart, so that writes of changing length do not use the others up. */
const mostPieced = mostRanges / 2;

/** From so many bytes `blockSum` is faster than the CRC-32. */
const smallestPiece = 16 * 1024;

/** Read at a time where there are no pieces. */
const readBytes = 1024 * 1024;

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
    if (others.some((range) => range.start < end && range.end > position)) return undefined;
    const last = others.at(-1);
    if (last?.end === position && canGoOn(last, bytes, others.length)) return others.with(-1, goOn(last, bytes));
    if (others.length >= mostRanges) return undefined;
    const piece = isPiece(bytes, others.length) ? bytes.length : 0;
    return [...others, goOn({ start: position, end: position, piece, crc: 0 }, bytes)];
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

function isPiece(bytes: Buffer, ranges: number): boolean {
  return bytes.length >= smallestPiece && ranges < mostPieced;
}

function canGoOn({ start, end, piece }: WrittenSum, bytes: Buffer, ranges: number): boolean {
  if (piece === 0) return !isPiece(bytes, ranges);
  return bytes.length <= piece && (end - start) % piece === 0;
}

function goOn({ start, end, piece, crc }: WrittenSum, bytes: Buffer): WrittenSum {
  return { start, end: end + bytes.length, piece, crc: crc32(piece === 0 ? bytes : blockSum(bytes), crc) };
}

/** Whether the bytes that `read` finds at a position are those that were written. Rejects as it does. */
export async function isAsWritten(
  { start, end, piece, crc }: WrittenSum,
  read: (position: number, length: number) => Promise<Buffer>,
): Promise<boolean> {
  const step = piece === 0 ? readBytes : piece;
  let found: WrittenSum = { start, end: start, piece, crc: 0 };
  while (found.end < end) found = goOn(found, await read(found.end, Math.min(step, end - found.end)));
  return found.crc === crc;
}

/** null: nothing is to be checked. */
export function formatSums(sums: readonly WrittenSum[]): string | null {
  return sums.length === 0
    ? null
    : JSON.stringify(sums.flatMap(({ start, end, piece, crc }) => [start, end, piece, crc]));
}

/** Boundary check for what comes from the database; undefined for what no version of the program wrote. */
export function parseSums(text: string): WrittenSum[] | undefined {
  const flat = tryParse(text);
  if (!Array.isArray(flat) || flat.length % 4 !== 0 || !flat.every((each) => Number.isSafeInteger(each) && each >= 0)) {
    return undefined;
  }
  const sums: WrittenSum[] = [];
  for (let at = 0; at < flat.length; at += 4) {
    sums.push({ start: flat[at], end: flat[at + 1], piece: flat[at + 2], crc: flat[at + 3] });
  }
  return sums;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
