import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Emulator } from '../emulator/emulator.ts';
import { oddNames } from './oddNames.ts';
import { emulatorFor, RawClient, rclone, tempFolder, tryRclone } from './support.ts';

/** What an unmodified rclone accepts of the emulator (jottacloud-protocol.md §8). */

async function start(test: TestContext, options = {}): Promise<{ emulator: Emulator; folder: string }> {
  const folder = await tempFolder(test);
  return { emulator: await emulatorFor(test, { rclone: join(folder, 'rclone'), ...options }), folder };
}

async function write(folder: string, files: Record<string, string | Buffer>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

async function namesIn(emulator: Emulator, place: string, ...flags: string[]): Promise<string[]> {
  const items: { Name: string }[] = JSON.parse(await rclone(emulator, 'lsjson', ...flags, place));
  return items.map(({ Name }) => Name).sort();
}

function livePaths(emulator: Emulator): string[] {
  return emulator
    .tree()
    .map(({ path }) => path)
    .filter((path) => path.startsWith('/Jotta/'));
}

describe('rclone on the emulator', { timeout: 120_000 }, () => {
  it('signs in with a login token and lists through the remote it made', async (test) => {
    const { emulator, folder } = await start(test);
    await emulator.put('/Jotta/Archive/hello.txt', 'hello');
    const config = join(folder, 'new.conf');
    const answers = ['config_type=standard', `config_login_token=${emulator.newLoginToken()}`];
    const made = await tryRclone(emulator, ['config', 'create', 'fresh', 'jottacloud', ...answers], config);
    assert.equal(made.code, 0, made.err);
    const listed = await tryRclone(emulator, ['lsf', 'fresh:'], config);
    assert.equal(listed.out, 'hello.txt\n', listed.err);
  });

  it('copies a tree up and finds no difference when downloading it again', async (test) => {
    const { emulator, folder } = await start(test);
    const source = await write(join(folder, 'source'), {
      'a.txt': 'alpha',
      empty: '',
      'sub/big.bin': Buffer.alloc(3_000_000, 'emulator '),
      'sub/deep/c.txt': 'gamma',
    });
    await rclone(emulator, 'copy', source, 'remote:tree');
    const check = await tryRclone(emulator, ['check', '--download', source, 'remote:tree']);
    assert.equal(check.code, 0, check.err);
    assert.match(check.err, / 0 differences found/);
    assert.match(check.err, / 4 matching files/);
    const listing = (await rclone(emulator, 'lsf', '-R', 'remote:')).trim().split('\n').sort();
    const expected = [
      'tree/',
      'tree/a.txt',
      'tree/empty',
      'tree/sub/',
      'tree/sub/big.bin',
      'tree/sub/deep/',
      'tree/sub/deep/c.txt',
    ];
    assert.deepEqual(listing, expected);
    assert.equal(await rclone(emulator, 'ls', 'remote:tree/sub/deep'), '        5 c.txt\n');
    const back = join(folder, 'back');
    await rclone(emulator, 'copy', 'remote:tree', back);
    assert.equal(await readFile(join(back, 'sub/deep/c.txt'), 'utf8'), 'gamma');
  });

  it('shows size, time and md5 in lsjson', async (test) => {
    const { emulator } = await start(test);
    await emulator.put('/Jotta/Archive/a.txt', 'alpha', { modified: new Date('2024-05-06T07:08:09Z') });
    const [item] = JSON.parse(await rclone(emulator, 'lsjson', '--hash', 'remote:'));
    assert.equal(item.Size, 5);
    assert.equal(Date.parse(item.ModTime), Date.parse('2024-05-06T07:08:09Z'));
    assert.equal(item.Hashes.md5, '2c1743a391305fbf367df8e4f069f9f9');
  });

  it('overwrites with a new revision and reads parts of a file', async (test) => {
    const { emulator, folder } = await start(test);
    const source = await write(join(folder, 'source'), { one: 'first', two: 'second!' });
    await rclone(emulator, 'copyto', join(source, 'one'), 'remote:f.txt');
    await rclone(emulator, 'copyto', join(source, 'two'), 'remote:f.txt');
    const file = emulator.tree().find(({ path }) => path === '/Jotta/Archive/f.txt');
    assert.equal(file?.revision, 2);
    assert.equal(await rclone(emulator, 'cat', '--offset', '1', '--count', '3', 'remote:f.txt'), 'eco');
    assert.equal(await rclone(emulator, 'cat', '--tail', '2', 'remote:f.txt'), 'd!');
  });

  it('moves files and folders, copies on the server, and sets times', async (test) => {
    const { emulator } = await start(test);
    await emulator.put('/Jotta/Archive/d/x + y #;.txt', 'x');
    await emulator.put('/Jotta/Archive/d/e/z', 'z');
    await rclone(emulator, 'moveto', 'remote:d/x + y #;.txt', 'remote:new/q+ &.txt');
    await rclone(emulator, 'moveto', 'remote:d', 'remote:moved/d');
    await rclone(emulator, 'copyto', 'remote:moved/d/e/z', 'remote:copy of z');
    await rclone(emulator, 'touch', '-t', '2020-01-02T03:04:05', 'remote:copy of z');
    assert.deepEqual(livePaths(emulator).sort(), [
      '/Jotta/Archive/copy of z',
      '/Jotta/Archive/moved',
      '/Jotta/Archive/moved/d',
      '/Jotta/Archive/moved/d/e',
      '/Jotta/Archive/moved/d/e/z',
      '/Jotta/Archive/new',
      '/Jotta/Archive/new/q+ &.txt',
    ]);
    const copy = emulator.tree().find(({ path }) => path.endsWith('copy of z'));
    assert.equal(copy?.mtime, Date.parse('2020-01-02T03:04:05Z'));
    const { requests } = emulator.stats();
    assert.deepEqual([requests.mv, requests.mvDir, requests.cp, requests.cphash], [1, 1, 1, 1]);
  });

  it('deletes to the trash, reads the trash, and empties it', async (test) => {
    const { emulator } = await start(test);
    for (const path of ['gone.txt', 'dir/a', 'dir/sub/b', 'stays']) await emulator.put(`/Jotta/Archive/${path}`, path);
    await rclone(emulator, 'deletefile', 'remote:gone.txt');
    await rclone(emulator, 'purge', 'remote:dir');
    assert.deepEqual(livePaths(emulator), ['/Jotta/Archive/stays']);
    assert.equal(await rclone(emulator, 'lsf', 'remote:'), 'stays\n');
    const trashed = await rclone(emulator, 'lsf', '-R', '--jottacloud-trashed-only', 'remote:');
    assert.deepEqual(trashed.trim().split('\n').sort(), ['dir/', 'dir/a', 'dir/sub/', 'dir/sub/b', 'gone.txt']);
    assert.equal(await rclone(emulator, 'cat', '--jottacloud-trashed-only', 'remote:gone.txt'), 'gone.txt');
    await rclone(emulator, 'cleanup', 'remote:');
    assert.equal(await rclone(emulator, 'lsf', '-R', '--jottacloud-trashed-only', 'remote:'), '');
  });

  it('revives a copy made onto a trashed name', async (test) => {
    const { emulator } = await start(test);
    await emulator.put('/Jotta/Archive/target', 'old');
    await emulator.put('/Jotta/Archive/source', 'new');
    emulator.remove('/Jotta/Archive/target');
    await rclone(emulator, 'copyto', 'remote:source', 'remote:target');
    assert.equal((await emulator.read('/Jotta/Archive/target')).toString(), 'new');
    assert.equal(emulator.stats().requests.cphash, 1);
  });

  it('makes and removes public links, and reports the account', async (test) => {
    const { emulator } = await start(test, { capacity: 1000 });
    await emulator.put('/Jotta/Archive/a.txt', 'alpha');
    assert.match(
      await rclone(emulator, 'link', 'remote:a.txt'),
      /^https:\/\/www\.jottacloud\.com\/\S+\/[0-9a-f]{32}\n$/,
    );
    await rclone(emulator, 'link', '--unlink', 'remote:a.txt');
    const about = JSON.parse(await rclone(emulator, 'about', '--json', 'remote:'));
    assert.equal(about.total, 1000);
    assert.equal(about.used + about.free, 1000);
    assert.match(await rclone(emulator, 'config', 'userinfo', 'remote:'), /Username: u0emulator/);
  });

  it('sends no content that the account already has', async (test) => {
    const { emulator, folder } = await start(test);
    const source = await write(join(folder, 'source'), { big: Buffer.alloc(500_000, 'again') });
    await rclone(emulator, 'copyto', join(source, 'big'), 'remote:first');
    emulator.resetStats();
    await rclone(emulator, 'copyto', join(source, 'big'), 'remote:second');
    const { requests, bytesIn } = emulator.stats();
    assert.deepEqual([requests.allocate, requests.upload], [1, undefined]);
    assert.ok(bytesIn < 1000, `${bytesIn} bytes were sent`);
    assert.equal((await emulator.read('/Jotta/Archive/second')).length, 500_000);
  });

  it('goes on with an upload where the connection was cut', async (test) => {
    const { emulator, folder } = await start(test);
    const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff));
    const source = await write(join(folder, 'source'), { big: content });
    emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: { type: 'truncate', after: 1_000_000 } }]);
    await rclone(emulator, '--retries', '2', 'copyto', join(source, 'big'), 'remote:big');
    const { requests, bytesIn } = emulator.stats();
    assert.deepEqual([requests.allocate, requests.upload], [2, 2]);
    assert.ok(bytesIn >= 3_000_000 && bytesIn < 3_002_000, `${bytesIn} bytes were sent`);
    assert.ok(content.equals(await emulator.read('/Jotta/Archive/big')));
  });

  it('refreshes an expired token, and is shut out after another client reused the old one', async (test) => {
    const { emulator, folder } = await start(test);
    const config = emulator.rclone?.config ?? '';
    const expired = (await readFile(config, 'utf8')).replace(/"expiry":"[^"]*"/, '"expiry":"2020-01-01T00:00:00Z"');
    const [, old = ''] = /"refresh_token":"([^"]*)"/.exec(expired) ?? [];
    await writeFile(config, expired);
    emulator.expire({ all: true });
    await rclone(emulator, 'lsf', 'remote:');
    const rotated = await readFile(config, 'utf8');
    assert.notEqual(/"refresh_token":"([^"]*)"/.exec(rotated)?.[1], old);
    const copy = join(folder, 'copy.conf');
    await copyFile(config, copy);
    await writeFile(copy, rotated.replace(/"expiry":"[^"]*"/, '"expiry":"2020-01-01T00:00:00Z"'));
    assert.equal((await new RawClient(emulator).refresh(old)).status, 400);
    emulator.resetStats();
    const shutOut = await tryRclone(emulator, ['lsf', 'remote:'], copy);
    assert.notEqual(shutOut.code, 0);
    assert.match(shutOut.err, /invalid_grant/);
    const tries = emulator.stats().requests.token ?? 0;
    assert.ok(tries >= 2, `${tries} refreshes: each is tried with and without Basic (§1.3)`);
  });

  it('round-trips odd names', async (test) => {
    const { emulator, folder } = await start(test);
    const files = Object.fromEntries(oddNames.map((name, at) => [`${name}/${name}`, `content ${at}`]));
    const source = await write(join(folder, 'source'), files);
    await rclone(emulator, 'copy', source, 'remote:odd');
    const check = await tryRclone(emulator, ['check', '--download', source, 'remote:odd']);
    assert.equal(check.code, 0, check.err);
    assert.match(check.err, new RegExp(` ${oddNames.length} matching files`));
    // rclone shows control characters as pictures, for local files as well: its own view of the source is the measure.
    const shown = await namesIn(emulator, source);
    assert.equal(shown.length, oddNames.length);
    assert.deepEqual(await namesIn(emulator, 'remote:odd'), shown);
    const below = await namesIn(emulator, 'remote:odd', '-R', '--files-only');
    assert.deepEqual(below, shown);
    // A filter makes rclone move file by file instead of the whole folder at once.
    await rclone(emulator, 'move', '--max-size', '1M', 'remote:odd', 'remote:moved');
    assert.equal(emulator.stats().requests.mv, oddNames.length);
    assert.deepEqual(await namesIn(emulator, 'remote:moved', '-R', '--files-only'), shown);
  });

  it('cannot read a name with a percent sign, as on the real service', async (test) => {
    const { emulator } = await start(test);
    await emulator.put('/Jotta/Archive/100%.txt', 'x');
    const cat = await tryRclone(emulator, ['--retries', '1', 'cat', 'remote:100%.txt']);
    assert.notEqual(cat.code, 0);
    assert.match(cat.err, /400/);
  });

  it('reads a name with a percent sign when the quirk allows it', async (test) => {
    const { emulator } = await start(test, { quirks: { percentInName: 'allowed' } });
    await emulator.put('/Jotta/Archive/100%.txt', 'x');
    assert.equal(await rclone(emulator, 'cat', 'remote:100%.txt'), 'x');
  });
});
