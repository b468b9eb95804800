import { cacheLimits } from './limits.ts';

const { blockBytes } = cacheLimits;

/** Number of the last block of a content of `size` bytes; -1 of an empty one. */
export function lastBlock(size: number): number {
  return Math.ceil(size / blockBytes) - 1;
}

/** Cuts a byte stream into blocks numbered from `first`; the last may be short. Throws when the stream ends early. */
export async function* inBlocks(
  chunks: AsyncIterable<Buffer>,
  first: number,
  length: number,
): AsyncGenerator<[number, Buffer], void> {
  let index = first;
  let left = length;
  let block = Buffer.allocUnsafeSlow(Math.min(blockBytes, left));
  let filled = 0;
  for await (const chunk of chunks) {
    let at = 0;
    while (at < chunk.length && left > 0) {
      const taken = chunk.copy(block, filled, at);
      at += taken;
      filled += taken;
      if (filled < block.length) continue;
      left -= filled;
      yield [index, block];
      index += 1;
      filled = 0;
      block = Buffer.allocUnsafeSlow(Math.min(blockBytes, left));
    }
  }
  if (left > 0) throw new Error(`download ended ${left} bytes short`);
}
