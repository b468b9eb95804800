import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { assertSame, customer, only, type RcloneWorld, rcloneWorld, writeFiles } from './rcloneWorld.ts';

const modified = new Date('2024-05-06T07:08:09Z');

async function filled(test: TestContext): Promise<RcloneWorld & { mirror: string }> {
  const world = await rcloneWorld(test);
  const files = { 'a.txt': '0123456789', 'sub/b.bin': Buffer.alloc(300_000, 'emulator '), 'sub/empty': '' };
  for (const [path, content] of Object.entries(files)) {
    await world.emulator.put(`/Jotta/Archive/d/${path}`, content, { modified });
  }
  return { ...world, mirror: await writeFiles(join(world.folder, 'mirror'), files) };
}

describe('rclone reads', { timeout: 120_000 }, () => {
  it('a whole file: is it a file, what lies beside it, the content', async (test) => {
    const { run } = await filled(test);
    const { out, wire } = await run('cat', 'remote:d/a.txt');
    assert.equal(out, '0123456789');
    const file = 'GET jfs/Jotta/Archive/d/a.txt';
    assert.deepEqual(wire, [customer, file, 'GET jfs/Jotta/Archive/d', `${file}?mode=bin`]);
  });

  for (const [flags, out, range] of [
    [['--offset', '1', '--count', '3'], '123', 'bytes=1-3'],
    [['--offset', '3'], '3456789', 'bytes=3-9'],
    [['--tail', '2'], '89', 'bytes=8-9'],
    [['--head', '2'], '01', 'bytes=0-1'],
  ] as const) {
    it(`a part with ${flags.join(' ')} by the absolute range ${range}`, async (test) => {
      const { run } = await filled(test);
      const ran = await run('cat', ...flags, 'remote:d/a.txt');
      assert.equal(ran.out, out);
      const request = only(ran.requests, 'download');
      assert.equal(request.headers.range, range);
      assert.equal(request.status, 206);
      assert.match(request.url, /\/d\/a\.txt\?mode=bin$/);
    });
  }

  it('a tree into a local folder, times kept, an empty file fetched like any other', async (test) => {
    const { run, folder } = await filled(test);
    const { wire, requests } = await run('copy', 'remote:d', join(folder, 'back'));
    assertSame(wire, [
      customer,
      'GET jfs/Jotta/Archive/d',
      'GET jfs/Jotta/Archive/d',
      'GET jfs/Jotta/Archive/d/sub',
      'GET jfs/Jotta/Archive/d/a.txt?mode=bin',
      'GET jfs/Jotta/Archive/d/sub/b.bin?mode=bin',
      'GET jfs/Jotta/Archive/d/sub/empty?mode=bin',
    ]);
    for (const { headers } of requests) assert.equal(headers.range, undefined);
    assert.equal(await readFile(join(folder, 'back/a.txt'), 'utf8'), '0123456789');
    assert.equal((await stat(join(folder, 'back/sub/b.bin'))).size, 300_000);
    assert.equal((await stat(join(folder, 'back/sub/empty'))).mtimeMs, modified.getTime());
    const again = await run('copy', 'remote:d', join(folder, 'back'));
    assert.equal(again.requests.filter(({ kind }) => kind === 'download').length, 0);
  });

  it('one file under a new name with copyto', async (test) => {
    const { run, folder } = await filled(test);
    const { wire } = await run('copyto', 'remote:d/a.txt', join(folder, 'other name'));
    const file = 'GET jfs/Jotta/Archive/d/a.txt';
    assert.deepEqual(wire, [customer, file, file, `${file}?mode=bin`]);
    assert.equal(await readFile(join(folder, 'other name'), 'utf8'), '0123456789');
  });

  it('a large file in parts side by side', async (test) => {
    const { run, emulator, folder } = await filled(test);
    const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff));
    await emulator.put('/Jotta/Archive/large', content);
    const flags = ['--multi-thread-cutoff', '1M', '--multi-thread-streams', '2'];
    const { requests } = await run('copyto', ...flags, 'remote:large', join(folder, 'large'));
    const ranges = requests.filter(({ kind }) => kind === 'download').map(({ headers }) => headers.range);
    assert.deepEqual(ranges.sort(), ['bytes=0-1507327', 'bytes=1507328-2999999']);
    assert.ok(content.equals(await readFile(join(folder, 'large'))));
  });

  it('md5 from listings when it checks, and contents when it is told to download', async (test) => {
    const { run, tryRun, mirror } = await filled(test);
    const listings = [customer, ...['d', 'd', 'd/sub'].map((path) => `GET jfs/Jotta/Archive/${path}`)];
    const quick = await run('check', mirror, 'remote:d');
    assert.match(quick.err, /: 0 differences found.*: 3 matching files/s);
    assertSame(quick.wire, listings);
    const thorough = await run('check', '--download', mirror, 'remote:d');
    assert.match(thorough.err, /: 0 differences found.*: 3 matching files/s);
    const contents = ['d/a.txt', 'd/sub/b.bin', 'd/sub/empty'];
    assertSame(thorough.wire, [...listings, ...contents.map((path) => `GET jfs/Jotta/Archive/${path}?mode=bin`)]);
    await writeFile(join(mirror, 'a.txt'), '012345678!');
    const differing = await tryRun('check', mirror, 'remote:d');
    assert.equal(differing.code, 1);
    assert.match(differing.err, /a\.txt: md5 differ/);
  });

  it('what is in the trash at its old path, when told to look there', async (test) => {
    const { run, tryRun, emulator } = await filled(test);
    emulator.remove('/Jotta/Archive/d/a.txt');
    const live = await tryRun('cat', 'remote:d/a.txt');
    assert.equal(live.code, 3);
    const { out, wire } = await run('cat', '--jottacloud-trashed-only', 'remote:d/a.txt');
    assert.equal(out, '0123456789');
    const file = 'GET jfs/Jotta/Archive/d/a.txt';
    assert.deepEqual(wire, [customer, file, 'GET jfs/Jotta/Archive/d', `${file}?mode=bin`]);
  });

  it('on after a download was cut, from the byte it had reached', async (test) => {
    const { run, emulator, folder } = await filled(test);
    emulator.setFaults([{ match: { kind: 'download' }, nth: 1, action: { type: 'truncate', after: 100_000 } }]);
    const { requests } = await run('copyto', 'remote:d/sub/b.bin', join(folder, 'b.bin'));
    const downloads = requests.filter(({ kind }) => kind === 'download');
    assert.deepEqual(
      downloads.map(({ headers, status }) => [status, headers.range]),
      [
        [200, undefined],
        [206, 'bytes=100000-299999'],
      ],
    );
    assert.ok(Buffer.alloc(300_000, 'emulator ').equals(await readFile(join(folder, 'b.bin'))));
  });

  it('content that does not have its md5, and refuses to keep it', async (test) => {
    const { tryRun, emulator, folder } = await filled(test);
    emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'corrupt' } }]);
    const { code, err } = await tryRun('copyto', 'remote:d/a.txt', join(folder, 'a'));
    assert.equal(code, 1);
    assert.match(err, /corrupted on transfer/);
    await assert.rejects(stat(join(folder, 'a')));
  });
});
