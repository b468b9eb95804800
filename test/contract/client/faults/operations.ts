import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { parseLoginToken } from '../../../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../../../src/jottacloud/auth/loginTokenExchange.ts';
import type { JottaErrorKind } from '../../../../src/jottacloud/errors.ts';
import type { JottaPath } from '../../../../src/jottacloud/types.ts';
import { createEndpoints } from '../../../../src/jottacloud/urls.ts';
import { md5 as md5Of } from '../../../support/md5.ts';
import { requestOf } from '../acts.ts';
import type { Bench } from './bench.ts';

/** One call of the client, or the few that belong together, from a state in which it can do its work. */
export interface Operation {
  readonly name: string;
  /** How far the client's clock is ahead of the emulator's; absent means not at all. */
  readonly aheadMs?: number;
  /** Brings the bench's folder into its first state. */
  prepare?(bench: Bench): Promise<void>;
  /** Does it, and throws an AssertionError when it claims success but the result is wrong. */
  run(bench: Bench): Promise<void>;
  /** What a repetition comes to when the first run did its work without knowing; absent means success. */
  readonly again?: JottaErrorKind;
  /** What it comes to when it is not allowed to look at what is there; absent means as the service says. */
  readonly unseen?: JottaErrorKind;
}

const bytes = Buffer.from('what the file holds '.repeat(50));
const other = Buffer.from('something else');
const modified = new Date('2026-01-02T03:04:05Z');
const seconds = modified.getTime() / 1000;
const signal = new AbortController().signal;

function put({ emulator, remote }: Bench, name: string, content: Buffer = bytes): Promise<void> {
  return emulator.put(remote(name), content, { modified });
}

async function putInTrash(bench: Bench, name: string): Promise<void> {
  await put(bench, name);
  bench.emulator.remove(bench.remote(name));
}

async function upload({ client }: Bench, path: JottaPath, onConflict: 'newRevision' | 'reject'): Promise<void> {
  const request = requestOf(bytes, { modified: seconds, onConflict });
  const { completed, uploadUrl, resumePos } = await client.allocate(path, request, signal);
  if (completed) return;
  const body = Readable.from([bytes.subarray(resumePos)], { objectMode: false });
  const span = { start: resumePos, size: bytes.length, md5: md5Of(bytes) };
  const result = await client.upload(uploadUrl, body, span, signal);
  assert.deepEqual(result, { md5: md5Of(bytes), size: bytes.length, modified: seconds });
}

async function download({ client }: Bench, path: JottaPath, start: number, end: number, revision?: number) {
  const range = { start, end, size: bytes.length, ...(revision === undefined ? {} : { revision }) };
  const parts: Buffer[] = [];
  for await (const chunk of await client.download(path, range, signal)) parts.push(Buffer.from(chunk));
  assert.deepEqual(Buffer.concat(parts), bytes.subarray(start, end));
}

const reads: readonly Operation[] = [
  {
    name: 'fetchCustomer',
    async run({ client }) {
      assert.equal((await client.fetchCustomer(signal)).username, client.username);
    },
  },
  {
    name: 'fetchCustomer with an expired token',
    aheadMs: 2 * 3_600_000,
    async run({ client }) {
      assert.equal((await client.fetchCustomer(signal)).username, client.username);
    },
  },
  {
    name: 'fetchAccount',
    async run({ client }) {
      assert.ok((await client.fetchAccount(signal)).devices.some(({ name }) => name === 'Jotta'));
    },
  },
  {
    name: 'fetchDevice',
    async run({ client }) {
      const { mountpoints } = await client.fetchDevice('Jotta', signal);
      assert.ok(mountpoints.some(({ name }) => name === 'Archive'));
    },
  },
  {
    name: 'fetchFolder',
    async prepare(bench) {
      await put(bench, 'a');
      bench.emulator.mkdir(bench.remote('F'));
    },
    async run({ client, at }) {
      const entries = await client.fetchFolder(at(), signal);
      assert.deepEqual(entries.map(({ name }) => name).sort(), ['F', 'a']);
    },
  },
  {
    name: 'fetchFile',
    prepare: (bench) => put(bench, 'a'),
    async run({ client, at }) {
      assert.equal((await client.fetchFile(at('a'), signal)).md5, md5Of(bytes));
    },
  },
  {
    name: 'fetchRevisions',
    async prepare(bench) {
      await put(bench, 'a', other);
      await put(bench, 'a');
    },
    async run({ client, at }) {
      const revisions = await client.fetchRevisions(at('a'), signal);
      assert.deepEqual(
        revisions.map(({ md5 }) => md5),
        [md5Of(bytes), md5Of(other)],
      );
    },
  },
  {
    name: 'liststream',
    async prepare(bench) {
      for (const name of ['a', 'b', 'F/c']) await put(bench, name);
    },
    async run({ client, at }) {
      const files: string[] = [];
      for await (const entry of client.liststream(at(), signal)) {
        if (entry.kind === 'file') files.push(entry.path.slice(2).join('/'));
      }
      assert.deepEqual(files.sort(), ['F/c', 'a', 'b']);
    },
  },
  {
    name: 'download of a whole file',
    prepare: (bench) => put(bench, 'a'),
    run: (bench) => download(bench, bench.at('a'), 0, bytes.length),
  },
  {
    name: 'download of a range of an old revision',
    async prepare(bench) {
      await put(bench, 'a');
      await put(bench, 'a', other);
    },
    run: (bench) => download(bench, bench.at('a'), 100, 900, 1),
  },
  {
    name: 'fetchTrash',
    prepare: (bench) => putInTrash(bench, 'a'),
    async run({ client, at }) {
      const paths = (await client.fetchTrash(signal)).map(({ path }) => path.join('/'));
      assert.ok(paths.includes(at('a').join('/')));
    },
  },
  {
    name: 'fetchShare',
    async prepare(bench) {
      await put(bench, 'a');
      await bench.client.enableShare(bench.at('a'), signal);
    },
    async run({ client, at }) {
      assert.match((await client.fetchShare(at('a'), signal)) ?? 'none', /^https:/);
    },
  },
];

const writes: readonly Operation[] = [
  { name: 'upload of a new file', run: (bench) => upload(bench, bench.at('a'), 'newRevision') },
  {
    name: 'upload of a new file that must not be there',
    again: 'conflict',
    run: (bench) => upload(bench, bench.at('a'), 'reject'),
  },
  {
    name: 'upload over a file',
    prepare: (bench) => put(bench, 'a', other),
    run: (bench) => upload(bench, bench.at('a'), 'newRevision'),
  },
  {
    name: 'upload that goes on where another ended',
    async prepare({ client, at }) {
      const { uploadUrl } = await client.allocate(at('a'), requestOf(bytes, { modified: seconds }), signal);
      const piece = Readable.from([bytes.subarray(0, 400)]);
      await client.upload(uploadUrl, piece, { start: 0, size: 400 }, signal).catch(() => {});
      const { resumePos } = await client.allocate(at('a'), requestOf(bytes, { modified: seconds }), signal);
      assert.equal(resumePos, 400);
    },
    run: (bench) => upload(bench, bench.at('a'), 'newRevision'),
  },
  { name: 'createFolder', run: ({ client, at }) => client.createFolder(at('F', 'sub'), signal) },
  {
    name: 'moveFile',
    async prepare(bench) {
      await put(bench, 'a');
      bench.emulator.mkdir(bench.remote('F'));
    },
    unseen: 'protocol',
    run: ({ client, at }) => client.moveFile(at('a'), at('F', 'b'), signal),
  },
  {
    name: 'moveFile to another case',
    prepare: (bench) => put(bench, 'a'),
    unseen: 'protocol',
    run: ({ client, at }) => client.moveFile(at('a'), at('A'), signal),
  },
  {
    name: 'moveFolder',
    prepare: (bench) => put(bench, 'F/a'),
    unseen: 'protocol',
    run: ({ client, at }) => client.moveFolder(at('F'), at('G'), signal),
  },
  {
    name: 'copyFile',
    again: 'conflict',
    prepare: (bench) => put(bench, 'a'),
    async run({ client, at }) {
      assert.equal((await client.copyFile(at('a'), at('b'), signal)).md5, md5Of(bytes));
    },
  },
  {
    name: 'copyFile onto a name in the trash',
    again: 'conflict',
    async prepare(bench) {
      await put(bench, 'a');
      await put(bench, 'b', other);
      bench.emulator.remove(bench.remote('b'));
    },
    async run({ client, at }) {
      const copy = await client.copyFile(at('a'), at('b'), signal);
      assert.deepEqual([copy.md5, copy.modified], [md5Of(bytes), seconds]);
    },
  },
  {
    name: 'trashFile',
    prepare: (bench) => put(bench, 'a'),
    run: ({ client, at }) => client.trashFile(at('a'), signal),
  },
  {
    name: 'trashFolder',
    prepare: (bench) => put(bench, 'F/a'),
    run: ({ client, at }) => client.trashFolder(at('F'), signal),
  },
  {
    name: 'setFileTimes',
    prepare: (bench) => put(bench, 'a'),
    async run({ client, at }) {
      const stamp = { md5: md5Of(bytes), size: bytes.length, modified: seconds + 60, created: seconds - 60 };
      const file = await client.setFileTimes(at('a'), stamp, signal);
      assert.deepEqual([file.md5, file.modified, file.created], [stamp.md5, stamp.modified, stamp.created]);
    },
  },
  {
    name: 'setFileTimes of a file in the trash',
    async prepare(bench) {
      await put(bench, 'a');
      bench.emulator.remove(bench.remote('a'));
    },
    async run({ client, at }) {
      const stamp = { md5: md5Of(bytes), size: bytes.length, modified: seconds, created: seconds };
      assert.equal((await client.setFileTimes(at('a'), stamp, signal)).md5, stamp.md5);
    },
  },
  {
    name: 'purgeTrash',
    async prepare(bench) {
      await put(bench, 'F/a');
      bench.emulator.remove(bench.remote('F'));
    },
    // The counts are those of the answer that arrived: an earlier one may have been lost with the work done.
    run: async ({ client }) => void (await client.purgeTrash(signal)),
  },
  {
    name: 'restore',
    again: 'conflict',
    prepare: (bench) => putInTrash(bench, 'F/a'),
    run: ({ client, at }) => client.restore(at('F', 'a'), signal),
  },
  {
    name: 'removeForGood of a file',
    again: 'notFound',
    prepare: (bench) => putInTrash(bench, 'a'),
    run: ({ client, at }) => client.removeForGood(at('a'), signal),
  },
  {
    name: 'removeForGood of a folder',
    again: 'notFound',
    async prepare(bench) {
      await put(bench, 'F/a');
      bench.emulator.remove(bench.remote('F'));
    },
    run: ({ client, at }) => client.removeForGood(at('F'), signal),
  },
  {
    name: 'enableShare',
    prepare: (bench) => put(bench, 'a'),
    async run({ client, at }) {
      assert.match(await client.enableShare(at('a'), signal), /^https:/);
    },
  },
  {
    name: 'disableShare',
    async prepare(bench) {
      await put(bench, 'a');
      await bench.client.enableShare(bench.at('a'), signal);
    },
    run: ({ client, at }) => client.disableShare(at('a'), signal),
  },
];

const signIn: Operation = {
  name: 'exchangeLoginToken',
  async run({ emulator, endpoint, limits }) {
    const endpoints = createEndpoints(endpoint);
    const clock = { now: () => Date.now(), sleep: async () => {} };
    const loginToken = parseLoginToken(emulator.newLoginToken());
    const wellKnownLink = loginToken.wellKnownLink.replace(emulator.url, endpoint);
    const deps = { endpoints, userAgent: 'fault matrix', limits, clock };
    const tokens = await exchangeLoginToken({ ...loginToken, wellKnownLink }, deps, signal);
    assert.equal(tokens.username, emulator.user);
  },
};

export const operations: readonly Operation[] = [signIn, ...reads, ...writes];
