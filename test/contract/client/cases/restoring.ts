import assert from 'node:assert/strict';
import type { TrashedEntry } from '../../../../src/jottacloud/changes/trash.ts';
import { at, holds, list, outcomeOf, refused, storeFresh } from '../acts.ts';
import type { ContractWorld, FolderCase } from '../world.ts';

/** What lies in the trash and was in the case's own folder, by its path there. */
async function trashOf({ client, folder, signal }: ContractWorld): Promise<Map<string, TrashedEntry>> {
  const own = (await client.fetchTrash(signal)).filter(({ path }) =>
    folder.every((name, index) => path[index] === name),
  );
  return new Map(own.map((entry) => [entry.path.slice(folder.length).join('/'), entry]));
}

/** The trash as a place (PROTOCOL.md §2.3 "Restore recipe", §2.5), and public links (§2.10). */
export const restoringCases: readonly FolderCase[] = [
  {
    name: 'lists what was put in the trash by the place where it was',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'F', 'a + b'));
      await storeFresh(world, at(world, 'G', 'below'));
      await client.trashFile(at(world, 'F', 'a + b'), signal);
      await client.trashFolder(at(world, 'G'), signal);
      const trash = await trashOf(world);
      assert.deepEqual([...trash.keys()].sort(), ['F/a + b', 'G']);
      const { kind, size, deleted } = trash.get('F/a + b') ?? {};
      assert.deepEqual([kind, size, trash.get('G')?.kind], ['file', bytes.length, 'folder']);
      assert.ok(deleted !== undefined && Math.abs(deleted - Date.now() / 1000) < 600);
    },
  },
  {
    name: 'restores a file to where it was, with its times',
    async run(world) {
      const { client, signal } = world;
      const path = at(world, 'F', 'a');
      const bytes = await storeFresh(world, path);
      const { modified, created, uuid } = await client.fetchFile(path, signal);
      await client.trashFile(path, signal);
      await client.restore(path, signal);
      await holds(world, path, bytes);
      const file = await client.fetchFile(path, signal);
      assert.deepEqual([file.modified, file.created, file.uuid], [modified, created, uuid]);
      assert.equal((await trashOf(world)).size, 0);
    },
  },
  {
    name: 'restores a folder with what went to the trash with it, as far as the service shows it',
    guess: [
      { quirk: 'mkDirUntrashes', answers: { on: 'whole', recursive: 'whole', off: 'forbidden' } },
      { quirk: 'trashedChildren', answers: { listed: 'whole', hidden: 'empty' } },
    ],
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'F', 'sub', 'a'));
      await client.createFolder(at(world, 'F', 'empty'), signal);
      await client.trashFolder(at(world, 'F'), signal);
      const outcome = await outcomeOf(client.restore(at(world, 'F'), signal));
      if (outcome !== 'done') return outcome;
      const names = await list(world, at(world, 'F'));
      if (names.length === 0) return 'empty';
      assert.deepEqual(names, ['empty/', 'sub/']);
      await holds(world, at(world, 'F', 'sub', 'a'), bytes);
      return 'whole';
    },
  },
  {
    name: 'restores nothing over what is live, and nothing that is not in the trash',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      await refused('conflict', client.restore(at(world, 'a'), signal));
      await refused('notFound', client.restore(at(world, 'none'), signal));
      await holds(world, at(world, 'a'), bytes);
    },
  },
  {
    name: 'removes for good what is in the trash, and nothing that is live',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'live'));
      await storeFresh(world, at(world, 'a'));
      await storeFresh(world, at(world, 'F', 'below'));
      await client.trashFile(at(world, 'a'), signal);
      await client.trashFolder(at(world, 'F'), signal);
      await client.removeForGood(at(world, 'a'), signal);
      await client.removeForGood(at(world, 'F'), signal);
      await refused('conflict', client.removeForGood(at(world, 'live'), signal));
      for (const name of ['a', 'F', 'none']) await refused('notFound', client.removeForGood(at(world, name), signal));
      assert.equal((await trashOf(world)).size, 0);
      assert.deepEqual(await list(world, world.folder), ['live']);
      await holds(world, at(world, 'live'), bytes);
    },
  },
  {
    name: 'makes a public link, says which, and ends it',
    async run(world) {
      const { client, signal } = world;
      const path = at(world, 'a + b');
      const bytes = await storeFresh(world, path);
      assert.equal(await client.fetchShare(path, signal), undefined);
      const link = await client.enableShare(path, signal);
      assert.match(link, /^https:\/\/www\.jottacloud\.com\/\S+$/);
      assert.equal(await client.enableShare(path, signal), link);
      assert.equal(await client.fetchShare(path, signal), link);
      await client.disableShare(path, signal);
      await client.disableShare(path, signal);
      assert.equal(await client.fetchShare(path, signal), undefined);
      for (const share of ['fetchShare', 'enableShare', 'disableShare'] as const) {
        await refused('notFound', client[share](at(world, 'none'), signal));
      }
      await holds(world, path, bytes);
    },
  },
];
