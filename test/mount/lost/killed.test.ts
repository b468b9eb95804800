import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { type FaultPoint, faultPoints } from '../../../src/sync/tree/faultPoints.ts';
import { loadServerState } from '../../chaos/serverState.ts';
import type { Emulator } from '../../emulator/emulator.ts';
import { md5 } from '../../support/md5.ts';
import { until } from '../../support/until.ts';
import { createWorld, type Headless, type HeadlessOptions, remoteFiles, type World } from '../support.ts';

interface Scenario {
  readonly what: string;
  /** Step, and which time it is reached. */
  readonly killAt: FaultPoint | `${FaultPoint}:${number}`;
  /** Files the server has before. */
  readonly before?: Record<string, string>;
  readonly prepare?: (emulator: Emulator) => void;
  readonly act: (dir: string) => Promise<void>;
  /** What the server has in the end: text and revision. */
  readonly after: Record<string, readonly [text: string, revision: number]>;
  readonly mtime?: Record<string, number>;
}

const old = { 'doc.txt': 'first' };
const big = 'resume '.repeat(100_000);

const scenarios: readonly Scenario[] = [
  {
    what: 'a save by rename takes over the history of the name',
    killAt: 'handedOver',
    before: old,
    act: async (dir) => {
      await writeFile(join(dir, 'doc.txt.new'), 'second');
      await rename(join(dir, 'doc.txt.new'), join(dir, 'doc.txt'));
    },
    after: { 'doc.txt': ['second', 2] },
  },
  {
    what: 'a new file is about to be announced',
    killAt: 'uploadNoted',
    act: (dir) => writeFile(join(dir, 'new.txt'), 'new'),
    after: { 'new.txt': ['new', 1] },
  },
  {
    what: 'a new file is announced',
    killAt: 'allocated',
    act: (dir) => writeFile(join(dir, 'new.txt'), 'announced'),
    after: { 'new.txt': ['announced', 1] },
  },
  {
    what: 'a new revision is announced',
    killAt: 'allocated',
    before: old,
    act: (dir) => writeFile(join(dir, 'doc.txt'), 'second'),
    after: { 'doc.txt': ['second', 2] },
  },
  {
    what: 'a copy needs no transfer',
    killAt: 'allocated',
    before: old,
    act: (dir) => writeFile(join(dir, 'copy.txt'), 'first'),
    after: { 'doc.txt': ['first', 1], 'copy.txt': ['first', 1] },
  },
  {
    what: 'an upload that was cut is about to go on',
    killAt: 'allocated:2',
    prepare: (emulator) => {
      emulator.setFaults([{ match: { kind: 'upload' }, action: { type: 'truncate', after: 200_000 }, times: 1 }]);
    },
    act: (dir) => writeFile(join(dir, 'big.txt'), big),
    after: { 'big.txt': [big, 1] },
  },
  {
    what: 'a new file has been sent',
    killAt: 'sent',
    act: (dir) => writeFile(join(dir, 'new.txt'), 'sent'),
    after: { 'new.txt': ['sent', 1] },
  },
  {
    what: 'a new revision has been sent',
    killAt: 'sent',
    before: old,
    act: (dir) => writeFile(join(dir, 'doc.txt'), 'sent anew'),
    after: { 'doc.txt': ['sent anew', 2] },
  },
  {
    what: 'an upload is on record, its staging file not yet in the cache',
    killAt: 'committed',
    before: old,
    act: (dir) => writeFile(join(dir, 'doc.txt'), 'on record'),
    after: { 'doc.txt': ['on record', 2] },
  },
  {
    what: 'a staging file has become cache',
    killAt: 'adopted',
    act: (dir) => writeFile(join(dir, 'new.txt'), 'kept'),
    after: { 'new.txt': ['kept', 1] },
  },
  {
    what: 'a folder is about to be made',
    killAt: 'begun',
    act: async (dir) => {
      await mkdir(join(dir, 'sub'));
      await writeFile(join(dir, 'sub/a.txt'), 'in it');
    },
    after: { 'sub/a.txt': ['in it', 1] },
  },
  {
    what: 'a file is about to be moved',
    killAt: 'begun',
    before: old,
    act: (dir) => rename(join(dir, 'doc.txt'), join(dir, 'moved.txt')),
    after: { 'moved.txt': ['first', 1] },
  },
  {
    what: 'a folder was made',
    killAt: 'folderCreated',
    act: async (dir) => {
      await mkdir(join(dir, 'sub/deep'), { recursive: true });
      await writeFile(join(dir, 'sub/deep/a.txt'), 'in it');
    },
    after: { 'sub/deep/a.txt': ['in it', 1] },
  },
  {
    what: 'a file was moved',
    killAt: 'moved',
    before: old,
    act: (dir) => rename(join(dir, 'doc.txt'), join(dir, 'moved.txt')),
    after: { 'moved.txt': ['first', 1] },
  },
  {
    what: 'a folder was moved, with an edit in it to come',
    killAt: 'moved',
    before: { 'sub/a.txt': 'a', 'sub/b.txt': 'b' },
    act: async (dir) => {
      await rename(join(dir, 'sub'), join(dir, 'gone'));
      await writeFile(join(dir, 'gone/a.txt'), 'edited');
    },
    after: { 'gone/a.txt': ['edited', 2], 'gone/b.txt': ['b', 1] },
  },
  {
    what: 'a time was set',
    killAt: 'timesSet',
    before: old,
    act: (dir) => utimes(join(dir, 'doc.txt'), 1_500_000_000, 1_500_000_000),
    after: { 'doc.txt': ['first', 1] },
    mtime: { 'doc.txt': 1_500_000_000 },
  },
  {
    what: 'a file was removed',
    killAt: 'removed',
    before: old,
    act: (dir) => unlink(join(dir, 'doc.txt')),
    after: {},
  },
  {
    what: 'a tree was removed',
    killAt: 'removed',
    before: { 'sub/a.txt': 'a', 'sub/deep/b.txt': 'b', 'stays.txt': 's' },
    act: (dir) => rm(join(dir, 'sub'), { recursive: true }),
    after: { 'stays.txt': ['s', 1] },
  },
];

describe('a drive killed at a step of a push', () => {
  let world: World;
  let serverDir: string;
  before(async () => {
    serverDir = await mkdtemp(join(tmpdir(), 'jottacloud-killed-'));
    world = await createWorld({ state: serverDir });
    for (const [index, { before = {} }] of scenarios.entries()) {
      world.emulator.mkdir(`/Jotta/Archive/scenario ${index}`);
      for (const [name, text] of Object.entries(before)) {
        await world.emulator.put(`/Jotta/Archive/scenario ${index}/${name}`, text);
      }
    }
    const drive = await world.start({ loginToken: world.emulator.newLoginToken() });
    assert.equal(await drive.stop(), 0);
  });
  after(async () => {
    await world.close();
    await rm(serverDir, { recursive: true, force: true });
  });

  const started = new Set<Headless>();
  afterEach(async () => {
    for (const drive of started)
      if (drive.process.exitCode === null && drive.process.signalCode === null) await drive.kill();
    started.clear();
  });
  async function start(options: HeadlessOptions): Promise<Headless> {
    const drive = await world.start(options);
    started.add(drive);
    return drive;
  }

  async function listAccount(folder: string): Promise<string[]> {
    const accounts = join(world.dir, 'state', 'accounts');
    const [account = ''] = await readdir(accounts);
    return readdir(join(accounts, account, folder)).catch(() => []);
  }

  for (const [index, scenario] of scenarios.entries()) {
    it(`when ${scenario.what}: goes on after it, once`, async () => {
      const folder = `scenario ${index}`;
      const { emulator } = world;
      scenario.prepare?.(emulator);
      const doomed = await start({ killAt: scenario.killAt, settleMs: 300 });
      const dir = join(doomed.mountPoint, folder);
      for (const entry of await readdir(dir, { recursive: true })) await stat(join(dir, entry));
      await scenario.act(dir);
      await doomed.exited;
      assert.equal(doomed.process.signalCode, 'SIGKILL', 'the step was reached');

      const drive = await start({ settleMs: 50 });
      const server = () => {
        const files = [...remoteFiles(emulator)].filter(([path]) => path.startsWith(`${folder}/`));
        return Object.fromEntries(
          files.map(([path, item]) => [path.slice(folder.length + 1), [item.md5, item.revision]]),
        );
      };
      const expected = Object.fromEntries(
        Object.entries(scenario.after).map(([path, [text, revision]]) => [path, [md5(text), revision]]),
      );
      // Stopping drains.
      await stat(join(drive.mountPoint, folder));
      assert.equal(await drive.stop(), 0);
      assert.deepEqual(server(), expected);
      for (const [path, sec] of Object.entries(scenario.mtime ?? {})) {
        assert.equal((remoteFiles(emulator).get(`${folder}/${path}`)?.mtime ?? 0) / 1000, sec);
      }
      assert.deepEqual(await listAccount('staging'), []);
      assert.deepEqual(await listAccount('lost+found'), []);
    });
  }

  it('leaves no upload unfinished, and shows what the server has', async () => {
    const { unfinished } = await loadServerState(world.emulator, serverDir);
    assert.deepEqual(unfinished, []);
    const drive = await start({});
    for (const [path, item] of remoteFiles(world.emulator)) {
      await until(`${path} is shown`, async () => md5(await readFile(join(drive.mountPoint, path))) === item.md5);
    }
    assert.equal(await drive.stop(), 0);
  });

  it('was killed at every step there is', () => {
    const reached = new Set(scenarios.map(({ killAt }) => killAt.replace(/:.*/, '')));
    assert.deepEqual([...reached].sort(), [...faultPoints].sort());
  });
});
