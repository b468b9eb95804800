import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { ContentReader } from '../../../src/content/contentReader.ts';
import { ContentStore } from '../../../src/content/contentStore.ts';
import { cacheLimits } from '../../../src/content/limits.ts';
import { newReadahead } from '../../../src/content/readahead.ts';
import { md5 as md5Of } from '../../support/md5.ts';

const { blockBytes, maxWindowBytes, parallelDownloads, pieceBytes, runBytes, unwrittenBytes } = cacheLimits;
let dir: string;
let abort: AbortController;
let ranges: [number, number][];
/** What the server sends for a range. */
let answer: (start: number, end: number) => Buffer;
let store: ContentStore;
let reader: ContentReader;

const byteAt = (position: number) => (position * 31 + (position >> 8)) & 255;
const make = (start: number, end: number) =>
  Buffer.alloc(end - start).map((_, index) => byteAt(start + index)) as Buffer;
const contentOf = (size: number) => ({ md5: md5Of(make(0, size)), size });

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'reader-'));
  abort = new AbortController();
  ranges = [];
  answer = make;
  store = await ContentStore.open(dir, { maxBytes: 1e9, minFreeBytes: 0 }, silentLog);
  const openRange = async (_content: unknown, start: number, end: number) => {
    ranges.push([start, end]);
    // As from a network: the disk gets its turn.
    await new Promise(setImmediate);
    const body = answer(start, end);
    return (async function* () {
      for (let at = 0; at < body.length; at += 60_000) yield body.subarray(at, at + 60_000);
    })();
  };
  reader = new ContentReader({
    store,
    source: { openRange, comesWhole: () => false, doubt: () => {} },
    log: silentLog,
    signal: abort.signal,
  });
});
afterEach(() => {
  abort.abort();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

const downloaded = () => ranges.reduce((sum, [start, end]) => sum + end - start, 0);

describe('the content reader', () => {
  it('answers callers of one block from one request', async () => {
    const content = contentOf(100_000);
    const parts = await Promise.all([10, 20, 30].map((at) => reader.read(content, at, at + 5)));
    assert.deepEqual(parts[1], make(20, 25));
    assert.equal(ranges.length, 1);
  });

  it('clips to the size and joins blocks', async () => {
    const content = contentOf(3 * blockBytes + 7);
    assert.deepEqual(await reader.read(content, blockBytes - 3, blockBytes + 3), make(blockBytes - 3, blockBytes + 3));
    assert.equal((await reader.read(content, content.size - 2, content.size + 50)).length, 2);
    assert.equal((await reader.read(content, content.size, content.size + 50)).length, 0);
  });

  it('fetches little more than is asked for, and that once, when a program jumps about in a large file', async () => {
    const content = { md5: 'c'.repeat(32), size: 1e9 };
    const ahead = newReadahead();
    const places = Array.from({ length: 10 }, (_, index) => (index + 1) * 9e7 + 100);
    for (let round = 0; round < 2; round += 1) {
      for (const at of places) assert.deepEqual(await reader.read(content, at, at + 4096, ahead), make(at, at + 4096));
    }
    assert.equal(ranges.length, 10);
    assert.ok(downloaded() <= 10 * 2 * pieceBytes, `${downloaded()} bytes`);
  });

  it('fetches the whole block when a second part of it is wanted, and reads ahead of a read that follows a part', async () => {
    const content = { md5: 'c'.repeat(32), size: 1e9 };
    const block = 400;
    const start = block * blockBytes;
    const jump = newReadahead();
    await reader.read(content, start + 100_000, start + 100_010, jump);
    assert.deepEqual(await reader.read(content, start + 9, start + 19, newReadahead()), make(start + 9, start + 19));
    assert.deepEqual(ranges.slice(1), [[start, start + blockBytes]]);
    await reader.read(content, 900 * blockBytes + 5, 900 * blockBytes + 9, jump);
    await reader.read(content, 900 * blockBytes + 9, 900 * blockBytes + 99, jump);
    assert.deepEqual(ranges[3], [900 * blockBytes, 902 * blockBytes + blockBytes]);
  });

  it('reads the end of a large file by its last part', async () => {
    const content = { md5: 'c'.repeat(32), size: 400 * blockBytes + 10_000 };
    const end = await reader.read(content, content.size - 22, content.size + 50, newReadahead());
    assert.deepEqual(end, make(content.size - 22, content.size));
    assert.deepEqual(ranges, [[400 * blockBytes, content.size]]);
  });

  it('asks again for a part that did not come', async () => {
    const content = { md5: 'c'.repeat(32), size: 1e9 };
    answer = (start, end) => make(start, end - 1);
    await assert.rejects(reader.read(content, 5e8, 5e8 + 10, newReadahead()), /ended after/);
    answer = make;
    assert.deepEqual(await reader.read(content, 5e8, 5e8 + 10, newReadahead()), make(5e8, 5e8 + 10));
  });

  it('reads ahead of a sequential reader, within its window', async () => {
    const content = { md5: 'd'.repeat(32), size: 1e9 };
    const ahead = newReadahead();
    let at = 0;
    for (; at < 6 * blockBytes; at += blockBytes / 2) {
      await reader.read(content, at, at + blockBytes / 2, ahead);
      const furthest = Math.max(...ranges.map(([, end]) => end));
      assert.ok(furthest <= at + 2 * blockBytes + maxWindowBytes);
    }
    assert.ok(downloaded() > at + 2 * blockBytes);
    await reader.read(content, 9e8, 9e8 + 4096, ahead);
    const far = ranges.filter(([start]) => start > 8e8);
    assert.deepEqual(
      far.map(([start, end]) => end - start),
      [pieceBytes],
      'a far seek resets the window',
    );
  });

  it('reads a long file in few requests of the largest size, a window ahead', async () => {
    const content = { md5: 'e'.repeat(32), size: 64 * 1024 * 1024 };
    const ahead = newReadahead();
    const step = blockBytes / 2;
    for (let at = 0; at < content.size; at += step) {
      await reader.read(content, at, at + step, ahead);
      const furthest = Math.max(...ranges.map(([, end]) => end));
      const due = Math.min(content.size, at + (parallelDownloads - 2) * runBytes);
      assert.ok(at < maxWindowBytes || furthest >= due, `at ${at} only up to ${furthest} is under way`);
    }
    assert.equal(downloaded(), content.size);
    assert.ok(ranges.length <= content.size / runBytes + 8, `${ranges.length} requests`);
  });

  it('fetches a whole file in requests side by side', async () => {
    const content = contentOf(32 * 1024 * 1024);
    const asked: number[] = [];
    await reader.fetchWhole(content, abort.signal, () => asked.push(ranges.length));
    assert.ok((asked[0] ?? 0) >= maxWindowBytes / runBytes, `${asked[0]} requests when the first bytes were there`);
    assert.equal(reader.isLocal(content), true);
    assert.equal(downloaded(), content.size);
  });

  it('keeps nothing of a whole file of which a part was wrong, and asks again next time', async () => {
    const content = contentOf(5 * runBytes);
    answer = (start, end) => make(start, end).fill(1, 0, start === runBytes ? 9 : 0);
    await assert.rejects(
      reader.fetchWhole(content, abort.signal, () => {}),
      /md5/,
    );
    assert.equal(reader.isLocal(content), false);
    answer = make;
    await reader.fetchWhole(content, abort.signal, () => {});
    assert.equal(reader.isLocal(content), true);
    const at = runBytes - 5;
    assert.deepEqual(await reader.read(content, at, at + 10), make(at, at + 10));
  });

  for (const at of [0, 600_000]) {
    it(`refuses a small file with wrong bytes, read from ${at}, and asks again next time`, async () => {
      const content = contentOf(700_000);
      answer = (start, end) => make(start, end).fill(1, 0, 9);
      await assert.rejects(reader.read(content, at, at + 10), /md5/);
      answer = make;
      assert.deepEqual(await reader.read(content, at, at + 10), make(at, at + 10));
    });
  }

  it('refuses wrong bytes of a small file that is partly in the cache, and still reads what is there', async () => {
    const content = contentOf(700_000);
    await store.keepBlock(content.md5, 0, make(0, blockBytes));
    answer = (start, end) => make(start, end).fill(1);
    await assert.rejects(reader.read(content, 600_000, 600_010), /md5/);
    answer = () => {
      throw new Error('no network');
    };
    assert.deepEqual(await reader.read(content, 0, 10), make(0, 10));
  });

  it('downloads no more than the disk takes', async (context) => {
    const content = { md5: 'a'.repeat(32), size: 32 * runBytes };
    const disk = Promise.withResolvers<void>();
    context.mock.method(store, 'keepBlock', () => disk.promise);
    answer = (start, end) => Buffer.alloc(end - start);
    const reads = Array.from({ length: 32 }, (_, run) => reader.read(content, run * runBytes, (run + 1) * runBytes));
    await Promise.all(reads.slice(0, unwrittenBytes / runBytes));
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    assert.ok(downloaded() <= unwrittenBytes + parallelDownloads * runBytes, `${downloaded()} bytes`);
    disk.resolve();
    await Promise.all(reads);
  });

  it('does not answer from a larger file that turned out wrong', async () => {
    const content = contentOf(8 * blockBytes);
    answer = (start, end) => make(start, end).fill(1, 0, 9);
    await reader.read(content, 0, content.size).catch(() => {});
    for (const until = Date.now() + 2000; reader.activeDownloads > 0 && Date.now() < until; ) {
      await new Promise(setImmediate);
    }
    answer = make;
    assert.deepEqual(await reader.read(content, 0, 10), make(0, 10));
  });

  it('rejects when the stream ends early', async () => {
    const content = contentOf(100_000);
    answer = (start, end) => make(start, end - 1);
    await assert.rejects(reader.read(content, 0, 10), /short/);
    answer = make;
    assert.deepEqual(await reader.read(content, 0, 10), make(0, 10));
  });
});
