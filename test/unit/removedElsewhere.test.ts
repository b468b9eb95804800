import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { showServer, showTree, withWorld } from './sessionWorld.ts';

const top = '/Jotta/Archive';

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
