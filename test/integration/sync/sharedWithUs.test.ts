import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { list } from '../../../src/drive/files/entries.ts';
import { toDriveErrorData } from '../../../src/drive/windows/rpcErrors.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { quirkTable } from '../../emulator/quirks.ts';
import { openSessionWorld, type SessionWorld, showTree } from '../../support/sessionWorld.ts';

const shared = '/Jotta/Shared';

/** Each would change something there. */
const changes: Record<string, (world: SessionWorld) => Promise<unknown> | unknown> = {
  'a new file': (world) => world.save(`${shared}/theirs/new`, 'x'),
  'a new file beside the shared folders': (world) => world.save(`${shared}/new`, 'x'),
  'an edit': (world) => world.save(`${shared}/theirs/f`, 'x'),
  'a new folder': (world) => world.mkdir(`${shared}/theirs/made`),
  'a link': async (world) => world.session().vfs.symlink((await world.find(`${shared}/theirs`)) as number, 'link', 'f'),
  'a removal': (world) => world.unlink(`${shared}/theirs/f`),
  'a removal of a folder': (world) => world.rmdir(`${shared}/theirs`),
  'a rename': (world) => world.rename(`${shared}/theirs/f`, `${shared}/theirs/g`),
  'a move from there': (world) => world.rename(`${shared}/theirs/f`, '/Jotta/Archive/g'),
  'a move to there': (world) => world.rename('/Jotta/Archive/ours', `${shared}/theirs/ours`),
  'a new time': async (world) => world.session().vfs.setTimes(await world.find(`${shared}/theirs/f`), 'now'),
  'a new mode': async (world) => world.session().vfs.setMode(await world.find(`${shared}/theirs/f`), 0o600),
  'a new attribute': async (world) =>
    world
      .session()
      .vfs.setXattr(await world.find(`${shared}/theirs/f`), 'user.a', Buffer.from('x'), { mode: 'set', position: 0 }),
  'a cut': async (world) => world.session().vfs.truncate(await world.find(`${shared}/theirs/f`), 0),
};

for (const sharedPaths of quirkTable.sharedPaths) {
  describe(`what others share, with abspath=${sharedPaths}`, () => {
    let emulator: Emulator;
    let world: SessionWorld;

    before(async () => {
      emulator = await startEmulator({ quirks: { eventSocket: 'no-token', sharedPaths } });
      await emulator.put(`${shared}/theirs/f`, 'their text');
      await emulator.put(`${shared}/theirs/deep/g`, Buffer.alloc(700_000, 7));
      world = await openSessionWorld(emulator);
      await world.save('/Jotta/Archive/ours', 'our text');
      await world.drain();
    });
    after(async () => {
      await world.close();
      await emulator.close();
    });

    it('is listed and read', async () => {
      const tree = await showTree(world, shared);
      assert.deepEqual(Object.keys(tree), ['theirs/', 'theirs/deep/', 'theirs/deep/g', 'theirs/f']);
      assert.equal(tree['theirs/f'], 'their text');
      assert.equal(tree['theirs/deep/g']?.length, 700_000);
    });

    for (const [what, change] of Object.entries(changes)) {
      it(`refuses ${what} at once, and sends nothing`, async () => {
        await assert.rejects(
          async () => change(world),
          (error: Error & { code?: string }) =>
            error.code === 'EROFS' && toDriveErrorData(error).code === 'onlyReadable',
        );
        assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 0, failed: 0 });
      });
    }

    it('is told to windows as what cannot be changed; the rest of the account can', async () => {
      const context = { session: world.session(), getMounts: () => [], mountsTold: async () => {} };
      const isReadOnly = async (folder: string) =>
        (await list(context, folder, false)).map(({ name, readOnly }) => [name, readOnly]);
      assert.deepEqual(await isReadOnly('/Jotta'), [
        ['Archive', false],
        ['Sync', false],
        ['Shared', true],
      ]);
      assert.deepEqual(await isReadOnly(`${shared}/theirs`), [
        ['deep', true],
        ['f', true],
      ]);
    });

    it('refuses for good what an earlier version of the drive has taken', async () => {
      const { nodes, pusher } = world.session();
      const parent = await world.find(`${shared}/theirs`);
      const row = nodes.insert({
        ...{ kind: 'folder', parent, name: 'taken', size: 0, mtime: { sec: 1, nsec: 0 }, ctimeMs: 1000, mode: 0o755 },
        ...{ md5: null, localOnly: false, synced: null },
      });
      pusher.nudge();
      await world.drain();
      assert.equal(nodes.get(row.ino)?.failure, 'forbidden');
      await world.session().vfs.discard(row.ino, { host: 'host', now: 0 });
      assert.deepEqual({ ...nodes.countPending() }, { pending: 0, failed: 0 });
    });
  });
}
