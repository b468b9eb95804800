import assert from 'node:assert/strict';
import { lstat, mkdir, readdir, readFile, readlink, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { until } from '../support/until.ts';
import { createWorld, type Headless, run, type World } from './support.ts';

describe('a link made elsewhere', { timeout: 120_000 }, () => {
  let world: World;
  let drive: Headless;
  const victim = () => join(world.dir, 'victim.txt');
  before(async () => {
    world = await createWorld();
    const { emulator } = world;
    const put = (path: string, text: string) => emulator.put(`/Jotta/Archive/${path}`, text);
    await writeFile(victim(), 'of this computer');
    await put('inside/plain.txt', 'plain');
    await put('inside/deep/er/x.rclonelink', '../../plain.txt');
    await put('inside/far/down/y.rclonelink', '../../plain.txt');
    await put('inside/here.rclonelink', join(world.dir, 'volume', 'inside/plain.txt'));
    await put('inside/folder.rclonelink', 'deep/er');
    // Each of these means victim.txt, beside the mount point.
    await put('outside/abs.txt.rclonelink', victim());
    await put('outside/up.txt.rclonelink', '../../victim.txt');
    await put('outside/by/way/of.rclonelink', '../..');
    await put('outside/hop.txt.rclonelink', 'by/way/of/../../victim.txt');
    await put('outside/dots.txt.rclonelink', `${join(world.dir, 'volume')}/../victim.txt`);
    await put('outside/near.txt.rclonelink', `${join(world.dir, 'volume')}x`);
    drive = await world.start({ loginToken: emulator.newLoginToken() });
  });
  after(() => world.close());

  it('leads no program out of the mount', async () => {
    const folder = join(drive.mountPoint, 'outside');
    const names = ['abs.txt', 'dots.txt', 'hop.txt', 'near.txt', 'up.txt'].map((name) => `${name}.rclonelink`);
    assert.deepEqual((await readdir(folder)).sort(), [...names.slice(0, 1), 'by', ...names.slice(1)]);
    for (const name of names) {
      // As an editor or a shell that was given the name would.
      await writeFile(join(folder, name.replace('.rclonelink', '')), 'saved');
      await writeFile(join(folder, name), 'saved');
    }
    assert.equal(await readFile(victim(), 'utf8'), 'of this computer');
    await run('cp', ['-r', folder, join(world.dir, 'copied')]);
    await run('tar', ['-cf', join(world.dir, 'packed.tar'), '-C', folder, '.']);
    await run('rm', ['-r', folder]);
  });

  it('that stays in it is followed, and no longer once it is moved to where it leads out', async () => {
    const folder = join(drive.mountPoint, 'inside');
    for (const path of ['deep/er/x', 'here', 'folder/x']) {
      assert.equal(await readFile(join(folder, path), 'utf8'), 'plain', path);
    }
    assert.equal(await readlink(join(folder, 'folder')), 'deep/er');
    await rename(join(folder, 'deep/er/x'), join(drive.mountPoint, 'x'));
    assert.ok((await readdir(drive.mountPoint)).includes('x.rclonelink'));
  });

  it('has one name that is found, wherever it or the folder that it is in is moved', async () => {
    const { mountPoint } = drive;
    const [deep, high] = [join(mountPoint, 'inside/far/down'), join(mountPoint, 'down')];
    const isThere = (path: string) => lstat(path).then(Boolean, () => false);
    const isShown = async (folder: string, [shown, hidden]: readonly [string, string]) => {
      const names = await readdir(folder);
      if (!names.includes(shown) || names.includes(hidden)) return false;
      return (await isThere(join(folder, shown))) && !(await isThere(join(folder, hidden)));
    };
    const [asLink, asFile] = [['y', 'y.rclonelink'] as const, ['y.rclonelink', 'y'] as const];
    await until('it is shown as a link', () => isShown(deep, asLink));
    assert.equal(await readFile(join(deep, 'y'), 'utf8'), 'plain');
    // Twice: what the kernel was told of one place is not to be believed at the other.
    for (let round = 0; round < 2; round += 1) {
      await rename(deep, high);
      await until('it is the file that it is', () => isShown(high, asFile));
      assert.equal(await readFile(join(high, 'y.rclonelink'), 'utf8'), '../../plain.txt');
      await rename(high, deep);
      await until('it is a link again', () => isShown(deep, asLink));
    }
    await rename(join(deep, 'y'), join(mountPoint, 'y'));
    await until('it is a file at the top', () => isShown(mountPoint, asFile));
    await rename(deep, high);
    await run('rm', ['-r', high, join(mountPoint, 'y.rclonelink')]);
  });

  it('that is made here goes wherever it is told to, and stays so', async () => {
    const folder = join(drive.mountPoint, 'made');
    await mkdir(folder);
    await symlink(victim(), join(folder, 'own'));
    assert.equal(await readFile(join(folder, 'own'), 'utf8'), 'of this computer');
    await until('it is up', () => world.emulator.tree().some(({ path }) => path.endsWith('/made/own.rclonelink')));
    await drive.stop();
    drive = await world.start();
    assert.equal(await readFile(join(folder, 'own'), 'utf8'), 'of this computer');
  });

  it('that was made here is judged by where it is once it, or a folder above it, is moved on the server', async () => {
    const deep = join(drive.mountPoint, 'moved/deep');
    await mkdir(deep, { recursive: true });
    await writeFile(join(drive.mountPoint, 'victim.txt'), 'of the volume');
    for (const name of ['one', 'two']) await symlink('../../victim.txt', join(deep, name));
    await symlink('one', join(deep, 'beside'));
    const isUp = (path: string) => world.emulator.tree().some((item) => item.path === `/Jotta/Archive/${path}`);
    await until('they are up', () => ['one', 'two', 'beside'].every((name) => isUp(`moved/deep/${name}.rclonelink`)));
    await world.rclone('moveto', 'remote:moved/deep/one.rclonelink', 'remote:one.rclonelink');
    await world.rclone('moveto', 'remote:moved/deep', 'remote:deep');
    await until('they are moved here', async () => {
      const top = await readdir(drive.mountPoint);
      const there: string[] = await readdir(join(drive.mountPoint, 'deep')).catch(() => []);
      return top.includes('one.rclonelink') && there.length === 2 && there.includes('beside');
    });
    assert.deepEqual((await readdir(join(drive.mountPoint, 'deep'))).sort(), ['beside', 'two.rclonelink']);
    for (const path of ['one', 'deep/two']) await writeFile(join(drive.mountPoint, path), 'saved');
    assert.equal(await readFile(victim(), 'utf8'), 'of this computer');
  });

  it('leads out of the mount of a folder where it would stay in the account', async () => {
    await world.emulator.put('/Jotta/Archive/sub/up.txt.rclonelink', '../victim.txt');
    // A start shows what was known at the end.
    await until('the folder is known', async () => (await readdir(drive.mountPoint)).includes('sub'));
    await drive.stop();
    drive = await world.start({ source: '/Jotta/Archive/sub' });
    assert.deepEqual(await readdir(drive.mountPoint), ['up.txt.rclonelink']);
    assert.equal(await readFile(victim(), 'utf8'), 'of this computer');
  });
});
