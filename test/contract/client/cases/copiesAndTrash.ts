import assert from 'node:assert/strict';
import { at, holds, list, outcomeOf, refused, someTime, storeFresh } from '../acts.ts';
import type { FolderCase } from '../world.ts';

/** Copies inside the service, and the way into the trash. */
export const copyAndTrashCases: readonly FolderCase[] = [
  {
    name: 'copies a file with its times',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      await client.createFolder(at(world, 'F'), signal);
      const copy = await client.copyFile(at(world, 'a'), at(world, 'F', 'b + b'), signal);
      assert.deepEqual(copy, await client.fetchFile(at(world, 'F', 'b + b'), signal));
      assert.equal(copy.modified, someTime);
      await holds(world, at(world, 'a'), bytes);
      await holds(world, at(world, 'F', 'b + b'), bytes);
      const { uuid } = await client.fetchFile(at(world, 'a'), signal);
      assert.notEqual(copy.uuid, uuid);
    },
  },
  {
    name: 'copies nothing onto a live file',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      const old = await storeFresh(world, at(world, 'b'), 30);
      await refused('conflict', client.copyFile(at(world, 'a'), at(world, 'B'), signal));
      await holds(world, at(world, 'a'), bytes);
      await holds(world, at(world, 'b'), old);
      assert.equal((await client.fetchRevisions(at(world, 'b'), signal)).length, 1);
    },
  },
  {
    name: 'copies onto a name in the trash, and the copy is live',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      await storeFresh(world, at(world, 'b'), 30);
      await client.trashFile(at(world, 'b'), signal);
      const copy = await client.copyFile(at(world, 'a'), at(world, 'b'), signal);
      assert.equal(copy.modified, someTime);
      assert.deepEqual(await list(world, world.folder), ['a', 'b']);
      await holds(world, at(world, 'b'), bytes);
    },
  },
  {
    name: 'copies nothing that is no live file, and nothing onto a folder',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      await storeFresh(world, at(world, 'F', 'inside'));
      await storeFresh(world, at(world, 'trashed'));
      await client.trashFile(at(world, 'trashed'), signal);
      for (const name of ['none', 'F', 'trashed']) {
        await refused('notFound', client.copyFile(at(world, name), at(world, 'new'), signal));
      }
      await refused('conflict', client.copyFile(at(world, 'a'), at(world, 'F'), signal));
      assert.deepEqual(await list(world, world.folder), ['F/', 'a']);
      await holds(world, at(world, 'a'), bytes);
    },
  },
  {
    name: 'sends a file to the trash, and again without harm',
    async run(world) {
      const { client, signal } = world;
      await storeFresh(world, at(world, 'a'));
      await client.trashFile(at(world, 'a'), signal);
      await client.trashFile(at(world, 'a'), signal);
      await client.trashFile(at(world, 'never there'), signal);
      assert.deepEqual(await list(world, world.folder), []);
    },
  },
  {
    name: 'sends a folder to the trash with all it holds, and again without harm',
    async run(world) {
      const { client, signal } = world;
      await storeFresh(world, at(world, 'F', 'sub', 'file'));
      await client.trashFolder(at(world, 'F'), signal);
      await client.trashFolder(at(world, 'F'), signal);
      await client.trashFolder(at(world, 'never there'), signal);
      assert.deepEqual(await list(world, world.folder), []);
      await refused('notFound', client.fetchFile(at(world, 'F', 'sub', 'file'), signal));
    },
  },
  {
    name: 'never sends the other kind to the trash',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      const inside = await storeFresh(world, at(world, 'F', 'inside'));
      await refused('conflict', client.trashFile(at(world, 'F'), signal));
      // That no such folder is there is what was wanted, so this may well be a success.
      await outcomeOf(client.trashFolder(at(world, 'a'), signal));
      await holds(world, at(world, 'a'), bytes);
      await holds(world, at(world, 'F', 'inside'), inside);
    },
  },
  {
    name: 'never sends a whole mountpoint to the trash',
    async run({ client, folder, signal }) {
      await refused('invalidName', client.trashFolder(folder.slice(0, 2), signal));
      await refused('invalidName', client.trashFile(folder.slice(0, 2), signal));
    },
  },
];
