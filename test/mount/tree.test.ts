import assert from 'node:assert/strict';
import { appendFile, cp, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { md5 } from '../support/md5.ts';
import { until } from '../support/until.ts';
import { createWorld, type Headless, remoteFiles, run, type World, writeTree } from './support.ts';

describe('a source tree on the mount', () => {
  let world: World;
  let drive: Headless;
  before(async () => {
    world = await createWorld({ latencyMs: 30 });
    drive = await world.start({ loginToken: world.emulator.newLoginToken() });
  });
  after(() => world.close());

  it('ends on the server exactly as a local mirror that had the same done to it: 1,000 files at 30 ms', async () => {
    const source = join(world.dir, 'source');
    const mirror = join(world.dir, 'mirror');
    await writeTree(source, 20, 50);
    for (const place of [join(drive.mountPoint, 'tree'), mirror]) {
      await run('cp', ['-r', source, place]);
      await appendFile(join(place, 'folder 1/source/file-1.ts'), 'an edit\n');
      await writeFile(join(place, 'folder 1/source/file-2.ts'), 'a new content\n');
      await rename(join(place, 'folder 2'), join(place, 'a renamed folder'));
      await rm(join(place, 'folder 3'), { recursive: true });
      await rm(join(place, 'folder 4/source/file-7.ts'));
      await mkdir(join(place, 'empty then filled'));
      await rename(join(place, 'folder 5/source/file-9.ts'), join(place, 'empty then filled/moved.ts'));
      await rename(join(place, 'folder 6/source/file-1.ts'), join(place, 'folder 6/source/file-2.ts'));
    }
    assert.equal(await drive.stop(), 0);
    const answer = await world.rclone('check', '--download', mirror, 'remote:tree');
    assert.match(answer, /: 0 differences found/);
    assert.match(answer, /94[78] matching files/);
  });

  it('is listed and read back from the database and the server after a restart without a token', async () => {
    drive = await world.start();
    const names = await readdir(join(drive.mountPoint, 'tree'));
    assert.equal(names.length, 20);
    const text = await readFile(join(drive.mountPoint, 'tree/folder 1/source/file-2.ts'), 'utf8');
    assert.equal(text, 'a new content\n');
  });

  it('keeps the history of a file through an editor’s save by rename', async () => {
    const file = join(drive.mountPoint, 'saved.txt');
    await writeFile(file, 'one');
    await until(
      'the first revision is up',
      async () => remoteFiles(world.emulator).get('saved.txt')?.md5 === md5('one'),
    );
    await writeFile(`${file}.tmp`, 'two');
    await rename(`${file}.tmp`, file);
    const up = await until('the second is up', async () => {
      const item = remoteFiles(world.emulator).get('saved.txt');
      return item?.md5 === md5('two') ? item : undefined;
    });
    assert.equal(up.revision, 2);
    assert.equal(remoteFiles(world.emulator).has('saved.txt.tmp'), false);
  });

  it('keeps the history through rename-to-backup and write anew, and the backup too', async () => {
    const file = join(drive.mountPoint, 'saved.txt');
    await rename(file, `${file}~`);
    await writeFile(file, 'three');
    const files = await until('both are up', async () => {
      const all = remoteFiles(world.emulator);
      return all.get('saved.txt')?.md5 === md5('three') && all.get('saved.txt~')?.md5 === md5('two') ? all : undefined;
    });
    assert.equal(files.get('saved.txt')?.revision, 3);
  });

  it('keeps a time that was set, to the nanosecond here and to the second on the server', async () => {
    const file = join(drive.mountPoint, 'saved.txt');
    await run('touch', ['-d', '2020-02-03T04:05:06.123456789Z', file]);
    assert.equal((await stat(file, { bigint: true })).mtimeNs, 1_580_702_706_123_456_789n);
    await until(
      'the server has it',
      async () => remoteFiles(world.emulator).get('saved.txt')?.mtime === 1_580_702_706_000,
    );
    assert.equal(remoteFiles(world.emulator).get('saved.txt')?.revision, 3);
    await utimes(file, 1_600_000_000, 1_600_000_000);
  });

  it('patches the middle of a remote file without losing the rest, and truncates both ways', async () => {
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => i % 251));
    await writeFile(join(world.dir, 'big.bin'), bytes);
    await world.rclone('copyto', join(world.dir, 'big.bin'), 'remote:big.bin');
    const file = join(drive.mountPoint, 'big.bin');
    await until('the poll shows it', async () => (await readdir(drive.mountPoint)).includes('big.bin'));
    await run('bash', [
      '-c',
      `printf PATCH | dd of='${file}' bs=1 seek=1500000 conv=notrunc status=none && truncate -s 2000000 '${file}' && truncate -s 2500000 '${file}'`,
    ]);
    const expected = Buffer.alloc(2_500_000);
    bytes.copy(expected, 0, 0, 2_000_000);
    expected.write('PATCH', 1_500_000);
    assert.equal(md5(await readFile(file)), md5(expected));
    await until('it is up', async () => remoteFiles(world.emulator).get('big.bin')?.md5 === md5(expected));
  });

  it('keeps litter on this computer: .DS_Store and ._ files work, and nothing of them is sent', async () => {
    const folder = join(drive.mountPoint, 'with litter');
    await mkdir(folder);
    await until('the folder is up', () => world.emulator.tree().some(({ path }) => path.endsWith('/with litter')));
    world.emulator.resetStats();
    await writeFile(join(folder, '.DS_Store'), 'view');
    await writeFile(join(folder, '._note'), 'fork');
    await mkdir(join(folder, '.Trashes'));
    await run('mv', [join(drive.mountPoint, 'saved.txt~'), join(folder, '.Trashes')]);
    assert.equal(await readFile(join(folder, '.Trashes/saved.txt~'), 'utf8'), 'two');
    await until('the moved file is in the trash', () => !remoteFiles(world.emulator).has('saved.txt~'));
    assert.equal(await readFile(join(folder, '.DS_Store'), 'utf8'), 'view');
    const { allocate, mkDir } = world.emulator.stats().requests;
    assert.deepEqual([allocate, mkDir], [undefined, undefined]);
  });

  it('keeps the bytes of an open file that is deleted', async () => {
    const file = join(drive.mountPoint, 'held.txt');
    await cp(join(drive.mountPoint, 'saved.txt'), file);
    const { stdout } = await run('bash', [
      '-c',
      `exec 3<'${file}'; rm '${file}'; cat <&3; ls '${drive.mountPoint}' | grep -c held || true`,
    ]);
    assert.equal(stdout, 'three0\n');
  });
});
