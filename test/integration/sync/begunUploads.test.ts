import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Emulator } from '../../emulator/emulator.ts';
import { type SessionWorld, showServer, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive/top';

/** Saves a file whose upload fails, and has another computer take its name. Answers what sends the changes that follow. */
async function loseUpload(world: SessionWorld, emulator: Emulator, path: string): Promise<() => Promise<void>> {
  const { pusher } = world.session();
  emulator.setFaults([{ match: { kind: 'allocate' }, action: { type: 'status', status: 503 } }]);
  await world.save(path, 'ours');
  const drained = world.drain().catch(() => {});
  await world.until('an attempt failed', () => (emulator.faults()[0]?.hits.length ?? 0) > 0);
  pusher.setPaused(true);
  await world.until('it has ended', () => pusher.getRunning().length === 0);
  emulator.setFaults([]);
  await emulator.put(path, 'theirs, of another computer');
  return async () => {
    pusher.setPaused(false);
    await drained;
    await world.drain();
  };
}

for (const removed of ['file', 'folder']) {
  it(`what another computer made stays when a ${removed} is removed here whose own upload never came to be`, () =>
    withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/d/known.txt`, 'known');
      await world.session().vfs.readdir(await world.find(`${top}/d`));
      const goOn = await loseUpload(world, emulator, `${top}/d/a.txt`);
      await world.unlink(`${top}/d/a.txt`);
      if (removed === 'folder') {
        await world.unlink(`${top}/d/known.txt`);
        await world.rmdir(`${top}/d`);
      }
      await goOn();
      const live = emulator.tree().map(({ path }) => path);
      assert.ok(live.includes(`${top}/d/a.txt`), JSON.stringify({ live, trash: emulator.trash() }));
      assert.equal(await world.readText(`${top}/d/a.txt`), 'theirs, of another computer');
    }));
}

it('what another computer made is not moved when a file is renamed here whose own upload never came to be', () =>
  withWorld({}, {}, async (world, emulator) => {
    await emulator.put(`${top}/known.txt`, 'known');
    await world.session().vfs.readdir(await world.find(top));
    const goOn = await loseUpload(world, emulator, `${top}/a.txt`);
    await world.rename(`${top}/a.txt`, `${top}/b.txt`);
    await goOn();
    await world.poll();
    await world.drain();
    assert.deepEqual(await showServer(emulator, top), {
      'a.txt': 'theirs, of another computer',
      'b.txt': 'ours',
      'known.txt': 'known',
    });
  }));
