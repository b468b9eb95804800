import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type SessionWorld, withWorld } from '../../support/sessionWorld.ts';

const file = '/Jotta/Archive/a.txt';

describe('a file that was just sent', () => {
  it('is read from this computer while its bytes move from staging to the cache', async () => {
    let world: SessionWorld | undefined;
    let reading: Promise<string> | undefined;
    const faultPoint = (point: string) => {
      if (point === 'committed') reading = world?.readText(file);
    };
    await withWorld({}, { faultPoint }, async (opened, emulator) => {
      world = opened;
      emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'stall' } }]);
      await world.save(file, 'saved');
      await world.drain();
      assert.equal(await reading, 'saved');
      assert.equal(emulator.stats().requests.download ?? 0, 0);
    });
  });
});

describe('a folder that was never listed', () => {
  it('is listed when its move is done, however long that takes', () =>
    withWorld({}, { settleMs: 0 }, async (world, emulator) => {
      await emulator.put('/Jotta/Archive/folder/inside.txt', 'inside');
      await world.session().vfs.readdir(await world.find('/Jotta/Archive'));
      emulator.setFaults([{ match: { kind: 'mvDir' }, action: { type: 'delay', ms: 700 } }]);
      await world.rename('/Jotta/Archive/folder', '/Jotta/Archive/moved');
      const { pusher } = world.session();
      await world.until('it is being moved', () => pusher.getRunning().some(({ kind }) => kind === 'moveFolder'));
      assert.equal(await world.readText('/Jotta/Archive/moved/inside.txt'), 'inside');
    }));
});
