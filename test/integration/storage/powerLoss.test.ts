import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { copyFile, cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { LocalFile } from '../../../src/base/localFile.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
const files = LocalFile.prototype;
const { datasync } = files;
const parts = ['metadata.db', 'metadata.db-wal', 'metadata.db-shm'];

/** The disk takes nothing any more, and says so. */
const refuse = () => Promise.reject(Object.assign(new Error('the disk fails'), { code: 'EIO' }));

describe('a machine that loses power', () => {
  let emulator: Emulator;
  let world: SessionWorld;
  let accountDir: string;
  before(async () => {
    emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
  });
  after(() => emulator.close());
  beforeEach(async () => {
    world = await openSessionWorld(emulator);
    const accounts = join(world.dir, 'state', 'accounts');
    accountDir = join(accounts, (await readdir(accounts))[0] as string);
    await world.find(top);
    // From here on the database on the disk is that of the last fdatasync of its log.
    files.datasync = async function () {
      for (const part of parts) await copyFile(join(accountDir, part), join(world.dir, part));
      await datasync.call(this);
    };
  });
  afterEach(async () => {
    files.datasync = datasync;
    await world.close();
  });

  /** All files are as they are, the database is as it is on the disk at worst. */
  const losePower = (between = async () => {}) =>
    world.restart(async () => {
      await between();
      files.datasync = datasync;
      for (const part of parts) {
        await rm(join(accountDir, part), { force: true });
        await cp(join(world.dir, part), join(accountDir, part));
      }
    });

  it('after an upload has the file, and no conflict comes of it', async () => {
    await world.save(`${top}/a.txt`, 'acknowledged');
    await world.drain();
    files.datasync = datasync;
    await losePower();
    assert.equal(await world.readText(`${top}/a.txt`), 'acknowledged');
    await world.poll();
    await world.drain();
    const { vfs } = world.session();
    assert.deepEqual(
      (await vfs.readdir(await world.find(top))).map(({ name }) => name),
      ['a.txt'],
    );
  });

  it('before the answer to an upload is on the disk knows the file on the server for its own', async () => {
    await world.save(`${top}/sent.txt`, 'sent');
    await world.session().vfs.sync();
    await cp(join(accountDir, 'staging'), join(world.dir, 'staging'), { recursive: true });
    const isSent = () => emulator.tree().some(({ path }) => path === `${top}/sent.txt`);
    const keep = files.datasync;
    files.datasync = function () {
      return (isSent() ? datasync : keep).call(this);
    };
    await world.drain();
    await losePower(() => cp(join(world.dir, 'staging'), join(accountDir, 'staging'), { recursive: true }));
    await world.poll();
    await world.drain();
    const { vfs } = world.session();
    const names = (await vfs.readdir(await world.find(top))).map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => name.includes('sent')),
      ['sent.txt'],
    );
    await world.unlink(`${top}/sent.txt`);
  });

  it('right after a removal has the file, though the group commit of an earlier one ended meanwhile', async () => {
    await world.save(`${top}/earlier.txt`, 'earlier');
    await world.save(`${top}/kept.txt`, 'kept');
    await world.session().vfs.sync();
    const staged = () => readdirSync(join(accountDir, 'staging')).length;
    const before = staged();
    await world.unlink(`${top}/earlier.txt`);
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const keep = files.datasync;
    files.datasync = async function () {
      // The next one does not come to its end before the power goes.
      files.datasync = refuse;
      await keep.call(this);
      begun.resolve();
      await goOn.promise;
    };
    const synced = world.session().vfs.sync();
    await begun.promise;
    await world.unlink(`${top}/kept.txt`);
    goOn.resolve();
    await synced;
    await world.until('the file of the earlier one is gone', () => staged() < before);
    await losePower();
    assert.equal(await world.readText(`${top}/kept.txt`), 'kept');
    await world.unlink(`${top}/kept.txt`);
  });

  /** Of a file that was closed with `acknowledged` in it. */
  const cut = async () => {
    const { vfs } = world.session();
    const fh = await vfs.open(await world.find(`${top}/gone.txt`), { writing: true, append: false, truncate: false });
    await vfs.truncateHandle(fh, 5);
  };

  it('after a cut that was not flushed has the bytes before it, none of them zeros', async () => {
    await world.save(`${top}/gone.txt`, 'acknowledged');
    await cut();
    files.datasync = datasync;
    await losePower();
    assert.equal(await world.readText(`${top}/gone.txt`), 'ackno');
    await world.unlink(`${top}/gone.txt`);
  });

  it('after a flush that the disk refused, and one that it took, has what was committed before both', async () => {
    const ino = await world.save(`${top}/gone.txt`, 'acknowledged');
    const { vfs } = world.session();
    vfs.setMode(ino, 0o604);
    files.datasync = refuse;
    await assert.rejects(vfs.sync(), { code: 'EIO' });
    files.datasync = datasync;
    await vfs.sync();
    // What the kernel could not write to the log is on no disk, whatever it says later.
    await copyFile(join(accountDir, 'metadata.db'), join(world.dir, 'alone.db'));
    const db = new DatabaseSync(join(world.dir, 'alone.db'));
    assert.equal(db.prepare('SELECT mode FROM node WHERE ino = ?').get(ino)?.mode, 0o604);
    db.close();
    await world.unlink(`${top}/gone.txt`);
  });

  const changes = {
    'a cut': () => cut(),
    'a removal': () => world.unlink(`${top}/gone.txt`),
    'a rename over it': () => world.rename(`${top}/other.txt`, `${top}/gone.txt`),
  } as const;
  for (const [how, work] of Object.entries(changes)) {
    it(`after ${how} that the disk refused has the file`, async () => {
      await world.save(`${top}/other.txt`, 'other');
      await world.save(`${top}/gone.txt`, 'acknowledged');
      await world.session().vfs.sync();
      files.datasync = refuse;
      // Whoever asks while the disk refuses what came before hears of it at once.
      await assert.rejects(world.session().vfs.sync(), { code: 'EIO' });
      await assert.rejects(work(), { code: 'EIO' });
      await losePower();
      assert.equal(await world.readText(`${top}/gone.txt`), 'acknowledged');
      for (const name of ['gone.txt', 'other.txt']) await world.unlink(`${top}/${name}`);
    });
  }
});

describe('a copy by reference whose flush failed', () => {
  it('keeps what is written to it afterwards', async () => {
    const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
    const world = await openSessionWorld(emulator);
    try {
      await emulator.put(`${top}/source.bin`, 'source');
      const { vfs } = world.session();
      const from = await vfs.open(await world.find(`${top}/source.bin`), {
        ...{ writing: false, append: false, truncate: false },
      });
      const created = await vfs.create(await world.find(top), 'copy.bin', 0o644, {
        ...{ writing: true, append: false, truncate: false, exclusive: true },
      });
      await vfs.copyRange({ fh: from, position: 0 }, { fh: created.fh, position: 0 }, 6);
      files.datasync = refuse;
      await assert.rejects(vfs.sync(), { code: 'EIO' });
      await assert.rejects(vfs.flushHandle(created.fh), { code: 'EIO' });
      files.datasync = datasync;
      await vfs.write(created.fh, Buffer.from('ed'), 0);
      await vfs.flushHandle(created.fh);
      await vfs.release(created.fh);
      await vfs.release(from);
      assert.equal(await world.readText(`${top}/copy.bin`), 'edurce');
    } finally {
      files.datasync = datasync;
      await world.close();
      await emulator.close();
    }
  });
});
