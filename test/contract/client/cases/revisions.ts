import assert from 'node:assert/strict';
import type { JottaFile, JottaPath } from '../../../../src/jottacloud/types.ts';
import { md5 as md5Of } from '../../../support/md5.ts';
import { at, fresh, holds, list, outcomeOf, read, readRange, refused, someTime, store, storeFresh } from '../acts.ts';
import type { ContractWorld, FolderCase } from '../world.ts';

/** Whether a file with so many revisions has one more now. */
async function historyAfter(world: ContractWorld, path: JottaPath, count: number): Promise<string> {
  const revisions = await world.client.fetchRevisions(path, world.signal);
  if (revisions.length === count) return 'as it was';
  assert.deepEqual([revisions.length, revisions[0]?.md5], [count + 1, revisions[1]?.md5]);
  return 'one more';
}

/** History, times and what brings a file back. */
export const revisionCases: readonly FolderCase[] = [
  {
    name: 'lists the revisions newest first, five at most, and reads each',
    async run(world) {
      const { client, signal } = world;
      const path = at(world, 'a');
      const written: Buffer[] = [];
      for (let n = 1; n <= 7; n += 1) written.push(await storeFresh(world, path, n * 100));
      const revisions = await client.fetchRevisions(path, signal);
      const numbers = revisions.map(({ revision }) => revision);
      assert.deepEqual(
        numbers,
        [...new Set(numbers)].sort((a, b) => b - a),
      );
      const newestFirst = written.toReversed().slice(0, 5);
      assert.equal(revisions.length, newestFirst.length);
      for (const [index, bytes] of newestFirst.entries()) {
        const revision = revisions[index] as JottaFile;
        assert.deepEqual([revision.size, revision.md5], [bytes.length, md5Of(bytes)]);
        assert.ok((await read(world, path, revision)).equals(bytes));
        const part = { start: 10, end: 20, size: bytes.length };
        assert.deepEqual(await readRange(world, path, part, revision.revision), bytes.subarray(10, 20));
      }
      const range = { start: 0, end: 1, size: 100, revision: 9_999 };
      await refused('notFound', client.download(path, range, signal));
    },
  },
  {
    name: 'sets times and leaves content alone, and history too unless every write makes some',
    guess: { quirk: 'sameContent', answers: { 'times-only': 'as it was', 'new-revision': 'one more' } },
    async run(world) {
      const { client, signal } = world;
      const path = at(world, 'a');
      await storeFresh(world, path);
      const bytes = await storeFresh(world, path, 30);
      const stamp = { md5: md5Of(bytes), size: bytes.length, modified: someTime + 11, created: someTime - 11 };
      const answered = await client.setFileTimes(path, stamp, signal);
      const file = await client.fetchFile(path, signal);
      assert.deepEqual(answered, file);
      assert.deepEqual([file.modified, file.created], [stamp.modified, stamp.created]);
      await holds(world, path, bytes);
      return historyAfter(world, path, 2);
    },
  },
  {
    name: 'does not give a file content that the service has never seen',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      const unknown = { md5: md5Of(fresh()), size: 24, modified: someTime, created: someTime };
      await refused('conflict', client.setFileTimes(at(world, 'a'), unknown, signal));
      await refused('notFound', client.setFileTimes(at(world, 'none'), unknown, signal));
      await holds(world, at(world, 'a'), bytes);
      assert.deepEqual(await list(world, world.folder), ['a']);
    },
  },
  {
    name: 'makes a file of content that is stored elsewhere, where the service shares content',
    guess: [
      { quirk: 'dedup', answers: { on: 'done', off: 'notFound' } },
      { quirk: 'cphash', answers: { honoured: 'done', ignored: 'notFound', '400': 'notFound', '404': 'notFound' } },
    ],
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'a'));
      const stamp = { md5: md5Of(bytes), size: bytes.length, modified: someTime + 5, created: someTime };
      const outcome = await outcomeOf(client.setFileTimes(at(world, 'b'), stamp, signal));
      if (outcome === 'done') await holds(world, at(world, 'b'), bytes);
      else await refused('notFound', client.fetchFile(at(world, 'b'), signal));
      return outcome;
    },
  },
  {
    name: 'takes a file out of the trash by its content, history included',
    guess: { quirk: 'sameContent', answers: { 'times-only': 'as it was', 'new-revision': 'one more' } },
    async run(world) {
      const { client, signal } = world;
      const path = at(world, 'a');
      await storeFresh(world, path);
      const bytes = await storeFresh(world, path, 40);
      const { md5, size, modified, created } = await client.fetchFile(path, signal);
      await client.trashFile(path, signal);
      await client.setFileTimes(path, { md5, size, modified, created }, signal);
      await holds(world, path, bytes);
      assert.deepEqual(await list(world, world.folder), ['a']);
      return historyAfter(world, path, 2);
    },
  },
  {
    name: 'takes a file out of the trash by uploading it again',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'F', 'a'));
      await client.trashFolder(at(world, 'F'), signal);
      await store(world, at(world, 'F', 'a'), bytes);
      await holds(world, at(world, 'F', 'a'), bytes);
      assert.deepEqual(await list(world, at(world, 'F')), ['a']);
    },
  },
];
