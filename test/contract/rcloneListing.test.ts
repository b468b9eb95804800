import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { md5 } from '../support/md5.ts';
import { assertSame, customer, type RcloneWorld, rcloneWorld } from './rcloneWorld.ts';

const modified = new Date('2024-05-06T07:08:09Z');

/** `x.txt`, `d/a.txt`, `d/e/z.txt`, an empty folder, something trashed and something unfinished. */
async function filled(test: TestContext): Promise<RcloneWorld> {
  const world = await rcloneWorld(test);
  for (const path of ['x.txt', 'd/a.txt', 'd/e/z.txt', 'gone', 'gone folder/deep']) {
    await world.emulator.put(`/Jotta/Archive/${path}`, `content of ${path}`, { modified });
  }
  world.emulator.mkdir('/Jotta/Archive/empty');
  world.emulator.remove('/Jotta/Archive/gone');
  world.emulator.remove('/Jotta/Archive/gone folder');
  return world;
}

const whole = ['GET jfs/Jotta/Archive?mode=liststream'];

describe('rclone lists', { timeout: 120_000 }, () => {
  it('one folder by one GET, and asks a path below the root whether it is a file first', async (test) => {
    const { run } = await filled(test);
    const root = await run('lsf', 'remote:');
    assert.equal(root.out, 'd/\nempty/\nx.txt\n');
    assert.deepEqual(root.wire, [customer, 'GET jfs/Jotta/Archive']);
    const below = await run('lsf', 'remote:d');
    assert.equal(below.out, 'a.txt\ne/\n');
    assert.deepEqual(below.wire, [customer, 'GET jfs/Jotta/Archive/d', 'GET jfs/Jotta/Archive/d']);
  });

  it('a single file', async (test) => {
    const { run } = await filled(test);
    const { out, wire } = await run('lsl', 'remote:d/a.txt');
    assert.equal(out, '       18 2024-05-06 07:08:09.000000000 a.txt\n');
    assert.deepEqual(wire, [customer, 'GET jfs/Jotta/Archive/d/a.txt', 'GET jfs/Jotta/Archive/d']);
  });

  it('folders only with lsd', async (test) => {
    const { run } = await filled(test);
    const { out, wire } = await run('lsd', 'remote:');
    assert.deepEqual(out.match(/\S+$/gm), ['d', 'empty']);
    assert.deepEqual(wire, [customer, 'GET jfs/Jotta/Archive']);
  });

  it('size, time, type and md5 with lsjson', async (test) => {
    const { run } = await filled(test);
    const { out, wire } = await run('lsjson', '--hash', 'remote:d');
    const [file, folder] = JSON.parse(out);
    assert.equal(file.Name, 'a.txt');
    assert.equal(file.Size, 18);
    assert.equal(Date.parse(file.ModTime), modified.getTime());
    assert.equal(file.MimeType, 'text/plain');
    assert.equal(file.Hashes.md5, md5('content of d/a.txt'));
    assert.deepEqual([folder.Name, folder.IsDir, folder.Size], ['e', true, -1]);
    assert.deepEqual(wire, [customer, 'GET jfs/Jotta/Archive/d', 'GET jfs/Jotta/Archive/d']);
  });

  for (const [args, out] of [
    [['ls'], '       16 x.txt\n       18 d/a.txt\n       20 d/e/z.txt\n'],
    [
      ['lsl'],
      [
        '       16 2024-05-06 07:08:09.000000000 x.txt\n',
        '       18 2024-05-06 07:08:09.000000000 d/a.txt\n',
        '       20 2024-05-06 07:08:09.000000000 d/e/z.txt\n',
      ].join(''),
    ],
    [['lsf', '-R'], 'x.txt\nd/\nd/a.txt\nd/e/\nd/e/z.txt\nempty/\n'],
    [['lsf', '-R', '--fast-list'], 'x.txt\nd/\nd/a.txt\nd/e/\nd/e/z.txt\nempty/\n'],
    [['size', '--json'], '{"count":3,"bytes":54,"sizeless":0}\n'],
  ] as const) {
    it(`a whole tree with ${args.join(' ')} by one streamed listing`, async (test) => {
      const { run } = await filled(test);
      const ran = await run(...args, 'remote:');
      assertSame(ran.out.split('\n'), out.split('\n'));
      assert.deepEqual(ran.wire, [customer, ...whole]);
    });
  }

  it('a tree below the root with its own paths', async (test) => {
    const { run } = await filled(test);
    const { out, wire } = await run('lsf', '-R', '--format', 'pst', 'remote:d');
    assertSame(out.replace(/(e\/;-1;).*/, '$1').split('\n'), [
      'a.txt;18;2024-05-06 07:08:09',
      'e/;-1;',
      'e/z.txt;20;2024-05-06 07:08:09',
      '',
    ]);
    assert.deepEqual(wire, [customer, 'GET jfs/Jotta/Archive/d', 'GET jfs/Jotta/Archive/d?mode=liststream']);
  });

  it('the trash folder by folder, with what lies in trashed folders', async (test) => {
    const { run } = await filled(test);
    const { out, wire } = await run('lsf', '-R', '--files-only', '--jottacloud-trashed-only', 'remote:');
    assertSame(out.split('\n'), ['gone', 'gone folder/deep', '']);
    assertSame(wire, [
      customer,
      'GET jfs/Jotta/Archive',
      'GET jfs/Jotta/Archive/d',
      'GET jfs/Jotta/Archive/d/e',
      'GET jfs/Jotta/Archive/empty',
      'GET jfs/Jotta/Archive/gone%20folder',
    ]);
    const top = await run('lsf', '--files-only', '--jottacloud-trashed-only', 'remote:');
    assert.equal(top.out, 'gone\n');
    assert.deepEqual(top.wire, [customer, 'GET jfs/Jotta/Archive']);
  });

  it('nothing at a path that does not exist, live or streamed', async (test) => {
    const { tryRun } = await filled(test);
    const plain = await tryRun('lsf', 'remote:missing');
    assert.equal(plain.code, 3);
    assert.match(plain.err, /directory not found/);
    const missing = 'GET jfs/Jotta/Archive/missing → 404';
    assert.deepEqual(plain.wire, [customer, missing, missing]);
    const streamed = await tryRun('lsf', '-R', 'remote:missing');
    assert.equal(streamed.code, 3);
    assert.deepEqual(streamed.wire, [customer, missing, 'GET jfs/Jotta/Archive/missing?mode=liststream → 404']);
    const trashed = await tryRun('lsf', '-R', 'remote:gone folder');
    assert.equal(trashed.code, 3);
  });

  it('nothing of a file whose upload is not finished', async (test) => {
    const { run, tryRun, emulator } = await filled(test);
    emulator.setFaults([{ match: { kind: 'upload' }, action: { type: 'truncate', after: 3 } }]);
    const cut = await tryRun('copyto', '--low-level-retries', '1', emulator.rclone?.config ?? '', 'remote:half');
    assert.notEqual(cut.code, 0);
    assert.deepEqual(cut.wire.slice(2), ['POST /files/v1/allocate', 'POST upload → 0']);
    assert.equal((await run('lsf', '--files-only', 'remote:')).out, 'x.txt\n');
    assert.doesNotMatch((await run('lsf', '-R', 'remote:')).out, /half/);
    const read = await tryRun('cat', 'remote:half');
    assert.equal(read.code, 3);
    assert.match(read.err, /not found/);
  });
});
