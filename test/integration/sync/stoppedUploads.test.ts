import assert from 'node:assert/strict';
import { it } from 'node:test';
import { transferStates } from '../../../src/drive/windows/transfers.ts';
import { writebackLimits } from '../../../src/sync/tree/limits.ts';
import { withWorld } from '../../support/sessionWorld.ts';

const home = '/Jotta/Archive';
const file = `${home}/large.bin`;
/** Not all alike, and longer than what is let go as the last bytes of an upload. */
const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 13) % 251));

it('an upload that is stopped stays on this computer, and goes on when it is retried', async () => {
  await withWorld({}, {}, async (world, emulator) => {
    const { pusher, rates, nodes } = world.session();
    rates.upload.setRate(200_000);
    const ino = await world.save(file, content);
    const drained = world.drain();
    await world.until('it is on its way', () => transferStates(world.session()).some(({ bytesDone }) => bytesDone > 0));
    assert.equal(transferStates(world.session())[0]?.canStop, true);
    pusher.stop(ino);
    await drained;
    const [row] = transferStates(world.session());
    assert.deepEqual([row?.status, row?.reason, row?.canStop], ['failed', 'stopped', undefined]);
    assert.equal(nodes.get(ino)?.failure, 'stopped');
    await world.poll();
    assert.ok(!emulator.tree().some(({ path }) => path === file));
    assert.equal(nodes.get(ino)?.size, content.length);

    rates.upload.setRate(0);
    pusher.retryFailed(ino);
    await world.drain();
    assert.deepEqual(await emulator.read(file), content);
  });
});

it('an upload that is up when it is to be stopped is no failed one', async () => {
  await withWorld({}, {}, async (world) => {
    const { pusher, nodes } = world.session();
    const ino = await world.save(file, 'up');
    await world.drain();
    pusher.stop(ino);
    assert.equal(nodes.get(ino)?.failure, null);
  });
});

it('an upload that waits is stopped before it begins', async () => {
  await withWorld({}, {}, async (world, emulator) => {
    const { pusher } = world.session();
    pusher.setPaused(true);
    const ino = await world.save(file, 'waits');
    assert.deepEqual(
      transferStates(world.session()).map(({ status, canStop }) => [status, canStop]),
      [['queued', true]],
    );
    pusher.stop(ino);
    pusher.setPaused(false);
    await world.drain();
    assert.ok(!emulator.tree().some(({ path }) => path === file));
  });
});

it('a file that was saved again while it waited its turn does not wait for the end of other uploads', async () => {
  const settleMs = 500;
  await withWorld({}, { settleMs }, async (world) => {
    const { pusher, rates } = world.session();
    const ended: unknown[] = [];
    pusher.finished.on(({ path, outcome }) => ended.push([path, outcome]));
    rates.upload.setRate(200_000);
    pusher.setParallel(2);
    pusher.setPaused(true);
    for (const name of ['a', 'b', 'c']) await world.save(`${home}/${name}`, content);
    const passed = (ms: number, at = Date.now()) => world.until(`${ms} ms have passed`, () => Date.now() > at + ms);
    await passed(settleMs);
    pusher.setPaused(false);
    await world.until('two are on their way', () => pusher.getRunning().filter(({ done }) => done > 0).length === 2);
    const again = await world.save(`${home}/c`, content.subarray(1));
    // What is pending is looked at now, and the third has not settled.
    await passed(4 * writebackLimits.nudgeMs);
    pusher.stop(await world.find(`${home}/b`));
    await world.until('the third is on its way', () => pusher.isPushing(again));
    assert.deepEqual(ended, [[`${home}/b`, 'cancelled']]);
  });
});
