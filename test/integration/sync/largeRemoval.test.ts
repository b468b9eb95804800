import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld } from '../../support/sessionWorld.ts';
import { TestClock } from '../../support/testClock.ts';

const folder = '/Jotta/Archive/large';
const files = 300;

it('a large folder is removed with one request though its files were being removed one by one, and the plan does not go through them for each', async () => {
  const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
  const world = await openSessionWorld(emulator, { clock: new TestClock(), settleMs: 2_000 });
  try {
    for (let at = 0; at < files; at += 1) await emulator.put(`${folder}/${at}`, `${at}`);
    const { pusher, remote, nodes, vfs } = world.session();
    await vfs.readdir(await world.find(folder));
    pusher.setParallel(1);
    const gate = Promise.withResolvers<void>();
    const trashFile = remote.trashFile.bind(remote);
    const removing = mock.method(remote, 'trashFile', async (...args: Parameters<typeof trashFile>) => {
      await gate.promise;
      return trashFile(...args);
    });
    for (let at = 0; at < files; at += 1) await world.unlink(`${folder}/${at}`);
    await world.until('the first of them is under way', () => removing.mock.callCount() > 0);
    const looks = mock.method(nodes, 'getSyncedChildren');
    await world.rmdir(folder);
    gate.resolve();
    await world.until('the server has none of it', () => emulator.tree().every(({ path }) => !path.startsWith(folder)));
    assert.ok(removing.mock.callCount() < 10, `${removing.mock.callCount()} files were removed one by one`);
    assert.equal(emulator.stats().requests.dlDir, 1);
    assert.ok(looks.mock.callCount() < 30, `its files were gone through ${looks.mock.callCount()} times`);
  } finally {
    mock.restoreAll();
    await world.close();
    await emulator.close();
  }
});
