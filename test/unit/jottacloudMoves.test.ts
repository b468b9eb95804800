import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { JottacloudClient } from '../../src/jottacloud/client.ts';
import { isJottaError, type JottaErrorKind } from '../../src/jottacloud/errors.ts';
import { parseLoginToken } from '../../src/jottacloud/loginToken.ts';
import { exchangeLoginToken } from '../../src/jottacloud/tokens.ts';
import type { StreamedEntry } from '../../src/jottacloud/types.ts';
import { createEndpoints } from '../../src/jottacloud/urls.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from '../emulator/emulator.ts';

const never = new AbortController().signal;
let emulator: Emulator;
let client: JottacloudClient;

async function start(options: EmulatorOptions = {}): Promise<void> {
  emulator = await startEmulator(options);
  const deps = { endpoints: createEndpoints(emulator.url), userAgent: 'test' };
  const tokens = await exchangeLoginToken(parseLoginToken(emulator.newLoginToken()), deps, never);
  const clock = { now: () => Date.now(), sleep: async () => {} };
  client = new JottacloudClient({ ...deps, tokens, clock, vault: { saveTokens: async () => {} } });
  emulator.resetStats();
}

async function restart(options: EmulatorOptions): Promise<void> {
  client.close();
  await emulator.close();
  await start(options);
}

beforeEach(() => start());
afterEach(async () => {
  client.close();
  await emulator.close();
});

const at = (...names: string[]) => ['Jotta', 'Archive', ...names];
const remote = (...names: string[]) => `/${at(...names).join('/')}`;
const paths = () =>
  emulator
    .tree()
    .map((item) => item.path)
    .filter((path) => path.startsWith(remote()))
    .map((path) => path.slice(remote().length + 1))
    .sort();
const of = (kind: JottaErrorKind) => (error: unknown) =>
  isJottaError(error, kind) || assert.fail(`not ${kind}: ${error}`);

describe('a move', () => {
  it('takes files and folders to any name', async () => {
    await emulator.put(remote('a'), 'x');
    emulator.mkdir(remote('F', 'sub'));
    await client.moveFile(at('a'), at('F', 'x+y #;& é=.txt'), never);
    await client.moveFolder(at('F'), at('G +'), never);
    assert.deepEqual(paths(), ['G +', 'G +/sub', 'G +/x+y #;& é=.txt']);
  });

  it('that was done but answered 500 is a success, and is sent once', async () => {
    await emulator.put(remote('a'), 'x');
    emulator.mkdir(remote('F'));
    emulator.setFaults([
      { match: { kind: 'mv' }, action: { type: 'duplicate' } },
      { match: { kind: 'mvDir' }, action: { type: 'duplicate' } },
    ]);
    await client.moveFile(at('a'), at('b'), never);
    await client.moveFolder(at('F'), at('G'), never);
    assert.deepEqual(paths(), ['G', 'b']);
    assert.equal(emulator.stats().requests.mv, 1);
    assert.equal(emulator.stats().requests.mvDir, 1);
  });

  it('that was provably not done is sent again', async () => {
    await emulator.put(remote('a'), 'x');
    emulator.setFaults([{ match: { kind: 'mv' }, nth: 1, times: 2, action: { type: 'reset' } }]);
    await client.moveFile(at('a'), at('b'), never);
    assert.deepEqual(paths(), ['b']);
    assert.equal(emulator.stats().requests.mv, 3);
  });

  it('fails retryably when nobody can tell what happened', async () => {
    await emulator.put(remote('a'), 'x');
    emulator.setFaults([
      { match: { kind: 'mv' }, action: { type: 'duplicate' } },
      { match: { kind: 'file' }, nth: 3, times: 100, action: { type: 'reset' } },
    ]);
    await assert.rejects(
      client.moveFile(at('a'), at('b'), never),
      (e) => of('server')(e) && isJottaError(e) && e.retryable,
    );
    emulator.setFaults([]);
    await client.moveFile(at('a'), at('b'), never);
    assert.equal(emulator.stats().requests.mv, 1, 'the second call sees that it was done');
  });

  it('never lands on something that is there', async () => {
    await restart({ quirks: { moveOntoLive: 'new-revision' } });
    await emulator.put(remote('a'), 'x');
    await emulator.put(remote('b'), 'theirs');
    emulator.mkdir(remote('F'));
    emulator.mkdir(remote('G'));
    await assert.rejects(client.moveFile(at('a'), at('b'), never), of('conflict'));
    await assert.rejects(client.moveFile(at('a'), at('G'), never), of('conflict'));
    await assert.rejects(client.moveFolder(at('F'), at('g'), never), of('conflict'));
    assert.equal((await emulator.read(remote('b'))).toString(), 'theirs');
    assert.deepEqual(paths(), ['F', 'G', 'a', 'b']);
  });

  it('of nothing, or of the other kind, is not found', async () => {
    emulator.mkdir(remote('F'));
    await assert.rejects(client.moveFile(at('none'), at('b'), never), of('notFound'));
    await assert.rejects(client.moveFile(at('F'), at('b'), never), of('notFound'));
    assert.deepEqual(paths(), ['F']);
  });

  it('may change the case of a name only', async () => {
    await emulator.put(remote('readme'), 'x');
    emulator.mkdir(remote('docs'));
    emulator.setFaults([{ match: { kind: 'mv' }, action: { type: 'duplicate' } }]);
    await client.moveFile(at('readme'), at('README'), never);
    await client.moveFolder(at('docs'), at('Docs'), never);
    assert.deepEqual(paths(), ['Docs', 'README']);
  });

  it('onto a trashed name ends up alive', async () => {
    await restart({ quirks: { moveOntoTrashed: 'stays-trashed' } });
    await emulator.put(remote('b'), 'old');
    emulator.remove(remote('b'));
    await emulator.put(remote('a'), 'new');
    await client.moveFile(at('a'), at('b'), never);
    assert.equal((await emulator.read(remote('b'))).toString(), 'new');
  });
});

describe('a copy', () => {
  it('is a file of its own, alive even on a trashed name', async () => {
    await emulator.put(remote('a'), 'x', { modified: new Date(1_600_000_000_000) });
    await emulator.put(remote('b'), 'old');
    emulator.remove(remote('b'));
    const copied = await client.copyFile(at('a'), at('b'), never);
    assert.equal(copied.modified, 1_600_000_000);
    assert.deepEqual(paths(), ['a', 'b']);
  });

  it('that was done but answered 500 is a success', async () => {
    await emulator.put(remote('a'), 'x');
    emulator.setFaults([{ match: { kind: 'cp' }, action: { type: 'duplicate' } }]);
    assert.equal((await client.copyFile(at('a'), at('b'), never)).name, 'b');
    assert.equal(emulator.stats().requests.cp, 1);
  });
});

describe('the trash', () => {
  it('takes files and folders, and is content when they are gone', async () => {
    await emulator.put(remote('a'), 'x');
    await emulator.put(remote('F', 'b'), 'x');
    for (let round = 0; round < 2; round += 1) {
      await client.trashFile(at('a'), never);
      await client.trashFolder(at('F'), never);
    }
    assert.deepEqual(paths(), []);
    assert.deepEqual(await client.purgeTrash(never), { folders: 1, files: 2 });
  });

  it('does not swallow a folder that took the place of a file', async () => {
    await emulator.put(remote('F', 'b'), 'x');
    await assert.rejects(client.trashFile(at('F'), never), of('conflict'));
    assert.deepEqual(paths(), ['F', 'F/b']);
    assert.equal(emulator.stats().requests.dl, undefined);
  });

  it('gives a file back through its content', async () => {
    await emulator.put(remote('a'), 'x');
    const file = await client.fetchFile(at('a'), never);
    await client.trashFile(at('a'), never);
    await client.setFileTimes(at('a'), { ...file, modified: 5 }, never);
    assert.equal((await client.fetchFile(at('a'), never)).modified, 5);
  });
});

describe('times and folders', () => {
  it('set times without a new revision, and fail for unknown content', async () => {
    await emulator.put(remote('a'), 'x');
    const before = await client.fetchFile(at('a'), never);
    const after = await client.setFileTimes(
      at('a'),
      { ...before, modified: 1_500_000_000, created: 1_400_000_000 },
      never,
    );
    assert.deepEqual(after, { ...before, modified: 1_500_000_000, created: 1_400_000_000 });
    const md5 = createHash('md5').update('never seen').digest('hex');
    const unknown = { md5, size: 10, modified: 1, created: 1 };
    await assert.rejects(client.setFileTimes(at('a'), unknown, never), of('notFound'));
  });

  it('make folders with their parents, again and again', async () => {
    await client.createFolder(at('A', 'B'), never);
    await client.createFolder(at('A', 'B'), never);
    assert.deepEqual(paths(), ['A', 'A/B']);
    await assert.rejects(client.createFolder(at('x'.repeat(256)), never), of('invalidName'));
  });
});

describe('a recursive listing', () => {
  async function stream(): Promise<StreamedEntry[]> {
    const entries: StreamedEntry[] = [];
    for await (const entry of client.liststream(at(), never)) entries.push(entry);
    return entries;
  }

  it('has everything that is live', async () => {
    await emulator.put(remote('F', ' b & é '), 'xyz', { modified: new Date(1_600_000_000_000) });
    await emulator.put(remote('gone'), 'x');
    emulator.remove(remote('gone'));
    const entries = await stream();
    assert.deepEqual(
      entries.map((entry) => [entry.kind, entry.path.join('/')]),
      [
        ['folder', 'Archive'],
        ['folder', 'Archive/F'],
        ['file', 'Archive/F/ b & é '],
      ],
    );
    const file = entries[2];
    assert.ok(file?.kind === 'file' && file.size === 3 && file.modified === 1_600_000_000);
  });

  it('is incomplete when its counts do not add up', async () => {
    const body =
      '<liststream><folder><path>/Archive</path></folder><stats><folders>1</folders><files>2</files></stats></liststream>';
    emulator.setFaults([{ match: { kind: 'liststream' }, action: { type: 'status', status: 200, body } }]);
    await assert.rejects(stream(), of('incomplete'));
  });
});
