import type { Block } from './blockMemory.ts';
import { cacheLimits } from './limits.ts';

/** Bytes that are lent: what they lie in is used for others once they are given back. */
export interface Loan {
  /** The bytes, in order. */
  readonly parts: readonly Buffer[];
  readonly length: number;
  /** Ends it; once. Not to do so costs a garbage collection, nothing else. */
  giveBack(): void;
  /** Ends it, too; the caller has the bytes for good. */
  keep(): Buffer;
}

/** Bytes that nobody else has. */
export function lendOwn(bytes: Buffer): Loan {
  return { parts: [bytes], length: bytes.length, giveBack: () => {}, keep: () => bytes };
}

/** `length` bytes of blocks that follow each other, from `from` on in the first of them. The loan holds the blocks from now on. */
export function lendBlocks(blocks: readonly Block[], from: number, length: number): Loan {
  const parts = blocks.map(({ bytes }, at) => {
    const start = at * cacheLimits.blockBytes;
    return bytes.subarray(Math.max(0, from - start), from + length - start);
  });
  const giveBack = () => {
    for (const block of blocks) block.giveBack();
  };
  const keep = () => {
    const bytes = Buffer.allocUnsafeSlow(length);
    let at = 0;
    for (const part of parts) at += part.copy(bytes, at);
    giveBack();
    return bytes;
  };
  return { parts, length, giveBack, keep };
}
