import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatSums, isAsWritten, parseSums, type WrittenSum, WrittenSums } from '../../../src/content/writtenSums.ts';

function add(sums: WrittenSums, bytes: Buffer, position: number): void {
  sums.keep(sums.after(bytes, position));
}

const kib = 1024;

async function areThoseOf(sums: readonly WrittenSum[], file: Buffer): Promise<boolean> {
  const read = async (position: number, length: number) => file.subarray(position, position + length);
  for (const sum of sums) if (!(await isAsWritten(sum, read))) return false;
  return true;
}

function writeAll(file: Buffer, lengths: readonly number[]): WrittenSums {
  const sums = new WrittenSums();
  let at = 0;
  for (const length of lengths) {
    add(sums, file.subarray(at, at + length), at);
    at += length;
  }
  return sums;
}

describe('checksums of what was written', () => {
  for (const { longest, what } of [
    { longest: 40, what: 'short writes' },
    { longest: 60 * kib, what: 'long and short writes' },
  ]) {
    it(`are those of the bytes that are there in the end, or unknown, whatever was written and cut by ${what}`, async () => {
      let seed = 11;
      const random = (bound: number) => {
        seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((seed / 2 ** 32) * bound);
      };
      let known = 0;
      for (let round = 0; round < 300; round += 1) {
        const sums = new WrittenSums();
        const file = Buffer.alloc(120 * longest);
        let size = 0;
        for (let step = 0; step < 1 + random(20); step += 1) {
          if (random(6) === 0) {
            size = random(size + 1);
            file.fill(0, size);
            sums.cut(size);
            continue;
          }
          const isLong = random(2) === 0;
          const bytes = Buffer.alloc(isLong ? longest : 1 + random(longest), 65 + random(26));
          const at = random(3) === 0 ? random(75 * longest) : size;
          bytes.copy(file, at);
          size = Math.max(size, at + bytes.length);
          add(sums, bytes, at);
        }
        const { ranges } = sums;
        if (ranges === undefined) continue;
        known += 1;
        assert.ok(await areThoseOf(ranges, file));
        const spoilt = ranges[random(ranges.length)];
        if (spoilt === undefined) continue;
        const place = spoilt.start + random(spoilt.end - spoilt.start);
        file.writeUInt8(file.readUInt8(place) ^ 1, place);
        assert.ok(!(await areThoseOf(ranges, file)), 'one bit is another');
      }
      assert.ok(known > 30, `${known} are known`);
    });
  }

  it('tell all of a file that is written from its start, in one range', () => {
    const sums = new WrittenSums();
    for (let at = 0; at < 100; at += 10) add(sums, Buffer.alloc(10, at), at);
    assert.deepEqual(
      sums.ranges?.map(({ start, end }) => [start, end]),
      [[0, 100]],
    );
  });

  it('tell all of what is written in pieces of one length, each with the last in one range', async () => {
    const lengths = [256, 256, 256, 100].map((each) => each * kib);
    const file = Buffer.alloc(868 * kib, 'some bytes of a file ');
    const sums = writeAll(file, lengths).ranges ?? [];
    assert.deepEqual(
      sums.map(({ start, end, piece }) => [start, end, piece]),
      [[0, 868 * kib, 256 * kib]],
    );
    assert.ok(await areThoseOf(sums, file));
  });

  it('tell all of what is written in order with changing lengths, in few ranges', async () => {
    const lengths = Array.from({ length: 200 }, (_, at) => (at % 3 === 0 ? 5 : 17 * kib + at));
    const file = Buffer.alloc(
      lengths.reduce((sum, each) => sum + each, 0),
      'some bytes of a file ',
    );
    const sums = writeAll(file, lengths).ranges ?? [];
    assert.equal(sums.at(-1)?.end, file.length);
    assert.ok(sums.length < 16, `${sums.length}`);
    assert.ok(await areThoseOf(sums, file));
  });

  it('are unknown where only a part of what was written is written over', () => {
    const sums = new WrittenSums();
    add(sums, Buffer.from('abcdef'), 0);
    add(sums, Buffer.from('X'), 2);
    assert.equal(sums.ranges, undefined);
  });

  it('are those of the newer bytes where all of what was written is written over', async () => {
    const sums = new WrittenSums();
    add(sums, Buffer.from('abcdef'), 0);
    add(sums, Buffer.from('ABCDEFG'), 0);
    assert.equal(sums.ranges?.length, 1);
    assert.ok(await areThoseOf(sums.ranges, Buffer.from('ABCDEFG')));
  });

  it('come back from the database as they went there, and nothing else does', () => {
    const sums = [{ start: 0, end: 5, piece: 0, crc: 7 }];
    assert.deepEqual(parseSums(formatSums(sums) ?? ''), sums);
    assert.equal(formatSums([]), null);
    for (const text of ['[1,2,3]', '{}', '["a",1,2,3]', '[-1,2,3,4]', '[1', ''])
      assert.equal(parseSums(text), undefined);
  });
});
