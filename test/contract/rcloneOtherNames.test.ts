import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { longestName, percentNames } from '../support/oddNames.ts';
import { allocated, customer, livePaths, only, rcloneWorld, readTree, writeFiles } from './rcloneWorld.ts';

/** Names with a limit or a loss, in rclone 1.60.1 or in the service. */
describe('rclone and names at the limits', { timeout: 120_000 }, () => {
  it('escapes every printable ASCII sign in its own way', async (test) => {
    const { run, emulator } = await rcloneWorld(test);
    const name = "!#$&'()+,-.;=@[\\]^_`{}~ 09AZaz";
    await emulator.put(`/Jotta/Archive/${name}`, 'x');
    const { wire } = await run('moveto', `remote:${name}`, `remote:to/${name}`);
    const path = '%21%23$&%27%28%29%2B,-.;=@%5B%5C%5D%5E_%60%7B%7D~%2009AZaz';
    const value = '%21%23%24%26%27%28%29%2B%2C-.%3B%3D%40%5B%5C%5D%5E_%60%7B%7D~+09AZaz';
    assert.equal(wire.at(-1), `POST jfs/Jotta/Archive/${path}?mv=%2FJotta%2FArchive%2Fto%2F${value}`);
    assert.ok(wire.includes(`GET jfs/Jotta/Archive/to/${path} → 404`));
  });

  it('stores a percent sign as it is, and reads it where the service can', async (test) => {
    const { run, emulator, folder } = await rcloneWorld(test, { quirks: { percentInName: 'allowed' } });
    const files = Object.fromEntries(percentNames.map((name) => [`${name}/${name}`, `content of ${name}`]));
    const source = await writeFiles(join(folder, 'source'), files);
    const { requests } = await run('copy', source, 'remote:odd');
    const paths = percentNames.map((name) => `/jfs/Jotta/Archive/odd/${name}/${name}`);
    assert.deepEqual([...allocated(requests).keys()].sort(), paths.sort());
    const check = await run('check', '--download', source, 'remote:odd');
    assert.match(check.err, new RegExp(`: 0 differences found.* ${percentNames.length} matching files`, 's'));
    for (const name of percentNames) {
      const escaped = name.replaceAll('%', '%25').replaceAll(' ', '%20');
      assert.ok(check.wire.includes(`GET jfs/Jotta/Archive/odd/${escaped}/${escaped}?mode=bin`), name);
    }
    await run('copy', 'remote:odd', join(folder, 'back'));
    assert.deepEqual(await readTree(join(folder, 'back')), await readTree(source));
    await run('moveto', 'remote:odd/100%/100%', 'remote:odd/a%2Fb/%41');
    assert.equal((await emulator.read('/Jotta/Archive/odd/a%2Fb/%41')).toString(), 'content of 100%');
    await run('deletefile', 'remote:odd/a%2Fb/%41');
    assert.equal(livePaths(emulator).includes('odd/a%2Fb/%41'), false);
  });

  it('cannot read what it stored with a percent sign where the service cannot, but lists it', async (test) => {
    const { run, tryRun, folder } = await rcloneWorld(test);
    const source = await writeFiles(join(folder, 'source'), { '100%': 'all of it', plain: 'x' });
    const upload = await run('copy', source, 'remote:odd');
    assert.ok(allocated(upload.requests).has('/jfs/Jotta/Archive/odd/100%'));
    assert.equal((await run('lsf', 'remote:odd')).out, '100%\nplain\n');
    assert.match((await run('check', source, 'remote:odd')).err, /: 2 matching files/);
    const read = await tryRun('copy', 'remote:odd', join(folder, 'back'));
    assert.equal(read.code, 1);
    assert.match(read.err, /100%: Failed to copy: .*400/);
    assert.ok(read.wire.includes('GET jfs/Jotta/Archive/odd/100%25?mode=bin → 400'));
    assert.deepEqual([...(await readTree(join(folder, 'back'))).keys()], ['plain']);
    const direct = await tryRun('cat', 'remote:odd/100%');
    assert.deepEqual(direct.wire, [customer, 'GET jfs/Jotta/Archive/odd/100%25 → 400']);
  });

  it('keeps 255 letters and is refused one more', async (test) => {
    const { run, tryRun, emulator, folder } = await rcloneWorld(test);
    const source = await writeFiles(folder, { file: 'content', [`names/${longestName}`]: 'longest' });
    await run('copy', join(source, 'names'), 'remote:');
    assert.deepEqual(livePaths(emulator), [longestName]);
    assert.equal((await run('cat', `remote:${longestName}`)).out, 'longest');
    const { code, err, wire } = await tryRun('copyto', join(source, 'file'), `remote:${longestName}x`);
    assert.equal(code, 1);
    assert.match(err, /400 Bad Request.*JFS file names may not be longer than 255 characters/);
    assert.equal(wire.at(-1), 'POST /files/v1/allocate → 400');
    const folderOf256 = await tryRun('mkdir', `remote:${longestName}x`);
    assert.equal(folderOf256.code, 1);
    assert.match(folderOf256.wire.at(-1) ?? '', /^POST jfs\/Jotta\/Archive\/x{256}\?mkDir=true → 400$/);
    assert.deepEqual(livePaths(emulator), [longestName]);
  });

  for (const [nameLimit, code] of [
    ['characters', 0],
    ['bytes', 1],
  ] as const) {
    it(`${code === 0 ? 'keeps' : 'is refused'} 255 letters of two bytes where ${nameLimit} count`, async (test) => {
      const { tryRun, folder } = await rcloneWorld(test, { quirks: { nameLimit } });
      const source = await writeFiles(folder, { file: 'content' });
      assert.equal((await tryRun('copyto', join(source, 'file'), `remote:${'é'.repeat(255)}`)).code, code);
    });
  }

  it('is refused a short name whose look-alikes with their quotes are too long', async (test) => {
    const { tryRun, folder } = await rcloneWorld(test);
    const source = await writeFiles(folder, { file: 'content' });
    const { code, requests } = await tryRun('copyto', join(source, 'file'), `remote:${'：'.repeat(128)}`);
    assert.equal(code, 1);
    assert.equal(JSON.parse(only(requests, 'allocate').body).path, `/jfs/Jotta/Archive/${'‛：'.repeat(128)}`);
    assert.equal(only(requests, 'allocate').status, 400);
  });

  it('is refused a byte order mark', async (test) => {
    const { tryRun, folder } = await rcloneWorld(test);
    const source = await writeFiles(folder, { file: 'content' });
    const { code, err } = await tryRun('copyto', join(source, 'file'), 'remote:\ufeffmark');
    assert.equal(code, 1);
    assert.match(err, /400 Bad Request/);
  });

  it('takes bytes that are no UTF-8 up as quoted hex and brings them back as they were', async (test) => {
    const { run, emulator, folder } = await rcloneWorld(test);
    const source = await writeFiles(join(folder, 'source'), { plain: 'x' });
    const name = Buffer.from([...Buffer.from('caf'), 0xe9, ...Buffer.from('.'), 0xff]);
    await writeFile(Buffer.concat([Buffer.from(`${source}/`), name]), 'latin');
    await run('copy', source, 'remote:');
    assert.deepEqual(livePaths(emulator), ['caf‛E9.‛FF', 'plain']);
    const check = await run('check', '--download', source, 'remote:');
    assert.match(check.err, /: 2 matching files/);
  });

  it('uploads one of two names that differ only in case, and says so', async (test) => {
    const { run, emulator, folder } = await rcloneWorld(test);
    const source = await writeFiles(join(folder, 'source'), { Name: 'upper', name: 'lower' });
    const { err, requests } = await run('copy', source, 'remote:');
    assert.match(err, /name: Duplicate object found in source - ignoring/);
    assert.equal(allocated(requests).size, 1);
    assert.deepEqual(livePaths(emulator), ['Name']);
  });

  it('uploads one of two names that differ only in normalisation, though the service keeps both', async (test) => {
    const { run, emulator, folder } = await rcloneWorld(test);
    const source = await writeFiles(join(folder, 'source'), { 'caf\u00e9': 'composed', 'cafe\u0301': 'decomposed' });
    const { err } = await run('copy', source, 'remote:local');
    assert.match(err, /Duplicate object found in source - ignoring/);
    assert.deepEqual(livePaths(emulator), ['local/', 'local/cafe\u0301']);
    for (const name of ['caf\u00e9', 'cafe\u0301']) await emulator.put(`/Jotta/Archive/both/${name}`, name);
    assert.deepEqual((await run('lsf', 'remote:both')).out.trim().split('\n').sort(), ['cafe\u0301', 'caf\u00e9']);
    const down = await run('copy', 'remote:both', join(folder, 'back'));
    assert.match(down.err, /Duplicate object found in source - ignoring/);
    assert.equal((await readTree(join(folder, 'back'))).size, 1);
  });

  it('lists but cannot address what another client stored with a raw reserved character', async (test) => {
    const { run, tryRun, emulator } = await rcloneWorld(test);
    await emulator.put('/Jotta/Archive/IMG 12:30', 'photo');
    assert.equal((await run('lsf', 'remote:')).out, 'IMG 12:30\n');
    const { code, wire } = await tryRun('cat', 'remote:IMG 12:30');
    assert.notEqual(code, 0);
    assert.ok(wire.includes('GET jfs/Jotta/Archive/IMG%2012%EF%BC%9A30 → 404'), wire.join('\n'));
  });
});
