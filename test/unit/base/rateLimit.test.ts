import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '../../../src/base/clock.ts';
import { RateLimit } from '../../../src/base/rateLimit.ts';

const mebibyte = 1024 * 1024;
const never = new AbortController().signal;

/** Time that passes only while somebody sleeps, at once. */
function createClock(): Clock {
  let now = 1_000_000;
  return {
    now: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      now += ms;
    },
  };
}

async function* inChunks(bytes: number, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < bytes; sent += chunkBytes) yield Buffer.alloc(Math.min(chunkBytes, bytes - sent), sent);
}

async function drain(source: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of source) bytes += chunk.length;
  return bytes;
}

describe('a rate limit', () => {
  it('lets a stream through at its rate, one slice ahead at most', async () => {
    const clock = createClock();
    const limit = new RateLimit(clock);
    limit.setRate(mebibyte);
    const begun = clock.now();
    assert.equal(await drain(limit.shape(inChunks(4 * mebibyte, 100_000), never)), 4 * mebibyte);
    const seconds = (clock.now() - begun) / 1_000;
    assert.ok(seconds > 3.95 && seconds < 4.2, `${seconds} s for 4 MiB at 1 MiB/s`);
  });

  it('is shared by all streams, and none of them starves', async () => {
    const clock = createClock();
    const limit = new RateLimit(clock);
    limit.setRate(mebibyte);
    const begun = clock.now();
    const ends: number[] = [];
    const streams = [1, 2, 3].map(async () => {
      await drain(limit.shape(inChunks(mebibyte, 64 * 1024), never));
      ends.push(clock.now() - begun);
    });
    await Promise.all(streams);
    assert.ok(Math.min(...ends) > 2_800 && Math.max(...ends) < 3_200, ends.join());
  });

  it('passes chunks untouched and without waiting when there is no limit', async () => {
    const clock = createClock();
    const limit = new RateLimit(clock);
    const begun = clock.now();
    const chunks: number[] = [];
    for await (const chunk of limit.shape(inChunks(mebibyte, 300_000), never)) chunks.push(chunk.length);
    assert.deepEqual(chunks, [300_000, 300_000, 300_000, mebibyte - 900_000]);
    assert.equal(clock.now(), begun);
  });

  it('does not save up: an idle hour buys no burst', async () => {
    const clock = createClock();
    const limit = new RateLimit(clock);
    limit.setRate(mebibyte);
    await clock.sleep(3_600_000);
    const begun = clock.now();
    await drain(limit.shape(inChunks(2 * mebibyte, 64 * 1024), never));
    assert.ok(clock.now() - begun > 1_900, `${clock.now() - begun} ms`);
  });

  it('lets those who wait feel a lifted limit at once', async () => {
    const clock = createClock();
    const limit = new RateLimit(clock);
    limit.setRate(1);
    await limit.take(mebibyte, never);
    const begun = clock.now();
    const waiting = limit.take(1, never);
    limit.setRate(0);
    await waiting;
    assert.ok(clock.now() - begun <= 200, `${clock.now() - begun} ms`);
  });

  it('gives up its place when aborted; those behind it still pass', async () => {
    const limit = new RateLimit(createClock());
    limit.setRate(1_000);
    const controller = new AbortController();
    await limit.take(1_000, never);
    const aborted = limit.take(500, controller.signal);
    const behind = limit.take(1, never);
    controller.abort(new Error('left'));
    await assert.rejects(aborted, /left/);
    await behind;
  });

  it('hands on what its source throws', async () => {
    const limit = new RateLimit(createClock());
    limit.setRate(mebibyte);
    const failure = new Error('cut');
    // biome-ignore lint/correctness/useYield: a source that is cut before its first byte
    const broken = async function* (): AsyncGenerator<Buffer> {
      throw failure;
    };
    await assert.rejects(drain(limit.shape(broken(), never)), failure);
  });
});
