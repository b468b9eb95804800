import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { LocalFile } from '../../../src/base/localFile.ts';
import { silentLog } from '../../../src/base/log.ts';
import { DurabilityBarrier } from '../../../src/store/durability.ts';
import { TestClock } from '../../support/testClock.ts';

const { datasync } = LocalFile.prototype;

describe('the durability barrier', () => {
  let dir: string;
  let barrier: DurabilityBarrier;
  let checkpoints: number;
  let clock: TestClock;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'barrier-'));
    await writeFile(join(dir, 'db-wal'), '');
    checkpoints = 0;
    clock = new TestClock();
    barrier = new DurabilityBarrier({
      databaseFile: join(dir, 'db'),
      syncBytes: async () => {},
      writeBack: () => {
        checkpoints += 1;
      },
      shorten: () => {},
      clock,
      log: silentLog,
    });
  });
  afterEach(async () => {
    LocalFile.prototype.datasync = datasync;
    await barrier.close();
    await rm(dir, { recursive: true });
  });

  it('syncs once at a time, and takes no sync for refused, whenever it is asked', async () => {
    let running = 0;
    let most = 0;
    LocalFile.prototype.datasync = async () => {
      running += 1;
      most = Math.max(most, running);
      await turn();
      running -= 1;
    };
    const asked: Promise<void>[] = [];
    for (let round = 0; round < 100; round += 1) {
      const mine = barrier.barrier();
      asked.push(mine, barrier.barrier());
      // The very moment in which one sync has ended and the next one waits to begin.
      await mine;
      asked.push(barrier.barrier());
    }
    await Promise.all(asked);
    assert.deepEqual({ most, checkpoints }, { most: 1, checkpoints: 0 });
  });

  it('remembers a refusal until the log was written back, though a sync before it ended well', async () => {
    let calls = 0;
    LocalFile.prototype.datasync = async () => {
      calls += 1;
      const refused = calls === 2;
      await turn();
      if (refused) throw Object.assign(new Error('the disk fails'), { code: 'EIO' });
    };
    const first = barrier.barrier();
    const second = barrier.barrier();
    await first;
    await assert.rejects(second, { code: 'EIO' });
    await barrier.barrier();
    assert.equal(checkpoints, 1);
    await barrier.barrier();
    assert.equal(checkpoints, 1, 'once');
  });
});

describe('what nobody waits for', () => {
  let dir: string;
  let clock: TestClock;
  let barrier: DurabilityBarrier;
  let syncs: number;
  /** What the next syncs of the log do. */
  let sync: () => Promise<void>;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'barrier-'));
    await writeFile(join(dir, 'db-wal'), '');
    clock = new TestClock();
    syncs = 0;
    sync = async () => {};
    LocalFile.prototype.datasync = async () => {
      syncs += 1;
      await sync();
    };
    const nothing = { syncBytes: async () => {}, writeBack: () => {}, shorten: () => {} };
    barrier = new DurabilityBarrier({ databaseFile: join(dir, 'db'), ...nothing, clock, log: silentLog });
  });
  afterEach(async () => {
    LocalFile.prototype.datasync = datasync;
    await barrier.close();
    await rm(dir, { recursive: true });
  });
  const until = async (condition: () => boolean) => {
    const end = performance.now() + 10_000;
    while (!condition() && performance.now() < end) await turn();
    assert.ok(condition());
  };
  const isSettled = async (promise: Promise<void>) => {
    let settled = false;
    const note = () => {
      settled = true;
    };
    promise.then(note, note);
    for (let count = 0; count < 5; count += 1) await turn();
    return settled;
  };

  it('is on the disk within a second, in one sync with all that came meanwhile', async () => {
    await barrier.acknowledge();
    barrier.note();
    const kept = barrier.whenDurable();
    assert.deepEqual([syncs, await isSettled(kept)], [0, false]);
    clock.advance(1_000);
    await kept;
    assert.equal(syncs, 1);
  });

  it('goes along with a sync that somebody waits for', async () => {
    await barrier.acknowledge();
    const kept = barrier.whenDurable();
    await barrier.barrier();
    await kept;
    clock.advance(1_000);
    await turn();
    assert.equal(syncs, 1);
  });

  it('is waited for once the disk takes longer than changes are to wait', async () => {
    const slow = Promise.withResolvers<void>();
    sync = () => slow.promise;
    await barrier.acknowledge();
    clock.advance(1_000);
    await until(() => syncs === 1);
    await barrier.acknowledge();
    clock.advance(1_000);
    await turn();
    const late = barrier.acknowledge();
    assert.equal(await isSettled(late), false);
    slow.resolve();
    await late;
    assert.equal(await isSettled(barrier.acknowledge()), true);
  });

  it('is told to who comes next where the disk refuses it, and tried again by itself', async () => {
    sync = () => Promise.reject(Object.assign(new Error('the disk fails'), { code: 'EIO' }));
    await barrier.acknowledge();
    const kept = barrier.whenDurable();
    clock.advance(1_000);
    await until(() => syncs === 1);
    await assert.rejects(barrier.acknowledge(), { code: 'EIO' });
    sync = async () => {};
    clock.advance(60_000);
    await kept;
    await barrier.acknowledge();
  });
});
