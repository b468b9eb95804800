import assert from 'node:assert/strict';
import { createServer, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ClientClock } from '../../../src/base/clock.ts';
import { parseLoginToken } from '../../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../../src/jottacloud/auth/loginTokenExchange.ts';
import { getAsideName } from '../../../src/jottacloud/changes/tempNames.ts';
import type { ClientOptions } from '../../../src/jottacloud/client.ts';
import { JottacloudClient } from '../../../src/jottacloud/client.ts';
import { isJottaError, type JottaErrorKind } from '../../../src/jottacloud/errors.ts';
import type { StreamedEntry } from '../../../src/jottacloud/types.ts';
import { createEndpoints } from '../../../src/jottacloud/urls.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/emulator.ts';
import { md5 } from '../../support/md5.ts';

const never = new AbortController().signal;
let emulator: Emulator;
let client: JottacloudClient;
let options: ClientOptions;

async function start(settings: EmulatorOptions = {}): Promise<void> {
  emulator = await startEmulator(settings);
  const deps = { endpoints: createEndpoints(emulator.url), userAgent: 'test' };
  const tokens = await exchangeLoginToken(parseLoginToken(emulator.newLoginToken()), deps, never);
  const clock = { now: () => Date.now(), sleep: async () => {} };
  options = { ...deps, tokens, clock, vault: { saveTokens: async () => {} } };
  client = new JottacloudClient(options);
  emulator.resetStats();
}

/** The same account with another clock, whose sleeps a test fills with events. */
function withClock(clock: ClientClock): JottacloudClient {
  client.close();
  client = new JottacloudClient({ ...options, clock });
  return client;
}

async function restart(settings: EmulatorOptions): Promise<void> {
  client.close();
  await emulator.close();
  await start(settings);
}

beforeEach(() => start());
afterEach(async () => {
  client.close();
  await emulator.close();
});

const fronts: Server[] = [];
afterEach(() => {
  for (const front of fronts.splice(0)) {
    front.closeAllConnections();
    front.close();
  }
});

/** The emulator behind a server that carries out requests for `query` as `act` does. */
async function startFront(query: string, act: (response: ServerResponse) => void): Promise<JottacloudClient> {
  const front = createServer((incoming, response) => {
    const { method, headers, url = '' } = incoming;
    if (url.includes(query)) return act(response);
    const onward = request(`${emulator.url}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  fronts.push(front);
  const endpoints = createEndpoints(`http://127.0.0.1:${(front.address() as AddressInfo).port}`);
  const deps = { endpoints, userAgent: 'test' };
  const tokens = await exchangeLoginToken(parseLoginToken(emulator.newLoginToken()), deps, never);
  return new JottacloudClient({ ...deps, tokens, vault: { saveTokens: async () => {} } });
}

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

  it('onto a trashed name ends up alive, whatever the server makes of it', async () => {
    for (const moveOntoTrashed of ['live', 'stays-trashed', '409'] as const) {
      await restart({ quirks: { moveOntoTrashed } });
      await emulator.put(remote('b'), 'old');
      emulator.remove(remote('b'));
      await emulator.put(remote('a'), 'new', { modified: new Date(1_600_000_000_000) });
      await client.moveFile(at('a'), at('b'), never);
      assert.equal((await emulator.read(remote('b'))).toString(), 'new', moveOntoTrashed);
      assert.equal((await client.fetchFile(at('b'), never)).modified, 1_600_000_000);
      assert.deepEqual(paths(), ['b']);
      assert.equal(emulator.stats().requests.rm, undefined);
    }
  });

  it('onto a trashed name is found again in the trash when its answer was lost', async () => {
    await restart({ quirks: { moveOntoTrashed: 'stays-trashed' } });
    await emulator.put(remote('b'), 'old');
    emulator.remove(remote('b'));
    await emulator.put(remote('a'), 'new');
    emulator.setFaults([{ match: { kind: 'mv' }, action: { type: 'duplicate' } }]);
    await client.moveFile(at('a'), at('b'), never);
    assert.equal((await emulator.read(remote('b'))).toString(), 'new');
    assert.equal(emulator.stats().requests.mv, 1);
  });

  it('onto a name that an unfinished upload has goes by content', async () => {
    await emulator.put(remote('a'), 'whole');
    await client.allocate(at('b'), { size: 9, md5: md5('elsewhere'), modified: 1, onConflict: 'reject' }, never);
    await client.moveFile(at('a'), at('b'), never);
    assert.equal((await emulator.read(remote('b'))).toString(), 'whole');
    assert.deepEqual(paths(), ['b']);
  });
});

describe('a folder moved onto a trashed name', () => {
  it('stays where it is while it holds what could not be taken out of the trash again', async () => {
    await emulator.put(remote('old', 'a'), 'a');
    emulator.remove(remote('old'));
    await emulator.put(remote('F', 'b'), 'b');
    emulator.garble(remote('F', 'b'), { size: 'NaN' });
    await assert.rejects(client.moveFolder(at('F'), at('old'), never), of('forbidden'));
    assert.deepEqual(paths(), ['F', 'F/b']);
  });

  for (const [how, answer] of [
    ['says so', (response: ServerResponse) => response.end('<folder name="G" deleted="2026-01-01-T00:00:00Z"/>')],
    ['loses its answer', (response: ServerResponse) => response.destroy()],
  ] as const) {
    it(`is taken out of the trash, and only what it held, when the server ${how}`, async () => {
      await emulator.put(remote('G', 'ancient'), 'of an older G');
      emulator.remove(remote('G'));
      await emulator.put(remote('F', 'a'), 'a', { modified: new Date(1_600_000_000_000) });
      await emulator.put(remote('F', 'sub', 'b'), 'b');
      emulator.mkdir(remote('F', 'sub', 'empty'));
      await emulator.put(remote('F', 'gone'), 'x');
      emulator.remove(remote('F', 'gone'));
      const fronted = await startFront('mvDir=', (response) => {
        emulator.move(remote('F'), remote('G'));
        emulator.remove(remote('G'));
        answer(response);
      });
      await fronted.moveFolder(at('F'), at('G'), never);
      assert.deepEqual(paths(), ['G', 'G/a', 'G/sub', 'G/sub/b', 'G/sub/empty']);
      assert.equal((await fronted.fetchFile(at('G', 'a'), never)).modified, 1_600_000_000);
      fronted.close();
    });
  }
});

describe('a rename by case that the server refuses', () => {
  beforeEach(() => restart({ quirks: { caseRename: '409' } }));

  it('goes by way of another name', async () => {
    await emulator.put(remote('readme'), 'x');
    await emulator.put(remote('docs', 'a'), 'x');
    await client.moveFile(at('readme'), at('README'), never);
    await client.moveFolder(at('docs'), at('Docs'), never);
    assert.deepEqual(paths(), ['Docs', 'Docs/a', 'README']);
    const long = 'ø'.repeat(127);
    await emulator.put(remote(long), 'x');
    await client.moveFile(at(long), at(long.toUpperCase()), never);
    assert.ok(paths().includes(long.toUpperCase()));
  });

  it('cut after its first step is finished by the same call', async () => {
    await emulator.put(remote('readme'), 'x');
    emulator.setFaults([{ match: { kind: 'mv', pathIncludes: 'renaming?' }, action: { type: 'reset' } }]);
    await assert.rejects(client.moveFile(at('readme'), at('README'), never), of('offline'));
    assert.deepEqual(paths(), [getAsideName('README')]);
    emulator.setFaults([]);
    await client.moveFile(at('readme'), at('README'), never);
    assert.deepEqual(paths(), ['README']);
  });

  it('cut after its first step is finished by the next listing, files and folders', async () => {
    await emulator.put(remote(getAsideName('README')), 'x');
    await emulator.put(remote(getAsideName('Docs'), 'a'), 'x');
    await emulator.put(remote('mine.01234567.renaming'), 'x');
    const names = (await client.fetchFolder(at(), never)).map(({ name }) => name).sort();
    assert.deepEqual(names, ['Docs', 'README', 'mine.01234567.renaming']);
    assert.deepEqual(paths(), ['Docs', 'Docs/a', 'README', 'mine.01234567.renaming']);
  });

  it('is not finished onto something that took the name meanwhile', async () => {
    await emulator.put(remote(getAsideName('README')), 'ours');
    await emulator.put(remote('readme'), 'theirs');
    const names = (await client.fetchFolder(at(), never)).map(({ name }) => name).sort();
    assert.deepEqual(names, [getAsideName('README'), 'readme'].sort());
    assert.equal((await emulator.read(remote('readme'))).toString(), 'theirs');
  });

  it('is undone when its second step is refused for good', async () => {
    await emulator.put(remote('readme'), 'x');
    emulator.setFaults([{ match: { kind: 'mv' }, nth: 3, action: { type: 'status', status: 403 } }]);
    await assert.rejects(client.moveFile(at('readme'), at('README'), never), of('forbidden'));
    assert.deepEqual(paths(), ['readme']);
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

  it('that was done but answered 500 is a success, also on a trashed name', async () => {
    await emulator.put(remote('a'), 'x');
    await emulator.put(remote('c'), 'old');
    emulator.remove(remote('c'));
    emulator.setFaults([{ match: { kind: 'cp' }, action: { type: 'duplicate' } }]);
    assert.equal((await client.copyFile(at('a'), at('b'), never)).name, 'b');
    assert.equal((await client.copyFile(at('a'), at('c'), never)).name, 'c');
    assert.deepEqual(paths(), ['a', 'b', 'c']);
    assert.equal(emulator.stats().requests.cp, 2);
  });

  it('never lands on something that is there', async () => {
    await emulator.put(remote('a'), 'x');
    await emulator.put(remote('b'), 'theirs');
    await assert.rejects(client.copyFile(at('a'), at('B'), never), of('conflict'));
    assert.equal((await emulator.read(remote('b'))).toString(), 'theirs');
    assert.equal(emulator.stats().requests.cp, undefined);
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

  it('does not swallow what came to the place while the answer was lost', async () => {
    await emulator.put(remote('a'), 'x');
    emulator.setFaults([{ match: { kind: 'dl' }, nth: 1, action: { type: 'duplicate' } }]);
    const comes = { now: () => Date.now(), sleep: () => emulator.put(remote('a'), 'new') };
    await withClock(comes).trashFile(at('a'), never);
    assert.equal((await emulator.read(remote('a'))).toString(), 'new');
    assert.equal(emulator.stats().requests.dl, 1);
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
    const unknown = { md5: md5('never seen'), size: 10, modified: 1, created: 1 };
    await assert.rejects(client.setFileTimes(at('b'), unknown, never), of('notFound'));
  });

  it('never bring older content back over what came meanwhile', async () => {
    await emulator.put(remote('a'), 'older');
    const older = await client.fetchFile(at('a'), never);
    await emulator.put(remote('a'), 'newer');
    await assert.rejects(client.setFileTimes(at('a'), { ...older, modified: 5 }, never), of('conflict'));
    assert.equal((await emulator.read(remote('a'))).toString(), 'newer');
  });

  it('make folders with their parents, again and again', async () => {
    await client.createFolder(at('A', 'B'), never);
    await client.createFolder(at('A', 'B'), never);
    assert.deepEqual(paths(), ['A', 'A/B']);
    await assert.rejects(client.createFolder(at('x'.repeat(256)), never), of('invalidName'));
  });

  it('tell a folder that the trash keeps from an answer about its removal', async () => {
    const trashed = '<folder name="F" deleted="2026-01-01-T00:00:00Z"/>';
    let comes = () => {};
    const fronted = await startFront('mkDir=', (response) => {
      comes();
      response.end(trashed);
    });
    await emulator.put(remote('F', 'a'), 'a');
    emulator.remove(remote('F'));
    await assert.rejects(fronted.createFolder(at('F'), never), of('forbidden'));
    comes = () => emulator.mkdir(remote('F'));
    await fronted.createFolder(at('F'), never);
    assert.deepEqual(paths(), ['F']);
    fronted.close();
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

  const list = async () => new Set((await stream()).map(({ kind, path }) => `${kind} ${path.join('/')}`));

  for (const status of [400, 404, 500]) {
    it(`is made folder by folder where it is refused with ${status}`, async () => {
      for (const name of ['F/a', 'F/below/b']) await emulator.put(remote(name), name);
      const whole = await list();
      assert.equal(whole.size, 5);
      emulator.setFaults([{ match: { kind: 'liststream' }, action: { type: 'status', status } }]);
      assert.deepEqual(await list(), whole);
    });
  }

  it('fails where its counts do not add up, and is made folder by folder from then on', async () => {
    for (const name of ['F/a', 'F/below/b']) await emulator.put(remote(name), name);
    const whole = await list();
    const body =
      '<liststream><folder><path>/Archive</path></folder><stats><folders>1</folders><files>2</files></stats></liststream>';
    emulator.setFaults([{ match: { kind: 'liststream' }, action: { type: 'status', status: 200, body } }]);
    await assert.rejects(list(), of('incomplete'));
    assert.deepEqual(await list(), whole);
  });
});

describe('times of a file', () => {
  for (const status of [400, 403, 404, 500]) {
    it(`are set by its content where the command for it is refused with ${status}`, async () => {
      await emulator.put(remote('f'), 'text', { modified: new Date(1_000_000_000_000) });
      emulator.setFaults([{ match: { kind: 'cphash' }, action: { type: 'status', status } }]);
      const times = { created: 1_100_000_000, modified: 1_200_000_000 };
      await client.setFileTimes(at('f'), { md5: md5('text'), size: 4, ...times }, never);
      const now = await client.fetchFile(at('f'), never);
      assert.deepEqual({ created: now.created, modified: now.modified }, times);
      assert.ok(client.lacking.includes('timesByContent'));
      assert.equal(emulator.stats().requests.upload, undefined);
      const other = { md5: md5('other'), size: 5, ...times };
      await assert.rejects(client.setFileTimes(at('f'), other, never), of('conflict'));
      await assert.rejects(client.setFileTimes(at('none'), other, never), of('notFound'));
      await assert.rejects(client.fetchRevisions(at('none'), never), of('notFound'));
    });
  }
});
