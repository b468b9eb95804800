import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { RemoteError } from '../../../src/sync/tree/remote.ts';
import { type SessionWorld, showServer, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';

/** The first of these requests is refused for good, after `act`. */
function refuseFirst(
  { session }: SessionWorld,
  request: 'allocate' | 'createFolder' | 'moveFile',
  act: () => Promise<unknown>,
): void {
  const refused = mock.method(session().remote, request, async () => {
    refused.mock.restore();
    await act();
    throw new RemoteError('forbidden', 'not like this');
  });
}

describe('a refusal of what is not wanted any more', () => {
  it('leaves a folder that was renamed meanwhile to be made under its new name', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await world.mkdir(`${top}/old`);
      refuseFirst(world, 'createFolder', () => world.rename(`${top}/old`, `${top}/new`));
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), { 'new/': '' });
    });
  });

  it('leaves a file that was saved anew meanwhile to be uploaded', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await world.save(`${top}/a.txt`, 'older');
      refuseFirst(world, 'allocate', () => world.save(`${top}/a.txt`, 'newer'));
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), { 'a.txt': 'newer' });
    });
  });

  it('leaves a file that was moved on meanwhile to be moved there', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/a.txt`, 'moved');
      await world.rename(`${top}/a.txt`, `${top}/b.txt`);
      refuseFirst(world, 'moveFile', () => world.rename(`${top}/b.txt`, `${top}/c.txt`));
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), { 'c.txt': 'moved' });
    });
  });
});
