import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { isJottaError } from '../../../../src/jottacloud/errors.ts';
import { md5 } from '../../../support/md5.ts';
import {
  at,
  fresh,
  holds,
  list,
  outcomeOf,
  read,
  readRange,
  refused,
  requestOf,
  someTime,
  store,
  storeFresh,
} from '../acts.ts';
import type { ContractWorld, FolderCase } from '../world.ts';

const mebibyte = 1024 * 1024;

const sizes: readonly FolderCase[] = [
  ['an empty', 0],
  ['a one-byte', 1],
  ['a small', 4_097],
  ['a multi-MiB', 3 * mebibyte + 7],
].map(([what, size]) => ({
  name: `uploads ${what} file and reads it back`,
  async run(world: ContractWorld) {
    const bytes = await storeFresh(world, at(world, 'a.bin'), Number(size));
    await holds(world, at(world, 'a.bin'), bytes);
  },
}));

/** Upload, download and what the service keeps of both. */
export const transferCases: readonly FolderCase[] = [
  ...sizes,
  {
    name: 'uploads into folders that are not there yet',
    async run(world) {
      const bytes = await storeFresh(world, at(world, 'new', 'newer', 'a'));
      await holds(world, at(world, 'new', 'newer', 'a'), bytes);
    },
  },
  {
    name: 'says how much of an upload the connection took',
    async run(world) {
      const { client, signal } = world;
      const bytes = fresh(100_000);
      const { uploadUrl } = await client.allocate(at(world, 'a'), requestOf(bytes), signal);
      const seen: number[] = [];
      const span = { start: 0, size: bytes.length };
      await client.upload(uploadUrl, Readable.from([bytes.subarray(0, 9), bytes.subarray(9)]), span, signal, (sent) => {
        seen.push(sent);
      });
      assert.deepEqual([seen[0], seen.at(-1)], [9, bytes.length]);
    },
  },
  {
    name: 'goes on with an upload where a shorter one ended',
    async run(world) {
      const { client, signal } = world;
      const bytes = fresh(200_000);
      const path = at(world, 'a');
      const first = await client.allocate(path, requestOf(bytes), signal);
      assert.equal(first.resumePos, 0);
      // A request shorter than the file is a piece of it: the service keeps what arrived (PROTOCOL.md §3.3).
      const piece = Readable.from([bytes.subarray(0, 70_000)]);
      await refused('incomplete', client.upload(first.uploadUrl, piece, { start: 0, size: 70_000 }, signal));
      await refused('notFound', client.fetchFile(path, signal));
      const second = await client.allocate(path, requestOf(bytes), signal);
      assert.deepEqual([second.completed, second.resumePos], [false, 70_000]);
      await store(world, path, bytes);
      await holds(world, path, bytes);
      assert.equal((await client.fetchRevisions(path, signal)).length, 1);
    },
  },
  {
    name: 'goes on with an upload after a cut',
    async run(world) {
      const { client, signal } = world;
      const bytes = fresh(mebibyte);
      const path = at(world, 'a');
      const { uploadUrl } = await client.allocate(path, requestOf(bytes), signal);
      const cut = new Error('the source broke');
      async function* half() {
        yield bytes.subarray(0, mebibyte / 2);
        throw cut;
      }
      const body = Readable.from(half(), { objectMode: false });
      await assert.rejects(client.upload(uploadUrl, body, { start: 0, size: bytes.length }, signal), cut);
      const { resumePos } = await client.allocate(path, requestOf(bytes), signal);
      assert.ok(resumePos <= mebibyte / 2);
      await store(world, path, bytes);
      await holds(world, path, bytes);
    },
  },
  {
    name: 'refuses content that is not what was promised, and recovers with the right one',
    async run(world) {
      const { client, signal } = world;
      const path = at(world, 'a');
      const old = await storeFresh(world, path);
      const bytes = fresh(1_000);
      const { uploadUrl } = await client.allocate(path, requestOf(bytes), signal);
      const wrong = Readable.from([fresh(1_000)]);
      await refused('corrupt', client.upload(uploadUrl, wrong, { start: 0, size: 1_000 }, signal));
      await holds(world, path, old);
      await store(world, path, bytes);
      await holds(world, path, bytes);
    },
  },
  {
    name: 'refuses a source of another length than promised',
    async run(world) {
      const { client, signal } = world;
      const bytes = fresh(1_000);
      const span = { start: 0, size: 1_000 };
      const { uploadUrl } = await client.allocate(at(world, 'a'), requestOf(bytes), signal);
      const short = Readable.from([bytes.subarray(0, 400)]);
      await refused('incomplete', client.upload(uploadUrl, short, span, signal));
      // Of one that goes on where it should end, the server has what was promised by then.
      const long = Readable.from([bytes.subarray(0, 400), bytes]);
      await refused('corrupt', client.upload(uploadUrl, long, span, signal));
      await refused('notFound', client.fetchFile(at(world, 'a'), signal));
    },
  },
  {
    name: 'says that allocating again helps when an upload address has served its purpose',
    async run(world) {
      const { client, signal } = world;
      const bytes = fresh(1_000);
      const span = { start: 0, size: bytes.length };
      const { uploadUrl } = await client.allocate(at(world, 'a'), requestOf(bytes), signal);
      await client.upload(uploadUrl, Readable.from([bytes]), span, signal);
      const late = client.upload(uploadUrl, Readable.from([bytes]), span, signal);
      await assert.rejects(late, (error) => isJottaError(error) && error.retryable);
      assert.equal(await store(world, at(world, 'a'), bytes), 'known');
      await holds(world, at(world, 'a'), bytes);
    },
  },
  {
    name: 'need not send content that is stored under another name',
    guess: { quirk: 'dedup', answers: { on: 'known', off: 'sent' } },
    async run(world) {
      const bytes = await storeFresh(world, at(world, 'a'), 5_000);
      const how = await store(world, at(world, 'sub', 'b'), bytes);
      await holds(world, at(world, 'sub', 'b'), bytes);
      return how;
    },
  },
  {
    name: 'need not send content that is already there, and makes no revision of it unless every write makes one',
    guess: { quirk: 'sameContent', answers: { 'times-only': '1 revision', 'new-revision': '2 revisions' } },
    async run(world) {
      const bytes = await storeFresh(world, at(world, 'a'));
      assert.equal(await store(world, at(world, 'a'), bytes, { modified: someTime + 60 }), 'known');
      const { modified } = await world.client.fetchFile(at(world, 'a'), world.signal);
      assert.equal(modified, someTime + 60);
      await holds(world, at(world, 'a'), bytes);
      const { length } = await world.client.fetchRevisions(at(world, 'a'), world.signal);
      return length === 1 ? '1 revision' : `${length} revisions`;
    },
  },
  {
    name: 'writes over a file as its next revision',
    async run(world) {
      const { client, signal } = world;
      const old = await storeFresh(world, at(world, 'Name.txt'));
      const { uuid } = await client.fetchFile(at(world, 'Name.txt'), signal);
      const bytes = await storeFresh(world, at(world, 'NAME.TXT'), 50);
      await holds(world, at(world, 'Name.txt'), bytes);
      assert.deepEqual(await list(world, world.folder), ['Name.txt']);
      const [now, before] = await client.fetchRevisions(at(world, 'Name.txt'), signal);
      assert.ok(now !== undefined && before !== undefined);
      assert.deepEqual([now.md5, now.uuid], [md5(bytes), uuid]);
      assert.deepEqual([before.md5, before.uuid], [md5(old), uuid]);
      assert.ok(now.revision > before.revision);
    },
  },
  {
    name: 'creates a file only where none is, when told so',
    async run(world) {
      const { client, signal } = world;
      const reject = { onConflict: 'reject' } as const;
      const bytes = fresh();
      await store(world, at(world, 'a'), bytes, reject);
      // As whoever creates files does once: then the client knows whether it has to look for itself.
      await client.tryRefusal(at(world, 'a'), requestOf(bytes), signal);
      await refused('conflict', client.allocate(at(world, 'a'), requestOf(fresh(), reject), signal));
      await refused('conflict', client.allocate(at(world, 'A'), requestOf(fresh(), reject), signal));
      await holds(world, at(world, 'a'), bytes);
      await client.trashFile(at(world, 'a'), signal);
      const second = fresh();
      await store(world, at(world, 'a'), second, reject);
      await holds(world, at(world, 'a'), second);
    },
  },
  {
    name: 'does not put a file over a folder',
    async run(world) {
      const { client, signal } = world;
      await storeFresh(world, at(world, 'F', 'inside'));
      await refused('conflict', client.allocate(at(world, 'F'), requestOf(fresh()), signal));
      assert.deepEqual(await list(world, at(world, 'F')), ['inside']);
    },
  },
  {
    name: 'reads any range of a file, and none outside it',
    async run(world) {
      const { client, signal } = world;
      const path = at(world, 'a');
      const bytes = await storeFresh(world, path, 10_000);
      const size = bytes.length;
      for (const [start, end] of [
        [0, 1],
        [0, size],
        [1, size],
        [5_000, 5_001],
        [size - 1, size],
        [700, 700],
        [size, size],
      ] as const) {
        const part = await readRange(world, path, { start, end, size });
        assert.ok(part.equals(bytes.subarray(start, end)), `${start}-${end}`);
      }
      await refused('range', client.download(path, { start: 0, end: size + 1, size }, signal));
      await refused('range', client.download(path, { start: 2, end: 1, size: -1 }, signal));
      await refused('corrupt', client.download(path, { start: 5, end: 9, size: size + 5 }, signal));
    },
  },
  {
    name: 'tells that a file is shorter than the caller believes',
    guess: { quirk: 'range', answers: { honoured: 'range', ignored: 'corrupt' } },
    async run(world) {
      const { client, signal } = world;
      const path = at(world, 'a');
      const { length } = await storeFresh(world, path, 10_000);
      return outcomeOf(client.download(path, { start: length, end: length + 5, size: length + 5 }, signal));
    },
  },
  {
    name: 'reads nothing of an empty file',
    async run(world) {
      await storeFresh(world, at(world, 'empty'), 0);
      assert.equal((await read(world, at(world, 'empty'))).length, 0);
    },
  },
  {
    name: 'finds no content where there is none',
    async run(world) {
      const { client, signal } = world;
      await client.allocate(at(world, 'unfinished'), requestOf(fresh()), signal);
      await storeFresh(world, at(world, 'F', 'x'));
      const range = { start: 0, end: 4, size: 24 };
      for (const name of ['none', 'unfinished', 'F']) {
        await refused('notFound', client.download(at(world, name), range, signal));
      }
    },
  },
  {
    name: 'keeps the times of an upload to the second',
    async run(world) {
      const { client, signal } = world;
      for (const [name, created, modified] of [
        ['past', 1, 2],
        ['plain', 1_600_000_000, 1_700_000_000],
        ['future', 4_000_000_000, 4_102_444_800],
      ] as const) {
        await store(world, at(world, name), fresh(), { created, modified });
        const file = await client.fetchFile(at(world, name), signal);
        assert.deepEqual([file.created, file.modified], [created, modified], name);
      }
    },
  },
];
