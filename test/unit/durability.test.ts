import assert from 'node:assert/strict';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { DurabilityBarrier } from '../../src/store/durability.ts';

const handle = await open('/dev/null', 'r');
const files = Object.getPrototypeOf(handle) as { datasync: () => Promise<void> };
await handle.close();
const { datasync } = files;

describe('the durability barrier', () => {
  let dir: string;
  let barrier: DurabilityBarrier;
  let checkpoints: number;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'barrier-'));
    await writeFile(join(dir, 'db-wal'), '');
    checkpoints = 0;
    barrier = new DurabilityBarrier(join(dir, 'db'), () => {
      checkpoints += 1;
    });
  });
  afterEach(async () => {
    files.datasync = datasync;
    await barrier.close();
    await rm(dir, { recursive: true });
  });

  it('syncs once at a time, and takes no sync for refused, whenever it is asked', async () => {
    let running = 0;
    let most = 0;
    files.datasync = async () => {
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
    files.datasync = async () => {
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
