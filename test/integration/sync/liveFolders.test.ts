import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { writebackLimits } from '../../../src/sync/tree/limits.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld } from '../../support/sessionWorld.ts';
import { TestClock } from '../../support/testClock.ts';

const top = '/Jotta/Archive';
const walked = writebackLimits.liveFolders + 100;
const pathOf = (at: number) => `${top}/folder ${at}`;

let emulator: Emulator;
let world: SessionWorld;
let clock: TestClock;

before(async () => {
  emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
  for (let at = 0; at < walked; at += 1) emulator.mkdir(pathOf(at));
  clock = new TestClock();
  world = await openSessionWorld(emulator, { clock });
  clock.advance(1);
  for (let at = 0; at < walked; at += 1) await look(at);
  await world.session().folders.settled();
});
after(async () => {
  await world.close();
  await emulator.close();
});

async function look(at: number): Promise<string[]> {
  const { vfs } = world.session();
  return (await vfs.readdir(await world.find(pathOf(at)))).map(({ name }) => name);
}

describe('after a walk through more folders than are kept live', () => {
  it('a poll lists those that were looked at last, and no more', async () => {
    emulator.resetStats();
    await world.poll();
    const { list = 0 } = emulator.stats().requests;
    assert.ok(list <= writebackLimits.liveFolders + 5, `${list} listings`);
    await emulator.put(`${pathOf(walked - 1)}/new.txt`, 'new');
    await world.poll();
    assert.deepEqual(await look(walked - 1), ['new.txt']);
  });

  it('one of the others is listed again once it is looked at', async () => {
    const ino = await world.find(pathOf(0));
    await emulator.put(`${pathOf(0)}/new.txt`, 'new');
    clock.advance(writebackLimits.liveMs / 2);
    await world.poll();
    assert.deepEqual(await look(0), []);
    await world.until('what is new is shown', () => world.session().nodes.getChildren(ino).length === 1);
  });
});
