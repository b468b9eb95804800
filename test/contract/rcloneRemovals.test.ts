import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { assertSame, customer, livePaths, type RcloneWorld, rcloneWorld } from './rcloneWorld.ts';

async function filled(test: TestContext): Promise<RcloneWorld> {
  const world = await rcloneWorld(test, { capacity: 1000 });
  for (const path of ['a.txt', 'd/b', 'd/e/c']) await world.emulator.put(`/Jotta/Archive/${path}`, '12345678');
  world.emulator.mkdir('/Jotta/Archive/empty');
  return world;
}

const look = (path: string) => `GET jfs/Jotta/Archive/${path}`;

async function trashed({ run }: RcloneWorld): Promise<string[]> {
  const { out } = await run('lsf', '-R', '--files-only', '--jottacloud-trashed-only', 'remote:');
  return out.split('\n').filter(Boolean).sort();
}

describe('rclone removes', { timeout: 120_000 }, () => {
  for (const [flags, command, kept] of [
    [[], 'dl', ['a.txt']],
    [['--jottacloud-hard-delete'], 'rm', []],
  ] as const) {
    it(`one file with ${['deletefile', ...flags].join(' ')} by ${command}`, async (test) => {
      const world = await filled(test);
      const { wire } = await world.run('deletefile', ...flags, 'remote:a.txt');
      assert.deepEqual(wire, [
        ...[customer, look('a.txt'), look('a.txt')],
        `POST jfs/Jotta/Archive/a.txt?${command}=true`,
      ]);
      assert.deepEqual(livePaths(world.emulator), ['d/', 'd/b', 'd/e/', 'd/e/c', 'empty/']);
      assert.deepEqual(await trashed(world), kept);
    });
  }

  for (const [flags, command, kept] of [
    [[], 'dlDir', ['d/b', 'd/e/c']],
    [['--jottacloud-hard-delete'], 'rmDir', []],
  ] as const) {
    it(`a tree with ${['purge', ...flags].join(' ')} by one ${command}`, async (test) => {
      const world = await filled(test);
      const { wire } = await world.run('purge', ...flags, 'remote:d');
      assert.deepEqual(wire, [customer, look('d'), look('d'), `POST jfs/Jotta/Archive/d?${command}=true`]);
      assert.deepEqual(livePaths(world.emulator), ['a.txt', 'empty/']);
      assert.deepEqual(await trashed(world), kept);
    });
  }

  it('the files of a tree with delete, one by one, and leaves the folders', async (test) => {
    const world = await filled(test);
    const { wire } = await world.run('delete', 'remote:d');
    assertSame(wire, [
      ...[customer, look('d'), `${look('d')}?mode=liststream`],
      'POST jfs/Jotta/Archive/d/b?dl=true',
      'POST jfs/Jotta/Archive/d/e/c?dl=true',
    ]);
    assert.deepEqual(livePaths(world.emulator), ['a.txt', 'd/', 'd/e/', 'empty/']);
  });

  it('an empty folder with rmdir, after looking; and no folder that holds anything', async (test) => {
    const world = await filled(test);
    const { wire } = await world.run('rmdir', 'remote:empty');
    assert.deepEqual(wire, [customer, look('empty'), look('empty'), 'POST jfs/Jotta/Archive/empty?dlDir=true']);
    const full = await world.tryRun('rmdir', 'remote:d');
    assert.equal(full.code, 1);
    assert.match(full.err, /directory not empty/);
    assert.deepEqual(full.wire, [customer, look('d'), look('d')]);
    assert.deepEqual(livePaths(world.emulator), ['a.txt', 'd/', 'd/b', 'd/e/', 'd/e/c']);
  });

  it('a folder that only holds what was trashed', async (test) => {
    const world = await filled(test);
    world.emulator.remove('/Jotta/Archive/d/e/c');
    await world.run('rmdir', 'remote:d/e');
    assert.deepEqual(livePaths(world.emulator), ['a.txt', 'd/', 'd/b', 'empty/']);
    assert.deepEqual(await trashed(world), ['d/e/c']);
  });

  it('nothing that is not there', async (test) => {
    const { tryRun } = await filled(test);
    const file = await tryRun('deletefile', 'remote:missing');
    assert.notEqual(file.code, 0);
    assert.deepEqual(
      file.wire.filter((line) => line.startsWith('POST')),
      [],
    );
    const folder = await tryRun('purge', 'remote:missing');
    assert.notEqual(folder.code, 0);
    assert.deepEqual(
      folder.wire.filter((line) => line.startsWith('POST')),
      [],
    );
  });

  it('the whole trash with cleanup, which frees its bytes', async (test) => {
    const world = await filled(test);
    const used = async () => JSON.parse((await world.run('about', '--json', 'remote:')).out).used;
    const before = await used();
    await world.run('delete', 'remote:d');
    assert.equal(await used(), before);
    const { wire } = await world.run('cleanup', 'remote:');
    assert.deepEqual(wire, [customer, 'POST /files/v1/purge_trash']);
    assert.deepEqual(await trashed(world), []);
    assert.equal(await used(), before - 16);
  });
});
