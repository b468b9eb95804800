import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeRow } from '../../../src/store/nodeRow.ts';
import type { Emulator } from '../../emulator/emulator.ts';
import { type SessionWorld, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
const path = `${top}/f`;
const year1965 = -157_766_400;
const year1927 = -1_356_998_400;
const lastSecond = 253_402_300_799;
const firstSecond = -62_135_596_799;
/** Further from the epoch no row keeps a time. */
const most = 8_640_000_000_000;

const getServerTime = (emulator: Emulator) => {
  const item = emulator.tree().find((each) => each.path === path);
  return [item?.mtime === undefined || item.mtime === null ? null : item.mtime / 1000, item?.revision];
};
const getRow = async (world: SessionWorld) => world.session().nodes.get(await world.find(path)) as NodeRow;

/** Sends a file, then sets its time. */
async function sendWithTime(world: SessionWorld, sec: number, nsec = 0): Promise<void> {
  const ino = await world.save(path, 'text');
  await world.drain();
  await world.session().vfs.setTimes(ino, { sec, nsec });
  await world.drain();
}

/** Nothing is left to send, and neither listings nor a start change the time or ask for another one. */
async function staysAsItIs(world: SessionWorld, emulator: Emulator): Promise<void> {
  const { mtime } = await getRow(world);
  emulator.resetStats();
  for (const act of [world.poll, world.restart, world.poll]) {
    await act();
    await world.drain();
    assert.deepEqual((await getRow(world)).mtime, mtime);
    assert.equal(world.session().nodes.countPending().pending, 0);
  }
  assert.equal(emulator.stats().requests.cphash, undefined);
  assert.deepEqual(world.complaints, []);
}

describe('a time', () => {
  for (const sec of [year1965, year1927, -1, firstSecond, lastSecond]) {
    it(`of ${sec} s is carried to the server and back, downwards to the second`, async () => {
      await withWorld({}, {}, async (world, emulator) => {
        await sendWithTime(world, sec, 500_000_000);
        assert.deepEqual(getServerTime(emulator), [sec, 1]);
        assert.deepEqual((await getRow(world)).mtime, { sec, nsec: 500_000_000 });
        await staysAsItIs(world, emulator);
      });
    });

    it(`of ${sec} s comes from the server`, async () => {
      await withWorld({}, {}, async (world, emulator) => {
        await emulator.put(path, 'text', { modified: new Date(sec * 1000) });
        assert.deepEqual((await getRow(world)).mtime, { sec, nsec: 0 });
        await staysAsItIs(world, emulator);
      });
    });
  }

  for (const sec of [lastSecond + 1, most, firstSecond - 1000, -most]) {
    it(`of ${sec} s, which the server cannot say, is kept here`, async () => {
      await withWorld({}, {}, async (world, emulator) => {
        await sendWithTime(world, sec);
        assert.deepEqual(getServerTime(emulator), [sec < 0 ? firstSecond : lastSecond, 1]);
        assert.deepEqual((await getRow(world)).mtime, { sec, nsec: 0 });
        await staysAsItIs(world, emulator);
        // A change of it elsewhere is followed.
        await emulator.put(path, 'text', { modified: new Date(year1965 * 1000) });
        await world.poll();
        assert.deepEqual((await getRow(world)).mtime, { sec: year1965, nsec: 0 });
      });
    });

    it(`of ${sec} s travels with an upload`, async () => {
      await withWorld({}, {}, async (world, emulator) => {
        const ino = await world.save(path, 'text');
        await world.session().vfs.setTimes(ino, { sec, nsec: 0 });
        await world.drain();
        assert.deepEqual(getServerTime(emulator), [sec < 0 ? firstSecond : lastSecond, 1]);
        await staysAsItIs(world, emulator);
        assert.deepEqual((await getRow(world)).mtime, { sec, nsec: 0 });
      });
    });
  }

  for (const [sec, kept] of [
    [9_007_199_254_740_994, most],
    [1.7e18, most],
    [-1.7e18, -most],
    [Number.POSITIVE_INFINITY, most],
    [Number.NaN, 0],
  ] as const) {
    it(`of ${sec} s becomes the closest that can be kept, and the next start reads it`, async () => {
      await withWorld({}, {}, async (world, emulator) => {
        await sendWithTime(world, sec, 1.5);
        assert.deepEqual((await getRow(world)).mtime, { sec: kept, nsec: 0 });
        await staysAsItIs(world, emulator);
        await world.save(`${top}/other`, 'goes on');
        await world.drain();
        assert.equal(String(await emulator.read(`${top}/other`)), 'goes on');
      });
    });
  }
});
