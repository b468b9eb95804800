import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld, showServer, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
const mtime = { sec: 1_700_000_000, nsec: 0 };

/** `restore` gives `a.txt` its old content again after the upload of another was begun; nothing of that stays behind. */
async function checkLeavesNothing(restore: (world: SessionWorld) => Promise<void>): Promise<void> {
  const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
  const world = await openSessionWorld(emulator, { random: () => 0 });
  const fetchA = () => world.session().client.fetchFile(['Jotta', 'Archive', 'a.txt'], new AbortController().signal);
  const saveOld = async (path: string) => {
    await world.session().vfs.setTimes(await world.save(path, 'old'), mtime);
  };
  try {
    await saveOld(`${top}/a.txt`);
    await saveOld(`${top}/twin.txt`);
    await world.drain();
    await world.save(`${top}/a.txt`, 'new');
    emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, times: 1, action: { type: 'status', status: 503 } }]);
    const drained = world.drain();
    await world.until('the push failed', () => world.complaints.some((line) => line.includes('push failed')));
    assert.equal((await fetchA()).unfinished, true);
    world.session().pusher.setPaused(true);
    await restore(world);
    world.session().pusher.setPaused(false);
    await drained;
    await world.drain();
    assert.equal((await fetchA()).unfinished, undefined);
    assert.equal((await showServer(emulator, top))['a.txt'], 'old');
  } finally {
    await world.close();
    await emulator.close();
  }
}

describe('an upload that was begun and is not wanted any more leaves no unfinished revision', () => {
  it('when the old content is written again', () =>
    checkLeavesNothing(async (world) => {
      await world.session().vfs.setTimes(await world.save(`${top}/a.txt`, 'old'), mtime);
    }));

  it('when a file of the old content and time takes the place', () =>
    checkLeavesNothing(async (world) => {
      await world.rename(`${top}/a.txt`, `${top}/b.txt`);
      await world.rename(`${top}/twin.txt`, `${top}/a.txt`);
    }));

  it('when a new file is renamed before it is up', () =>
    withWorld({}, {}, async (world, emulator) => {
      emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, times: 1, action: { type: 'status', status: 503 } }]);
      await world.save(`${top}/a.txt`, 'new');
      const drained = world.drain();
      await world.until('the push failed', () => world.complaints.some((line) => line.includes('push failed')));
      const { client, pusher } = world.session();
      const fetchA = () => client.fetchProgress(['Jotta', 'Archive', 'a.txt'], new AbortController().signal);
      assert.notEqual((await fetchA()).unfinished, undefined);
      pusher.setPaused(true);
      await world.rename(`${top}/a.txt`, `${top}/b.txt`);
      pusher.setPaused(false);
      await drained;
      await world.drain();
      assert.equal((await fetchA()).unfinished, undefined);
      assert.deepEqual(await showServer(emulator, top), { 'b.txt': 'new' });
    }));
});
