import assert from 'node:assert/strict';
import { type FileHandle, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { toErrno } from '../../../src/vfs/errors.ts';
import { md5 } from '../../support/md5.ts';
import { openSessionWorld } from '../../support/sessionWorld.ts';
import { until } from '../../support/until.ts';
import { createWorld, type Headless, remoteFiles, run, type World } from '../support.ts';
import { createSmallDisk, type SmallDisk } from './smallDisk.ts';

const base = await mkdtemp(join(tmpdir(), 'jottacloud-open-target-'));
const made = await createSmallDisk(base, 'state', 64 * 1024 ** 2);
if (typeof made === 'string') process.stdout.write(`the test with a full disk is left out: ${made}\n`);

const isDiskFull = (error: unknown) => toErrno(error).code === 'ENOSPC';

/** libfuse takes an open file from its name before it renames onto that name. */
describe('a refused rename onto an open file leaves both where they were', () => {
  let world: World;
  let drive: Headless;
  let target: FileHandle;
  const path = (name: string) => join(drive.mountPoint, name);

  before(async () => {
    world = await createWorld();
    const state = typeof made === 'string' ? {} : { state: join(made.dir, 'state'), minFree: 0 };
    const loginToken = world.emulator.newLoginToken();
    drive = await world.start({ loginToken, settleMs: 100, driver: 'binding', ...state });
  });
  after(async () => {
    await world.close();
    if (typeof made !== 'string') await made.close();
    await rm(base, { recursive: true, force: true });
  });

  const openTarget = async (name: string) => {
    await writeFile(path(name), `held in ${name}`);
    target = await open(path(name), 'r');
  };
  const checkTarget = async (name: string) => {
    assert.ok((await readdir(drive.mountPoint)).includes(name));
    assert.equal(String(await target.readFile()), `held in ${name}`);
    await target.close();
    assert.ok((await readdir(drive.mountPoint)).includes(name), 'after the last close');
    assert.equal(await until('the kernel sees it', () => tryRead(name)), `held in ${name}`);
  };

  const tryRead = (name: string) => readFile(path(name), 'utf8').catch(() => undefined);

  it('for a file that would no longer be sent', async () => {
    await writeFile(path('sent.txt'), 'sent');
    await until('it is up', () => remoteFiles(world.emulator).has('sent.txt'));
    await openTarget('._local');
    await assert.rejects(rename(path('sent.txt'), path('._local')), { code: 'EXDEV' });
    await checkTarget('._local');
    assert.equal(await readFile(path('sent.txt'), 'utf8'), 'sent');
  });

  it('on a full disk', { skip: typeof made === 'string' }, async () => {
    const disk = made as SmallDisk;
    await openTarget('target.txt');
    await writeFile(path('source.txt'), 'new');
    const ballast = join(disk.dir, 'ballast');
    await run('fallocate', ['-l', String((await disk.freeBytes()) - 64 * 1024), ballast]);
    await assert.rejects(rename(path('source.txt'), path('target.txt')), { code: 'ENOSPC' });
    await checkTarget('target.txt');
    await rm(ballast);
    await rename(path('source.txt'), path('target.txt'));
    await until('it is up', () => remoteFiles(world.emulator).get('target.txt')?.md5 === md5('new'));
  });

  it('on a disk that fills up after libfuse took the file from its name', {
    skip: typeof made === 'string',
  }, async () => {
    const disk = made as SmallDisk;
    const session = await openSessionWorld(world.emulator, { stateDir: join(disk.dir, 'direct') });
    const top = '/Jotta/Archive';
    const ballast = join(disk.dir, 'ballast');
    try {
      await session.save(`${top}/held.txt`, 'held');
      const source = await session.save(`${top}/moved.txt`, 'moved');
      const { vfs } = session.session();
      const fh = await vfs.open(await session.find(`${top}/held.txt`), {
        writing: false,
        append: false,
        truncate: false,
      });
      const parent = await session.find(top);
      await vfs.tryHide({ parent, name: 'held.txt' }, { parent, name: '.fuse_hidden0000000100000001' });
      await assert.rejects(run('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=64K']), /No space left/);
      // The journal of the database has blocks of its own, which must be used up too.
      const fillJournal = () => {
        for (let mode = 0; mode < 100_000; mode++) vfs.setMode(source, mode & 0o777);
      };
      assert.throws(fillJournal, isDiskFull);
      await assert.rejects(session.rename(`${top}/moved.txt`, `${top}/held.txt`), isDiskFull);
      // What is committed is what a start after a kill finds.
      const accounts = join(disk.dir, 'direct', 'accounts');
      const [account = ''] = await readdir(accounts);
      const db = new DatabaseSync(join(accounts, account, 'metadata.db'), { readOnly: true });
      const kept = db.prepare('SELECT count(*) AS n FROM node WHERE parent = ? AND name IN (?, ?)');
      assert.equal(kept.get(await session.find(top), 'held.txt', 'moved.txt')?.n, 2);
      db.close();
      await vfs.release(fh);
      await rm(ballast);
      assert.equal(await session.readText(`${top}/held.txt`), 'held');
      assert.equal(await session.readText(`${top}/moved.txt`), 'moved');
    } finally {
      await rm(ballast, { force: true });
      await session.close();
    }
  });
});
