import { crc32 } from 'node:zlib';

const blockBytes = 256 * 1024;

/** CRC-32 of each block of a content, as the cache keeps them. */
export function blockSums(content: Buffer): Buffer {
  const sums = Buffer.alloc(Math.ceil(content.length / blockBytes) * 4);
  for (let at = 0; at < content.length; at += blockBytes) {
    sums.writeUInt32BE(crc32(content.subarray(at, at + blockBytes)), (at / blockBytes) * 4);
  }
  return sums;
}
