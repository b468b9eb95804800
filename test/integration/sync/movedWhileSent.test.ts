import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { StagingFile } from '../../../src/content/stagingFile.ts';
import { StagingStore } from '../../../src/content/stagingStore.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld, showServer, showTree, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive/top';

describe('a folder', () => {
  let emulator: Emulator;
  let world: SessionWorld;
  before(async () => {
    emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
    await emulator.put(`${top}/one/still.txt`, 'still');
    await emulator.put(`${top}/other/still.txt`, 'still too');
    world = await openSessionWorld(emulator);
    for (const folder of ['', '/one', '/other']) await world.session().vfs.readdir(await world.find(`${top}${folder}`));
  });
  after(async () => {
    await world.close();
    await emulator.close();
  });

  it('is not moved on the server during an upload to its old place, which would make it anew there', async () => {
    await world.save(`${top}/one/new.txt`, 'new');
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const digest = mock.method(
      StagingFile.prototype,
      'digest',
      async function (this: StagingFile, ...given: Parameters<StagingFile['digest']>) {
        digest.mock.restore();
        reached.resolve();
        await gate.promise;
        return this.digest(...given);
      },
    );
    const drained = world.drain();
    await reached.promise;
    await world.rename(`${top}/one/new.txt`, `${top}/other/new.txt`);
    await world.rename(`${top}/one`, `${top}/moved`);
    // Planned after the move of the folder: once this has arrived, that would be under way.
    await world.save(`${top}/marker.txt`, 'marker');
    await world.until('what came last has arrived', () =>
      emulator.tree().some(({ path }) => path === `${top}/marker.txt`),
    );
    const { pusher } = world.session();
    await world.until('no folder is being moved', () => pusher.getRunning().every(({ kind }) => kind !== 'moveFolder'));
    gate.resolve();
    await drained;
    assert.deepEqual(await showServer(emulator, top), {
      'marker.txt': 'marker',
      'moved/': '',
      'moved/still.txt': 'still',
      'other/': '',
      'other/new.txt': 'new',
      'other/still.txt': 'still too',
    });
  });
});

describe('a file', () => {
  it('that was sent while the bytes of what replaces it went to the disk gets that as its next revision', () =>
    withWorld({}, {}, async (world, emulator) => {
      await world.save(`${top}.txt`, 'one');
      await world.save(`${top}.new`, 'two');
      const gate = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      const makeDurable = mock.method(
        StagingStore.prototype,
        'makeDurable',
        async function (this: StagingStore, id: string) {
          makeDurable.mock.restore();
          reached.resolve();
          await gate.promise;
          return this.makeDurable(id);
        },
      );
      const renamed = world.rename(`${top}.new`, `${top}.txt`);
      await reached.promise;
      await world.drain();
      gate.resolve();
      await renamed;
      await world.drain();
      await world.poll();
      assert.deepEqual(await showServer(emulator, '/Jotta/Archive'), { 'top.txt': 'two' });
      assert.deepEqual(await showTree(world, '/Jotta/Archive'), { 'top.txt': 'two' });
    }));
});
