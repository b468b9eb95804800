import assert from 'node:assert/strict';
import type { StreamedEntry } from '../../../../src/jottacloud/types.ts';
import { md5 } from '../../../support/md5.ts';
import { at, fresh, outcomeOf, requestOf, someTime, storeFresh } from '../acts.ts';
import type { ContractWorld, FolderCase } from '../world.ts';

async function stream({ client, signal }: ContractWorld, path: readonly string[]): Promise<StreamedEntry[]> {
  const entries: StreamedEntry[] = [];
  for await (const entry of client.liststream(path, signal)) entries.push(entry);
  return entries.sort((a, b) => (a.path.join('/') < b.path.join('/') ? -1 : 1));
}

/** Every folder of a tree: those listed, and those that only a file's path tells of (§2.8). */
function foldersOf(entries: readonly StreamedEntry[]): string[] {
  const paths = entries.map(({ kind, path }) => (kind === 'folder' ? path : path.slice(0, -1)).join('/'));
  return [...new Set(paths)].sort();
}

/** liststream (PROTOCOL.md §2.8). */
export const recursiveCases: readonly FolderCase[] = [
  {
    name: 'lists a tree at once, live and complete things only',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'F', 'sub', 'a + b'));
      await client.createFolder(at(world, 'empty'), signal);
      await storeFresh(world, at(world, 'F', 'gone'));
      await client.trashFile(at(world, 'F', 'gone'), signal);
      await storeFresh(world, at(world, 'G', 'below'));
      await client.trashFolder(at(world, 'G'), signal);
      await client.allocate(at(world, 'F', 'unfinished'), requestOf(fresh()), signal);
      const [, ...top] = world.folder;
      const times = { modified: someTime, created: someTime };
      const entries = await stream(world, world.folder);
      assert.deepEqual(
        entries.filter(({ kind }) => kind === 'file'),
        [{ kind: 'file', path: [...top, 'F', 'sub', 'a + b'], md5: md5(bytes), size: bytes.length, ...times }],
      );
      assert.deepEqual(
        foldersOf(entries),
        ['', '/F', '/F/sub', '/empty'].map((below) => `${top.join('/')}${below}`),
      );
      const below = await stream(world, at(world, 'F'));
      assert.deepEqual(
        foldersOf(below),
        ['/F', '/F/sub'].map((name) => `${top.join('/')}${name}`),
      );
    },
  },
  {
    name: 'lists an empty tree as its root alone',
    async run(world) {
      assert.deepEqual(await stream(world, world.folder), [{ kind: 'folder', path: world.folder.slice(1) }]);
    },
  },
  {
    name: 'finds no tree where there is none',
    async run(world) {
      await storeFresh(world, at(world, 'file'));
      await storeFresh(world, at(world, 'F', 'x'));
      await world.client.trashFolder(at(world, 'F'), world.signal);
      for (const name of ['none', 'file', 'F']) {
        assert.equal(await outcomeOf(stream(world, at(world, name))), 'notFound', name);
      }
    },
  },
];
