import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type SessionWorld, showServer, showTree, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';

/** Opens for writing; answers the close. */
async function open(world: SessionWorld, path: string): Promise<() => Promise<void>> {
  const { vfs } = world.session();
  const fh = await vfs.open(await world.find(path), { writing: true, append: false, truncate: false });
  return () => vfs.release(fh);
}

describe('a folder that is removed elsewhere', () => {
  it('goes with what systems and editors left in it here', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/folder/a.txt`, 'in the account');
      await world.readText(`${top}/folder/a.txt`);
      await world.save(`${top}/folder/.DS_Store`, 'view');
      emulator.remove(`${top}/folder`);
      await world.poll();
      await world.drain();
      assert.deepEqual([await showTree(world, top), await showServer(emulator, top)], [{}, {}]);
      await world.restart(async (accountDir) => {
        assert.deepEqual(await readdir(join(accountDir, 'staging')), []);
      });
    });
  });

  it('stays when files in it are local-only because the user says so', async () => {
    await withWorld({}, { localNames: ['.env'] }, async (world, emulator) => {
      await emulator.put(`${top}/folder/a.txt`, 'in the account');
      await world.readText(`${top}/folder/a.txt`);
      await world.save(`${top}/folder/.env`, 'only here');
      emulator.remove(`${top}/folder`);
      await world.poll();
      await world.drain();
      assert.deepEqual(await showTree(world, top), { 'folder/': '', 'folder/.env': 'only here' });
      await assert.rejects(world.rmdir(`${top}/folder`), { code: 'ENOTEMPTY' });
    });
  });
});

describe('a file that is open for writing and removed elsewhere', () => {
  for (const removed of ['folder/a.txt', 'folder'] as const) {
    it(`is gone once it is closed without a write: ${removed} was removed`, async () => {
      await withWorld({}, {}, async (world, emulator) => {
        await emulator.put(`${top}/folder/a.txt`, 'in the account');
        await world.find(`${top}/folder/a.txt`);
        const close = await open(world, `${top}/folder/a.txt`);
        emulator.remove(`${top}/${removed}`);
        await world.poll();
        await world.drain();
        assert.equal(await world.readText(`${top}/folder/a.txt`), 'in the account');
        await close();
        const { nodes } = world.session();
        await world.until('it is gone', () => nodes.findByName(removed.split('/').at(-1) as string, 1).length === 0);
        await world.drain();
        assert.deepEqual(await showServer(emulator, top), removed === 'folder' ? {} : { 'folder/': '' });
        assert.deepEqual(await showTree(world, top), await showServer(emulator, top));
      });
    });
  }
});
