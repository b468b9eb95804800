import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BlockFlight } from '../../../src/content/blockFlight.ts';
import { BlockMemory } from '../../../src/content/blockMemory.ts';
import { cacheLimits } from '../../../src/content/limits.ts';
import { lendBlocks } from '../../../src/content/loan.ts';

const { blockBytes, memoryBytes } = cacheLimits;

/** Fills the memory with blocks that nobody holds but the memory. */
function crowd(memory: BlockMemory): void {
  for (let at = 0; at < memoryBytes / blockBytes; at += 1) {
    const block = memory.take(blockBytes);
    block.bytes.fill(0xff);
    memory.keep(`crowd.${at}`, block);
    block.giveBack();
  }
}

describe('the memory of blocks', () => {
  it('uses the memory of a block again that nobody holds', () => {
    const memory = new BlockMemory();
    const first = memory.take(blockBytes);
    first.giveBack();
    assert.equal(memory.take(blockBytes).bytes, first.bytes);
  });

  it('uses the memory of a block that left it only when the last holder has given it back', () => {
    const memory = new BlockMemory();
    const block = memory.take(blockBytes);
    block.bytes.fill(1);
    memory.keep('lent.0', block);
    block.giveBack();
    const held = memory.get('lent.0');
    crowd(memory);
    assert.equal(memory.has('lent.0'), false);
    crowd(memory);
    assert.ok(held?.bytes.every((byte) => byte === 1));
    held?.giveBack();
    assert.equal(memory.take(blockBytes).bytes, held?.bytes);
  });

  it('gives each who waits for a block a hold of its own, before and after it came', async () => {
    const memory = new BlockMemory();
    const flight = new BlockFlight();
    const waiting = [flight.wait(), flight.wait()];
    const block = memory.take(blockBytes);
    flight.land(block);
    const holders = [...(await Promise.all(waiting)), await flight.wait(), block];
    for (const holder of holders.slice(0, -1)) holder.giveBack();
    assert.notEqual(memory.take(blockBytes).bytes, block.bytes);
    block.giveBack();
    assert.equal(memory.take(blockBytes).bytes, block.bytes);
  });

  it('lends bytes across blocks, and leaves who keeps them bytes of their own', () => {
    const memory = new BlockMemory();
    const blocks = [1, 2, 3].map((value) => {
      const block = memory.take(blockBytes);
      block.bytes.fill(value);
      return block;
    });
    const loan = lendBlocks(blocks, blockBytes - 1, blockBytes + 2);
    assert.deepEqual(
      loan.parts.map(({ length }) => length),
      [1, blockBytes, 1],
    );
    const kept = loan.keep();
    crowd(memory);
    assert.deepEqual([kept.length, kept[0], kept[1], kept.at(-1)], [blockBytes + 2, 1, 2, 3]);
  });
});
