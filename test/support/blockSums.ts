import { blockSum, blockSumBytes } from '../../src/content/blockSum.ts';

const blockBytes = 256 * 1024;

/** The checksum of each block of a content, as the cache keeps them. */
export function blockSums(content: Buffer): Buffer {
  const sums = Buffer.alloc(Math.ceil(content.length / blockBytes) * blockSumBytes);
  for (let at = 0; at < content.length; at += blockBytes) {
    blockSum(content.subarray(at, at + blockBytes)).copy(sums, (at / blockBytes) * blockSumBytes);
  }
  return sums;
}
