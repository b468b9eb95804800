import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { writebackLimits } from '../../../src/sync/tree/limits.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld } from '../../support/sessionWorld.ts';

/** Random enough that no two files are the same to the server, which would take no bytes then. */
const contentOf = (seed: number, bytes: number) =>
  Buffer.from(Array.from({ length: bytes }, (_, i) => (i * seed) % 251));
const bytes = 150_000;
const rate = 100_000;
/** The first slice is free, and timers round. */
const leastMs = (bytes / rate) * 1_000 * 0.8;

describe('limits of transfers', () => {
  let emulator: Emulator;
  let world: SessionWorld;

  before(async () => {
    emulator = await startEmulator();
    world = await openSessionWorld(emulator);
  });
  after(async () => {
    await world.close();
    await emulator.close();
  });

  async function timed(work: () => Promise<unknown>): Promise<number> {
    const begun = performance.now();
    await work();
    return performance.now() - begun;
  }

  it('hold uploads to their rate, all together, and let go of them when lifted', async () => {
    const { rates } = world.session();
    rates.upload.setRate(rate);
    await world.save('/Jotta/Archive/one.bin', contentOf(3, bytes / 2));
    await world.save('/Jotta/Archive/two.bin', contentOf(7, bytes / 2));
    const limited = await timed(() => world.drain());
    assert.ok(limited >= leastMs, `${limited} ms for ${bytes} bytes at ${rate} bytes/s`);
    rates.upload.setRate(1);
    await world.save('/Jotta/Archive/three.bin', contentOf(11, bytes));
    const draining = world.drain();
    rates.upload.setRate(0);
    await draining;
    assert.equal((await emulator.read('/Jotta/Archive/three.bin')).length, bytes);
  });

  it('hold downloads to their rate', async () => {
    const { rates } = world.session();
    await emulator.put('/Jotta/Archive/there.bin', contentOf(13, bytes));
    await world.poll();
    rates.download.setRate(rate);
    const limited = await timed(() => world.readText('/Jotta/Archive/there.bin'));
    rates.download.setRate(0);
    assert.ok(limited >= leastMs, `${limited} ms for ${bytes} bytes at ${rate} bytes/s`);
  });

  it('bound how many files are sent side by side, from the next one on; of small ones more', async () => {
    const { pusher } = world.session();
    const most = async (parallel: number, count: number, bytes: number, folder: string) => {
      pusher.setParallel(parallel);
      await world.mkdir(folder);
      for (let i = 0; i < count; i++) await world.save(`${folder}/${i}.bin`, contentOf(seed++, bytes));
      let seen = 0;
      const stop = pusher.changed.on(() => {
        seen = Math.max(seen, pusher.getRunning().length);
      });
      await world.drain();
      stop();
      return seen;
    };
    let seed = 17;
    emulator.shape({ latency: 20 });
    assert.equal(await most(1, 8, 10, '/Jotta/Archive/alone'), 1);
    assert.equal(await most(3, 6, writebackLimits.quickBytes, '/Jotta/Archive/three'), 3);
    const small = await most(3, 40, 10, '/Jotta/Archive/small');
    assert.ok(small > 3 && small <= 3 * writebackLimits.quickPerTransfer, `${small} small files side by side`);
    emulator.shape({ latency: 0 });
  });
});
