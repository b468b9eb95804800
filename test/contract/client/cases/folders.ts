import assert from 'node:assert/strict';
import { at, fresh, holds, list, outcomeOf, refused, requestOf, storeFresh } from '../acts.ts';
import type { FolderCase } from '../world.ts';

/** Listing and creating folders. */
export const folderCases: readonly FolderCase[] = [
  {
    name: 'lists an empty folder',
    async run(world) {
      assert.deepEqual(await list(world, world.folder), []);
    },
  },
  {
    name: 'lists files with size, md5, times, revision and id, and folders by name',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a.txt'));
      await client.createFolder(at(world, 'F'), signal);
      const [folder, file] = [...(await client.fetchFolder(world.folder, signal))].sort((a, b) =>
        a.kind < b.kind ? 1 : -1,
      );
      assert.deepEqual(folder, { kind: 'folder', name: 'F' });
      assert.deepEqual(file, await client.fetchFile(at(world, 'a.txt'), signal));
      assert.ok(file?.kind === 'file' && file.size === bytes.length && file.revision > 0);
      assert.ok(file.uuid !== undefined && file.uuid !== '');
    },
  },
  {
    name: 'creates a folder with all its parents, and again without harm',
    async run(world) {
      const { client, signal } = world;
      await client.createFolder(at(world, 'a', 'b', 'c'), signal);
      const bytes = await storeFresh(world, at(world, 'a', 'b', 'file'));
      await client.createFolder(at(world, 'a', 'b', 'c'), signal);
      await client.createFolder(at(world, 'a'), signal);
      assert.deepEqual(await list(world, at(world, 'a', 'b')), ['c/', 'file']);
      await holds(world, at(world, 'a', 'b', 'file'), bytes);
    },
  },
  {
    name: 'finds a folder whatever the case, and creates no second one',
    async run(world) {
      const { client, signal } = world;
      await client.createFolder(at(world, 'Ærlig Docs'), signal);
      await client.createFolder(at(world, 'ÆRLIG docs', 'Sub'), signal);
      assert.deepEqual(await list(world, world.folder), ['Ærlig Docs/']);
      assert.deepEqual(await list(world, at(world, 'ærlig DOCS')), ['Sub/']);
    },
  },
  {
    name: 'does not put a folder over a file',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      await refused('conflict', client.createFolder(at(world, 'a'), signal));
      await refused('conflict', client.createFolder(at(world, 'a', 'below'), signal));
      await holds(world, at(world, 'a'), bytes);
    },
  },
  {
    name: 'creates a folder where one is in the trash: empty, with what it held, or not at all',
    guess: { quirk: 'mkDirUntrashes', answers: { on: 'empty', recursive: 'with what it held', off: 'forbidden' } },
    async run(world) {
      const { client, signal } = world;
      await storeFresh(world, at(world, 'F', 'sub', 'file'));
      await client.trashFolder(at(world, 'F'), signal);
      const outcome = await outcomeOf(client.createFolder(at(world, 'F'), signal));
      if (outcome !== 'done') {
        await refused('notFound', client.fetchFolder(at(world, 'F'), signal));
        return outcome;
      }
      const listed = await list(world, at(world, 'F'));
      if (listed.length > 0) assert.deepEqual(await list(world, at(world, 'F', 'sub')), ['file']);
      return listed.length === 0 ? 'empty' : 'with what it held';
    },
  },
  {
    name: 'finds nothing where nothing is, where a file is, and in the trash',
    async run(world) {
      const { client, signal } = world;
      await storeFresh(world, at(world, 'file'));
      await client.createFolder(at(world, 'trashed', 'below'), signal);
      await client.trashFolder(at(world, 'trashed'), signal);
      for (const names of [['none'], ['none', 'below'], ['file'], ['trashed'], ['trashed', 'below']]) {
        await refused('notFound', client.fetchFolder(at(world, ...names), signal));
        await refused('notFound', client.fetchFile(at(world, ...names, 'x'), signal));
      }
      await refused('notFound', client.fetchFile(world.folder, signal));
      await refused('notFound', client.fetchRevisions(world.folder, signal));
    },
  },
  {
    name: 'leaves out what is in the trash and what never arrived',
    async run(world) {
      const { client, signal } = world;
      await storeFresh(world, at(world, 'live'));
      await storeFresh(world, at(world, 'trashed'));
      await client.createFolder(at(world, 'gone', 'below'), signal);
      await client.trashFile(at(world, 'trashed'), signal);
      await client.trashFolder(at(world, 'gone'), signal);
      await client.allocate(at(world, 'unfinished'), requestOf(fresh()), signal);
      assert.deepEqual(await list(world, world.folder), ['live']);
      await refused('notFound', client.fetchFile(at(world, 'trashed'), signal));
      await refused('notFound', client.fetchFile(at(world, 'unfinished'), signal));
    },
  },
  {
    name: 'shows the last complete content while a newer one is on its way',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      await client.allocate(at(world, 'a'), requestOf(fresh(99)), signal);
      await holds(world, at(world, 'a'), bytes);
      assert.deepEqual(await list(world, world.folder), ['a']);
      assert.equal((await client.fetchRevisions(at(world, 'a'), signal)).length, 1);
    },
  },
];
