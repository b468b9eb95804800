import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { type Extents, missingExtents } from '../base/extents.ts';
import { blockSum, blockSumBytes } from './blockSum.ts';
import { cacheLimits } from './limits.ts';

/** What the server and the cache ask of a content. */
export interface Checksums {
  /** Lower-case hex. */
  readonly md5: string;
  /** `blockSum` of each block in turn. */
  readonly blockSums: Uint8Array;
}

/** An open file; bytes that `extents` do not cover are zeros and are not read. */
export interface ChecksumSource {
  readonly fd: number;
  /** Bytes. */
  readonly size: number;
  readonly extents: Extents;
}

const { blockBytes } = cacheLimits;
const zeros = Buffer.alloc(blockBytes);
const zerosSum = blockSum(zeros);

/**
 * The checksums of one file, a block at a time, so that whoever drives it decides how long the thread is held. Reads
 * synchronously: a worker thread needs none of the pool that the mount's own files are read with.
 */
export class ChecksumJob {
  readonly #source: ChecksumSource;
  readonly #hash = createHash('md5');
  readonly #sums: Buffer;
  readonly #buffer: Buffer;
  #at = 0;

  constructor(source: ChecksumSource) {
    this.#source = source;
    this.#sums = Buffer.alloc(Math.ceil(source.size / blockBytes) * blockSumBytes);
    this.#buffer = Buffer.alloc(Math.min(blockBytes, source.size));
  }

  /** Goes on for about `bytes`; the checksums once the end is reached. Throws as the disk does. */
  step(bytes: number): Checksums | undefined {
    const until = Math.min(this.#source.size, this.#at + bytes);
    while (this.#at < until) this.#addBlock();
    if (this.#at < this.#source.size) return undefined;
    return { md5: this.#hash.digest('hex'), blockSums: this.#sums };
  }

  #addBlock(): void {
    const { size, extents } = this.#source;
    const start = this.#at;
    const end = Math.min(size, start + blockBytes);
    const [first] = missingExtents(extents, start, end);
    const isHole = first?.start === start && first.end === end;
    const block = isHole ? zeros.subarray(0, end - start) : this.#read(start, end);
    this.#hash.update(block);
    const sum = isHole && block.length === blockBytes ? zerosSum : blockSum(block);
    sum.copy(this.#sums, (start / blockBytes) * blockSumBytes);
    this.#at = end;
  }

  #read(start: number, end: number): Buffer {
    const block = this.#buffer.subarray(0, end - start);
    block.fill(0);
    // A file that was cut meanwhile ends early; its checksums are of no use to anybody then.
    for (let at = start; at < end; ) {
      const read = readSync(this.#source.fd, block, at - start, end - at, at);
      if (read === 0) break;
      at += read;
    }
    for (const hole of missingExtents(this.#source.extents, start, end))
      block.fill(0, hole.start - start, hole.end - start);
    return block;
  }
}
