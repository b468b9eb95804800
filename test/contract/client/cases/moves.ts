import assert from 'node:assert/strict';
import { at, fresh, holds, list, outcomeOf, refused, requestOf, storeFresh } from '../acts.ts';
import type { ContractWorld, FolderCase } from '../world.ts';

/** A folder `name` that holds one file; returns its content. */
function storeFolder(world: ContractWorld, name: string): Promise<Buffer> {
  return storeFresh(world, at(world, name, 'inside'));
}

/** Moves and renames of files and folders. */
export const moveCases: readonly FolderCase[] = [
  {
    name: 'moves a file to a new name, its history with it',
    async run(world) {
      const { client, signal } = world;
      await storeFresh(world, at(world, 'a'));
      const bytes = await storeFresh(world, at(world, 'a'), 30);
      const { uuid, modified, created, revision } = await client.fetchFile(at(world, 'a'), signal);
      await client.moveFile(at(world, 'a'), at(world, 'b.txt'), signal);
      assert.deepEqual(await list(world, world.folder), ['b.txt']);
      await holds(world, at(world, 'b.txt'), bytes);
      const file = await client.fetchFile(at(world, 'b.txt'), signal);
      assert.deepEqual([file.uuid, file.modified, file.created, file.revision], [uuid, modified, created, revision]);
      assert.equal((await client.fetchRevisions(at(world, 'b.txt'), signal)).length, 2);
    },
  },
  {
    name: 'moves a file to another folder under another name',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      await client.createFolder(at(world, 'F'), signal);
      await client.moveFile(at(world, 'a'), at(world, 'F', 'b + c & d #1'), signal);
      assert.deepEqual(await list(world, world.folder), ['F/']);
      await holds(world, at(world, 'F', 'b + c & d #1'), bytes);
    },
  },
  {
    name: 'moves a folder to another name and place, with all it holds',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'F', 'sub', 'file'));
      await client.createFolder(at(world, 'G'), signal);
      await client.moveFolder(at(world, 'F'), at(world, 'F2'), signal);
      await client.moveFolder(at(world, 'F2'), at(world, 'G', 'F + æ'), signal);
      assert.deepEqual(await list(world, world.folder), ['G/']);
      await holds(world, at(world, 'G', 'F + æ', 'sub', 'file'), bytes);
    },
  },
  {
    name: 'changes the case of a name',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'readme.md'));
      const inside = await storeFolder(world, 'docs');
      await client.moveFile(at(world, 'readme.md'), at(world, 'README.md'), signal);
      await client.moveFolder(at(world, 'docs'), at(world, 'Docs'), signal);
      assert.deepEqual(await list(world, world.folder), ['Docs/', 'README.md']);
      await holds(world, at(world, 'README.md'), bytes);
      await holds(world, at(world, 'Docs', 'inside'), inside);
    },
  },
  {
    name: 'moves to another folder and another case at once',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'readme'));
      await client.createFolder(at(world, 'F'), signal);
      await client.moveFile(at(world, 'readme'), at(world, 'F', 'README'), signal);
      assert.deepEqual(await list(world, at(world, 'F')), ['README']);
      await holds(world, at(world, 'F', 'README'), bytes);
    },
  },
  {
    name: 'moves nothing onto something that is there',
    async run(world) {
      const { client, signal } = world;
      const files = [await storeFresh(world, at(world, 'a')), await storeFresh(world, at(world, 'b'))] as const;
      const inside = [await storeFolder(world, 'F'), await storeFolder(world, 'G')] as const;
      await refused('conflict', client.moveFile(at(world, 'a'), at(world, 'B'), signal));
      await refused('conflict', client.moveFile(at(world, 'a'), at(world, 'G'), signal));
      await refused('conflict', client.moveFolder(at(world, 'F'), at(world, 'g'), signal));
      await refused('conflict', client.moveFolder(at(world, 'F'), at(world, 'b'), signal));
      assert.deepEqual(await list(world, world.folder), ['F/', 'G/', 'a', 'b']);
      await holds(world, at(world, 'a'), files[0]);
      await holds(world, at(world, 'b'), files[1]);
      await holds(world, at(world, 'F', 'inside'), inside[0]);
      await holds(world, at(world, 'G', 'inside'), inside[1]);
    },
  },
  {
    name: 'moves a file onto a name in the trash, and it is live there',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      await storeFresh(world, at(world, 'b'));
      await client.trashFile(at(world, 'b'), signal);
      await client.moveFile(at(world, 'a'), at(world, 'b'), signal);
      assert.deepEqual(await list(world, world.folder), ['b']);
      await holds(world, at(world, 'b'), bytes);
    },
  },
  {
    name: 'moves a folder onto the name of one in the trash, and only the new one is there, or not at all',
    guess: { quirk: 'moveFolderOntoTrashed', answers: { live: 'done', '409': 'forbidden' } },
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFolder(world, 'F');
      await storeFresh(world, at(world, 'G', 'old'));
      await client.trashFolder(at(world, 'G'), signal);
      const outcome = await outcomeOf(client.moveFolder(at(world, 'F'), at(world, 'G'), signal));
      const name = outcome === 'done' ? 'G' : 'F';
      assert.deepEqual(await list(world, world.folder), [`${name}/`]);
      assert.deepEqual(await list(world, at(world, name)), ['inside']);
      await holds(world, at(world, name, 'inside'), bytes);
      return outcome;
    },
  },
  {
    name: 'moves a file over an upload that was never finished',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      await client.allocate(at(world, 'b'), requestOf(fresh()), signal);
      const outcome = await outcomeOf(client.moveFile(at(world, 'a'), at(world, 'b'), signal));
      // Nothing is known about this one; what counts is that the file is in one of the two places.
      const name = outcome === 'done' ? 'b' : 'a';
      assert.ok(outcome === 'done' || outcome === 'conflict', outcome);
      assert.deepEqual(await list(world, world.folder), [name]);
      await holds(world, at(world, name), bytes);
    },
  },
  {
    name: 'finds nothing to move where nothing of that kind is',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      const inside = await storeFolder(world, 'F');
      await storeFresh(world, at(world, 'trashed'));
      await client.trashFile(at(world, 'trashed'), signal);
      for (const name of ['none', 'F', 'trashed']) {
        await refused('notFound', client.moveFile(at(world, name), at(world, 'new'), signal));
      }
      for (const name of ['none', 'a']) {
        await refused('notFound', client.moveFolder(at(world, name), at(world, 'new'), signal));
      }
      assert.deepEqual(await list(world, world.folder), ['F/', 'a']);
      await holds(world, at(world, 'a'), bytes);
      await holds(world, at(world, 'F', 'inside'), inside);
    },
  },
  {
    name: 'takes a move that has happened already for done',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      await storeFolder(world, 'F');
      for (const _ of [1, 2]) {
        await client.moveFile(at(world, 'a'), at(world, 'b'), signal);
        await client.moveFolder(at(world, 'F'), at(world, 'G'), signal);
      }
      assert.deepEqual(await list(world, world.folder), ['G/', 'b']);
      await holds(world, at(world, 'b'), bytes);
    },
  },
  {
    name: 'moves into a folder that is not there yet, where the service makes it',
    guess: { quirk: 'moveMakesParents', answers: { yes: 'done', '404': 'notFound' } },
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      const inside = await storeFolder(world, 'F');
      const outcome = await outcomeOf(client.moveFile(at(world, 'a'), at(world, 'new', 'newer', 'b'), signal));
      assert.equal(await outcomeOf(client.moveFolder(at(world, 'F'), at(world, 'other', 'G'), signal)), outcome);
      const done = outcome === 'done';
      await holds(world, done ? at(world, 'new', 'newer', 'b') : at(world, 'a'), bytes);
      await holds(world, done ? at(world, 'other', 'G', 'inside') : at(world, 'F', 'inside'), inside);
      assert.deepEqual(await list(world, world.folder), done ? ['new/', 'other/'] : ['F/', 'a']);
      return outcome;
    },
  },
  {
    name: 'does not move a folder into itself',
    async run(world) {
      const { client, signal } = world;
      const inside = await storeFresh(world, at(world, 'F', 'sub', 'inside'));
      assert.notEqual(await outcomeOf(client.moveFolder(at(world, 'F'), at(world, 'F', 'sub', 'F'), signal)), 'done');
      assert.notEqual(await outcomeOf(client.moveFolder(at(world, 'F'), at(world, 'F', 'new'), signal)), 'done');
      assert.deepEqual(await list(world, world.folder), ['F/']);
      assert.deepEqual(await list(world, at(world, 'F', 'sub')), ['inside']);
      await holds(world, at(world, 'F', 'sub', 'inside'), inside);
    },
  },
];
