import assert from 'node:assert/strict';
import {
  access,
  chmod,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { md5 } from '../support/md5.ts';
import { until } from '../support/until.ts';
import { createWorld, type Headless, remoteFiles, type World } from './support.ts';

describe('changes made elsewhere', () => {
  let world: World;
  let drive: Headless;
  before(async () => {
    // Polling alone: what events do is told in events.test.ts.
    world = await createWorld({ quirks: { eventSocket: 'no-token' } });
    drive = await world.start({ loginToken: world.emulator.newLoginToken(), pollSeconds: 1 });
  });
  after(() => world.close());

  it('appear in the mount within one poll: new, changed, renamed and deleted by rclone', async () => {
    const local = join(world.dir, 'note.txt');
    await readdir(drive.mountPoint);
    await writeFile(local, 'from elsewhere');
    await world.rclone('copyto', local, 'remote:note.txt');
    // One poll of 1 s, its requests, and the kernel's 1 s name cache.
    await until('the new file shows', async () => (await readdir(drive.mountPoint)).includes('note.txt'), 3_500);
    assert.equal(await readFile(join(drive.mountPoint, 'note.txt'), 'utf8'), 'from elsewhere');
    await writeFile(local, 'changed elsewhere');
    await world.rclone('copyto', local, 'remote:note.txt');
    const read = () => readFile(join(drive.mountPoint, 'note.txt'), 'utf8');
    await until('the new bytes show', async () => (await read()) === 'changed elsewhere', 3_500);
    await world.rclone('moveto', 'remote:note.txt', 'remote:renamed.txt');
    await until('the new name shows', async () => (await readdir(drive.mountPoint)).join() === 'renamed.txt', 3_500);
    await world.rclone('deletefile', 'remote:renamed.txt');
    await until('it is gone', async () => (await readdir(drive.mountPoint)).length === 0, 3_500);
  });

  it('never overwrite a local edit: the server keeps the name, the edit becomes a conflicted copy', async () => {
    const file = join(drive.mountPoint, 'both.txt');
    await writeFile(file, 'base');
    await until('the base is up', async () => remoteFiles(world.emulator).get('both.txt')?.md5 === md5('base'));
    world.emulator.setFaults([{ match: { kind: 'allocate' }, action: { type: 'status', status: 503 } }]);
    await writeFile(file, 'mine');
    await world.emulator.put('/Jotta/Archive/both.txt', 'theirs');
    world.emulator.setFaults([]);
    const copy = await until('the copy is on the server', () =>
      [...remoteFiles(world.emulator)].find(([name]) => name.startsWith('both (conflicted copy ')),
    );
    assert.match(copy[0], /^both \(conflicted copy .+ \d{4}-\d\d-\d\d\)\.txt$/);
    assert.equal(copy[1].md5, md5('mine'));
    assert.equal(remoteFiles(world.emulator).get('both.txt')?.md5, md5('theirs'));
    await until('the mount shows theirs', async () => (await readFile(file, 'utf8')) === 'theirs');
    assert.equal(await readFile(join(drive.mountPoint, copy[0]), 'utf8'), 'mine');
  });

  it('never swallow bytes that are written but not yet flushed, whether the server changed the file or removed it', async () => {
    for (const name of ['changed.txt', 'removed.txt']) {
      const file = join(drive.mountPoint, name);
      await writeFile(file, 'base');
      await until('the base is up', () => remoteFiles(world.emulator).get(name)?.md5 === md5('base'));
    }
    const handles = await Promise.all(
      ['changed.txt', 'removed.txt'].map((name) => open(join(drive.mountPoint, name), 'r+')),
    );
    for (const handle of handles) await handle.write('MINE', 0);
    await world.emulator.put('/Jotta/Archive/changed.txt', 'theirs, longer');
    world.emulator.remove('/Jotta/Archive/removed.txt');
    await until('the poll has seen it', async () =>
      (await readdir(drive.mountPoint)).some((name) => name.startsWith('changed (conflicted copy ')),
    );
    for (const handle of handles) await handle.close();
    await until('all bytes are on the server', () => {
      const files = remoteFiles(world.emulator);
      const copy = [...files].find(([name]) => name.startsWith('changed (conflicted copy '));
      return copy?.[1].md5 === md5('MINE') && files.get('removed.txt')?.md5 === md5('MINE');
    });
    assert.equal(remoteFiles(world.emulator).get('changed.txt')?.md5, md5('theirs, longer'));
  });

  it('leave a partly rewritten large file whole in its conflicted copy, though its base is superseded', async () => {
    const base = Buffer.from(Array.from({ length: 2_000_000 }, (_, i) => i % 241));
    await world.emulator.put('/Jotta/Archive/large.bin', base);
    await until('the poll shows it', async () => (await readdir(drive.mountPoint)).includes('large.bin'));
    const handle = await open(join(drive.mountPoint, 'large.bin'), 'r+');
    await handle.write('MINE', 1_000_000);
    await world.emulator.put('/Jotta/Archive/large.bin', 'theirs');
    await until('the poll has seen it', async () =>
      (await readdir(drive.mountPoint)).some((name) => name.startsWith('large (conflicted copy ')),
    );
    await handle.close();
    base.write('MINE', 1_000_000);
    await until('the copy is on the server, whole', () =>
      [...remoteFiles(world.emulator)].some(
        ([name, { md5: digest }]) => name.startsWith('large (') && digest === md5(base),
      ),
    );
  });

  it('leave the mount usable while the server is gone: known names and cached bytes, and saves that queue', async () => {
    const file = join(drive.mountPoint, 'offline.txt');
    await writeFile(file, 'cached');
    await until('it is up', async () => remoteFiles(world.emulator).has('offline.txt'));
    world.emulator.setFaults([{ match: {}, times: 1_000_000, action: { type: 'reset' } }]);
    assert.equal(await readFile(file, 'utf8'), 'cached');
    await writeFile(join(drive.mountPoint, 'queued.txt'), 'written offline');
    await mkdir(join(drive.mountPoint, 'made offline'));
    await rename(file, join(drive.mountPoint, 'made offline', 'moved.txt'));
    assert.equal(await readFile(join(drive.mountPoint, 'made offline', 'moved.txt'), 'utf8'), 'cached');
    world.emulator.setFaults([]);
    await until('the queue is pushed', async () => {
      const all = remoteFiles(world.emulator);
      return all.get('queued.txt')?.md5 === md5('written offline') && all.has('made offline/moved.txt');
    });
    assert.equal(remoteFiles(world.emulator).has('offline.txt'), false);
  });

  it('keep out of a read-only mount: every mutation is EROFS and no mutating request is made', async () => {
    assert.equal(await drive.stop(), 0);
    await writeFile(join(world.dir, 'present.txt'), 'present');
    await world.rclone('copyto', join(world.dir, 'present.txt'), 'remote:present.txt');
    drive = await world.start({ readOnly: true });
    const file = join(drive.mountPoint, 'present.txt');
    await until('the listing of the last start is revalidated', () =>
      readFile(file, 'utf8').then(
        (text) => text === 'present',
        () => false,
      ),
    );
    world.emulator.resetStats();
    const refused = { code: 'EROFS' };
    await assert.rejects(writeFile(file, 'x'), refused);
    await assert.rejects(writeFile(join(drive.mountPoint, 'new.txt'), 'x'), refused);
    await assert.rejects(truncate(file, 1), refused);
    await assert.rejects(rm(file), refused);
    await assert.rejects(rename(file, `${file}2`), refused);
    await assert.rejects(mkdir(join(drive.mountPoint, 'd')), refused);
    await assert.rejects(chmod(file, 0o600), refused);
    await assert.rejects(utimes(file, 1, 1), refused);
    await assert.rejects(rmdir(join(drive.mountPoint, 'made offline')), refused);
    await access(file);
    assert.equal(await drive.stop(), 0);
    assert.equal(world.emulator.stats().mutating, 0);
  });
});
