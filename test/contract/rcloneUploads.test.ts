import assert from 'node:assert/strict';
import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { rclone } from '../support/emulation.ts';
import { md5 } from '../support/md5.ts';
import {
  allocated,
  assertSame,
  customer,
  livePaths,
  only,
  type RcloneWorld,
  rcloneWorld,
  writeFiles,
} from './rcloneWorld.ts';

const allocate = 'POST /files/v1/allocate';
const seconds = Date.UTC(2024, 4, 6, 7, 8, 9) / 1000;
const noise = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff));

function fileAt({ emulator }: RcloneWorld, path: string) {
  return emulator.tree().find((item) => item.path === `/Jotta/Archive/${path}`);
}

describe('rclone uploads', { timeout: 120_000 }, () => {
  it('a tree without making its folders first; an empty file is complete at its allocation', async (test) => {
    const { run, emulator, folder } = await rcloneWorld(test);
    const source = await writeFiles(join(folder, 'source'), { 'a.txt': 'alpha', 'sub/b.txt': 'beta', empty: '' });
    await utimes(join(source, 'sub/b.txt'), seconds, seconds);
    const { wire, requests } = await run('copy', source, 'remote:up');
    assertSame(wire, [
      customer,
      'GET jfs/Jotta/Archive/up → 404',
      'GET jfs/Jotta/Archive/up → 404',
      ...[allocate, 'POST upload'],
      ...[allocate, 'POST upload'],
      ...[allocate, 'GET jfs/Jotta/Archive/up/empty'],
    ]);
    assert.deepEqual(allocated(requests).get('/jfs/Jotta/Archive/up/sub/b.txt'), {
      path: '/jfs/Jotta/Archive/up/sub/b.txt',
      bytes: 4,
      md5: md5('beta'),
      created: '2024-05-06T07:08:09Z',
      modified: '2024-05-06T07:08:09Z',
    });
    const lengths = requests.filter(({ kind }) => kind === 'upload').map(({ headers }) => headers['content-length']);
    assertSame(lengths.map(String), ['4', '5']);
    assert.deepEqual(livePaths(emulator), ['up/', 'up/a.txt', 'up/empty', 'up/sub/', 'up/sub/b.txt']);
    const again = await run('copy', source, 'remote:up');
    assert.equal(again.requests.filter(({ method }) => method === 'POST').length, 0, again.wire.join('\n'));
  });

  it('one file under a new name with copyto', async (test) => {
    const world = await rcloneWorld(test);
    const source = await writeFiles(world.folder, { one: 'first' });
    const { wire } = await world.run('copyto', join(source, 'one'), 'remote:sub/other');
    assert.deepEqual(wire, [customer, 'GET jfs/Jotta/Archive/sub/other → 404', allocate, 'POST upload']);
    assert.equal((await world.emulator.read('/Jotta/Archive/sub/other')).toString(), 'first');
  });

  it('a new revision over an existing file, and the first one back as a third without sending it', async (test) => {
    const world = await rcloneWorld(test);
    const source = await writeFiles(world.folder, { one: 'first', two: 'second!' });
    await world.run('copyto', join(source, 'one'), 'remote:f.txt');
    const { wire, requests } = await world.run('copyto', join(source, 'two'), 'remote:f.txt');
    assert.deepEqual(wire, [customer, 'GET jfs/Jotta/Archive/f.txt', allocate, 'POST upload']);
    assert.equal('conflict_handler' in JSON.parse(only(requests, 'allocate').body), false);
    assert.equal(fileAt(world, 'f.txt')?.revision, 2);
    const file = 'GET jfs/Jotta/Archive/f.txt';
    const back = await world.run('copyto', join(source, 'one'), 'remote:f.txt');
    assert.deepEqual(back.wire, [customer, file, allocate, file]);
    const now = fileAt(world, 'f.txt');
    assert.deepEqual([now?.revision, now?.md5], [3, md5('first')]);
  });

  for (const dedupStatus of ['200', '201'] as const) {
    it(`no content that the account already has, told so with ${dedupStatus}`, async (test) => {
      const world = await rcloneWorld(test, { quirks: { dedupStatus } });
      const source = await writeFiles(world.folder, { big: noise });
      await world.run('copyto', join(source, 'big'), 'remote:first');
      const { wire } = await world.run('copyto', join(source, 'big'), 'remote:second');
      const second = 'GET jfs/Jotta/Archive/second';
      assert.deepEqual(wire, [customer, `${second} → 404`, allocate, second]);
      assert.ok(world.emulator.stats().bytesIn < 1000, 'content was sent');
      assert.ok(noise.equals(await world.emulator.read('/Jotta/Archive/second')));
    });
  }

  it('an empty file by an empty POST where its allocation does not complete it', async (test) => {
    const world = await rcloneWorld(test, { quirks: { emptyFile: 'upload' } });
    const source = await writeFiles(world.folder, { empty: '' });
    const { wire, requests } = await world.run('copyto', join(source, 'empty'), 'remote:empty');
    assert.deepEqual(wire.slice(2), [allocate, 'POST upload']);
    assert.equal(only(requests, 'upload').headers['content-length'], '0');
    assert.equal(fileAt(world, 'empty')?.size, 0);
  });

  it('the rest after a cut: allocates again and names the range it still has to send', async (test) => {
    const { emulator, folder } = await rcloneWorld(test);
    const source = await writeFiles(folder, { big: noise });
    emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: { type: 'truncate', after: 1_000_000 } }]);
    emulator.resetStats();
    await rclone(emulator, '--retries', '2', 'copyto', join(source, 'big'), 'remote:big');
    const sent = emulator.requests().filter(({ kind }) => kind === 'allocate' || kind === 'upload');
    assert.deepEqual(
      sent.map(({ kind, headers }) => [kind, headers.range, kind === 'upload' && headers['content-length']]),
      [
        ['allocate', undefined, false],
        ['upload', undefined, '3000000'],
        ['allocate', undefined, false],
        ['upload', 'bytes=1000000-2999999', '2000000'],
      ],
    );
    assert.equal(sent[0]?.body, sent[2]?.body);
    assert.ok(noise.equals(await emulator.read('/Jotta/Archive/big')));
  });

  it('once more from the start when the server finds the content corrupt', async (test) => {
    const { emulator, folder } = await rcloneWorld(test);
    const source = await writeFiles(folder, { big: noise });
    emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: { type: 'corrupt' } }]);
    emulator.resetStats();
    await rclone(emulator, '--retries', '2', 'copyto', join(source, 'big'), 'remote:big');
    const uploads = emulator.requests().filter(({ kind }) => kind === 'upload');
    assert.deepEqual(
      uploads.map(({ status, headers }) => [status, headers.range, headers['content-length']]),
      [
        [420, undefined, '3000000'],
        [200, undefined, '3000000'],
      ],
    );
    assert.ok(noise.equals(await emulator.read('/Jotta/Archive/big')));
  });

  it('nothing into a full account, and says why', async (test) => {
    const { tryRun, emulator, folder } = await rcloneWorld(test, { capacity: 1000 });
    const source = await writeFiles(folder, { big: noise });
    const { code, err, wire } = await tryRun('copyto', join(source, 'big'), 'remote:big');
    assert.equal(code, 1);
    assert.match(err, /460/);
    assert.deepEqual(wire.slice(2), [`${allocate} → 460`]);
    assert.deepEqual(livePaths(emulator), []);
  });

  it('what changed, and trashes what is gone, when it syncs; --fast-list lists by one stream', async (test) => {
    const { run, emulator, folder } = await rcloneWorld(test);
    const source = await writeFiles(join(folder, 'source'), { 'a.txt': 'alpha', 'sub/b.txt': 'beta', gone: 'gone' });
    await run('sync', source, 'remote:up');
    await writeFile(join(source, 'a.txt'), 'alpha changed');
    await writeFile(join(source, 'new'), 'new');
    await rm(join(source, 'gone'));
    const { wire } = await run('sync', '--fast-list', source, 'remote:up');
    assertSame(wire, [
      customer,
      'GET jfs/Jotta/Archive/up',
      'GET jfs/Jotta/Archive/up?mode=liststream',
      ...[allocate, 'POST upload'],
      ...[allocate, 'POST upload'],
      'POST jfs/Jotta/Archive/up/gone?dl=true',
    ]);
    assert.deepEqual(livePaths(emulator), ['up/', 'up/a.txt', 'up/new', 'up/sub/', 'up/sub/b.txt']);
    assert.equal((await emulator.read('/Jotta/Archive/up/a.txt')).toString(), 'alpha changed');
  });

  it('into the trash’s name as the next revision, which brings the file back', async (test) => {
    const world = await rcloneWorld(test);
    await world.emulator.put('/Jotta/Archive/f', 'old');
    world.emulator.remove('/Jotta/Archive/f');
    const source = await writeFiles(world.folder, { f: 'new content' });
    const { wire } = await world.run('copyto', join(source, 'f'), 'remote:f');
    assert.deepEqual(wire, [customer, 'GET jfs/Jotta/Archive/f', allocate, 'POST upload']);
    assert.deepEqual([fileAt(world, 'f')?.md5, fileAt(world, 'f')?.revision], [md5('new content'), 2]);
  });
});
