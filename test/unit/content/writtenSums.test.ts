import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { formatSums, parseSums, WrittenSums } from '../../../src/content/writtenSums.ts';

function add(sums: WrittenSums, bytes: Buffer, position: number): void {
  sums.keep(sums.after(bytes, position));
}

describe('checksums of what was written', () => {
  it('are those of the bytes that are there in the end, or unknown, whatever was written and cut', () => {
    let seed = 11;
    const random = (bound: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 2 ** 32) * bound);
    };
    let known = 0;
    for (let round = 0; round < 500; round += 1) {
      const sums = new WrittenSums();
      const file = Buffer.alloc(4_000);
      let size = 0;
      for (let step = 0; step < 1 + random(20); step += 1) {
        if (random(6) === 0) {
          size = random(size + 1);
          file.fill(0, size);
          sums.cut(size);
          continue;
        }
        const bytes = Buffer.alloc(1 + random(40), 65 + random(26));
        const at = random(3) === 0 ? random(3_000) : size;
        bytes.copy(file, at);
        size = Math.max(size, at + bytes.length);
        add(sums, bytes, at);
      }
      if (sums.ranges === undefined) continue;
      known += 1;
      for (const { start, end, crc } of sums.ranges) assert.equal(crc32(file.subarray(start, end)), crc);
    }
    assert.ok(known > 50, `${known} are known`);
  });

  it('tell all of a file that is written from its start, in one range', () => {
    const sums = new WrittenSums();
    for (let at = 0; at < 100; at += 10) add(sums, Buffer.alloc(10, at), at);
    assert.deepEqual(
      sums.ranges?.map(({ start, end }) => [start, end]),
      [[0, 100]],
    );
  });

  it('are unknown where only a part of what was written is written over', () => {
    const sums = new WrittenSums();
    add(sums, Buffer.from('abcdef'), 0);
    add(sums, Buffer.from('X'), 2);
    assert.equal(sums.ranges, undefined);
  });

  it('are those of the newer bytes where all of what was written is written over', () => {
    const sums = new WrittenSums();
    add(sums, Buffer.from('abcdef'), 0);
    add(sums, Buffer.from('ABCDEFG'), 0);
    assert.deepEqual(sums.ranges, [{ start: 0, end: 7, crc: crc32('ABCDEFG') }]);
  });

  it('come back from the database as they went there, and nothing else does', () => {
    const sums = [{ start: 0, end: 5, crc: 7 }];
    assert.deepEqual(parseSums(formatSums(sums) ?? ''), sums);
    assert.equal(formatSums([]), null);
    for (const text of ['[1,2]', '{}', '["a",1,2]', '[-1,2,3]', '[1', '']) assert.equal(parseSums(text), undefined);
  });
});
