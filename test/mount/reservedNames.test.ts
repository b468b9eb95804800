import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, rmdir, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { md5 } from '../support/md5.ts';
import { until } from '../support/until.ts';
import { createWorld, type Headless, remoteFiles, run, type World } from './support.ts';

/** Names with a meaning of their own to libfuse, to programs, or to this drive: on the server they are names like any other. */
const reservedNames = [
  '.fuse_hidden0000000200000001',
  '.fuse_hidden1',
  '.rclonelink',
  '..rclonelink',
  '...rclonelink',
  'link.rclonelink',
  'twice.rclonelink.rclonelink',
  '.folder.jottacloud-7',
  '.renaming',
  'name.0a1b2c3d.renaming',
  'name~0a1b2c3d.txt',
  'a (conflicted copy desk 2026-01-01).txt',
  '.Trash',
  '.Trash-1000',
  'lost+found',
  '.DS_Store',
  '._fork',
  '.~lock.x#',
  '.nfs0001',
  'x.part',
  '4913',
];

/** Read as a link, this is the way to the file beside it. */
const text = 'plain.txt';

async function listAll(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}

describe('names with a meaning of their own, found on the server', { timeout: 120_000 }, () => {
  let world: World;
  let drive: Headless;
  before(async () => {
    world = await createWorld();
    const { emulator } = world;
    await emulator.put(`/Jotta/Archive/files/${text}`, 'plain');
    for (const name of reservedNames) {
      await emulator.put(`/Jotta/Archive/files/${name}`, text);
      await emulator.put(`/Jotta/Archive/folders/${name}/inner.txt`, text);
    }
    drive = await world.start({ loginToken: emulator.newLoginToken() });
  });
  after(() => world.close());

  for (const kind of ['files', 'folders']) {
    it(`as ${kind}: all that is listed is read, copied, packed, moved and removed`, async () => {
      const folder = join(drive.mountPoint, kind);
      const expected = kind === 'files' ? reservedNames.length + 1 : reservedNames.length;
      const names = await readdir(folder);
      assert.equal(names.length, expected, names.join(', '));
      await run('ls', ['-laR', folder]);
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isDirectory()) await readFile(join(entry.parentPath, entry.name));
      }
      const outside = join(world.dir, `${kind} outside`);
      const copied = join(drive.mountPoint, `${kind} copied`);
      const packed = join(world.dir, `${kind} packed`);
      await run('cp', ['-a', folder, outside]);
      await run('cp', ['-a', folder, copied]);
      await mkdir(packed);
      await run('tar', ['-cf', join(packed, 'all.tar'), '-C', folder, '.']);
      await run('tar', ['-xf', join(packed, 'all.tar'), '-C', packed]);
      await rm(join(packed, 'all.tar'));
      for (const copy of [outside, copied, packed]) {
        assert.deepEqual(await listAll(copy), await listAll(folder));
        await run('diff', ['-r', '--no-dereference', folder, copy]);
      }
      const moved = join(drive.mountPoint, `${kind} moved`);
      await mkdir(moved);
      for (const name of names) await run('mv', ['-T', join(folder, name), join(moved, name)]);
      assert.deepEqual(await listAll(moved), await listAll(outside));
      await run('diff', ['-r', '--no-dereference', outside, moved]);
      await run('rm', ['-r', moved, copied]);
      await rmdir(folder);
      const left = () => world.emulator.tree().filter(({ path }) => path.startsWith(`/Jotta/Archive/${kind}`));
      await until(`the server has nothing of them: ${left().map(({ path }) => path)}`, () => left().length === 0);
    });
  }

  it('a link beside a file of its bare name is a file, and stays one when the other goes', async () => {
    const { emulator } = world;
    await emulator.put('/Jotta/Archive/beside/both', 'the file');
    await emulator.put('/Jotta/Archive/beside/both.rclonelink', 'the target');
    await until('the poll shows it', async () => (await readdir(drive.mountPoint)).includes('beside'));
    const folder = join(drive.mountPoint, 'beside');
    assert.deepEqual(await listAll(folder), ['both', 'both.rclonelink']);
    await unlink(join(folder, 'both'));
    assert.deepEqual(await listAll(folder), ['both.rclonelink']);
    assert.equal(await readFile(join(folder, 'both.rclonelink'), 'utf8'), 'the target');
    await until('the other is gone', () => !remoteFiles(emulator).has('beside/both'));
    await run('rm', ['-r', folder]);
    await until('all is gone', () => !emulator.tree().some(({ path }) => path.startsWith('/Jotta/Archive/beside')));
  });

  it('a file made under the name of a link file is a file here, and goes as it is named', async () => {
    const folder = join(drive.mountPoint, 'made');
    await mkdir(folder);
    await writeFile(join(folder, 'x.rclonelink'), text);
    await symlink('nowhere', join(folder, 'y'));
    await assert.rejects(writeFile(join(folder, 'y.rclonelink'), 'x'), { code: 'EEXIST' });
    assert.deepEqual(await listAll(folder), ['x.rclonelink', 'y']);
    await until('both are up', () => remoteFiles(world.emulator).get('made/x.rclonelink')?.md5 === md5(text));
    assert.deepEqual(await listAll(folder), ['x.rclonelink', 'y']);
  });
});
