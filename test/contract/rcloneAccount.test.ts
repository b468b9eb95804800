import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { allocated, customer, rcloneWorld, writeFiles } from './rcloneWorld.ts';

const share = (path: string, mode: string) => `GET jfs/Jotta/Archive/${path}?mode=${mode}`;
const laptop = 'device = Laptop\nmountpoint = Documents';
const link = /^https:\/\/www\.jottacloud\.com\/opin\/io\/downloadPublic\/u0emulator\/[0-9a-f]{32}\n$/;

describe('rclone on the account', { timeout: 120_000 }, () => {
  for (const [what, path] of [
    ['file', 'd/a b.txt'],
    ['folder', 'd'],
  ] as const) {
    it(`makes a public link to a ${what}, the same one when asked twice, and takes it away`, async (test) => {
      const { run, emulator } = await rcloneWorld(test);
      await emulator.put('/Jotta/Archive/d/a b.txt', 'alpha');
      const wirePath = path.replace(' ', '%20');
      const made = await run('link', `remote:${path}`);
      assert.match(made.out, link);
      assert.deepEqual(made.wire, [customer, `GET jfs/Jotta/Archive/${wirePath}`, share(wirePath, 'enableShare')]);
      assert.equal((await run('link', `remote:${path}`)).out, made.out);
      const gone = await run('link', '--unlink', `remote:${path}`);
      assert.equal(gone.out, '');
      assert.deepEqual(gone.wire.slice(2), [share(wirePath, 'disableShare')]);
    });
  }

  it('has no link for what does not exist', async (test) => {
    const { tryRun } = await rcloneWorld(test);
    const { code, wire } = await tryRun('link', 'remote:missing');
    assert.notEqual(code, 0);
    assert.deepEqual(wire.slice(2), [`${share('missing', 'enableShare')} → 404`]);
  });

  it('reports the space of an account with a limit, old revisions and trash included', async (test) => {
    const { run, emulator } = await rcloneWorld(test, { capacity: 1000 });
    const before: number = JSON.parse((await run('about', '--json', 'remote:')).out).used;
    for (const content of ['12345', '1234567']) await emulator.put('/Jotta/Archive/a', content);
    await emulator.put('/Jotta/Archive/gone', '123');
    emulator.remove('/Jotta/Archive/gone');
    const { out, wire } = await run('about', '--json', 'remote:');
    const used = before + 15;
    assert.deepEqual(JSON.parse(out), { total: 1000, used, free: 1000 - used });
    assert.deepEqual(wire, [customer, 'GET jfs']);
  });

  it('reports only what is used of an unlimited account', async (test) => {
    const { run, emulator } = await rcloneWorld(test);
    const before = JSON.parse((await run('about', '--json', 'remote:')).out);
    assert.deepEqual(Object.keys(before), ['used']);
    await emulator.put('/Jotta/Archive/a', '12345');
    assert.deepEqual(JSON.parse((await run('about', '--json', 'remote:')).out), { used: before.used + 5 });
  });

  it('shows who is signed in', async (test) => {
    const { run, emulator } = await rcloneWorld(test);
    const { out, wire } = await run('config', 'userinfo', '--json', 'remote:');
    const { Username, Email, AccountType } = JSON.parse(out);
    assert.equal(Username, emulator.user);
    assert.match(Email, /@/);
    assert.equal(AccountType, 'unlimited');
    assert.deepEqual(wire, [customer, customer]);
  });

  it('reads and writes the mountpoints of other devices, and of Jotta other than Archive', async (test) => {
    const { run, emulator, folder } = await rcloneWorld(test);
    await emulator.put('/Laptop/Documents/old', 'old');
    await emulator.put('/Jotta/Sync/synced', 'synced');
    const laptop = 'remote,device=Laptop,mountpoint=Documents:';
    const listed = await run('lsf', '-R', laptop);
    assert.match(listed.out, /^old$/m);
    assert.deepEqual(listed.wire, [customer, 'GET jfs/Laptop/Documents?mode=liststream']);
    const source = await writeFiles(join(folder, 'source'), { new: 'new' });
    const { requests } = await run('copy', source, `${laptop}sub`);
    assert.deepEqual([...allocated(requests).keys()], ['/jfs/Laptop/Documents/sub/new']);
    assert.equal((await emulator.read('/Laptop/Documents/sub/new')).toString(), 'new');
    const synced = await run('lsf', 'remote,mountpoint=Sync:');
    assert.equal(synced.out, 'synced\n');
    assert.deepEqual(synced.wire, [customer, 'GET jfs/Jotta/Sync']);
  });

  it('copies between devices on the server', async (test) => {
    const { run, emulator } = await rcloneWorld(test);
    const config = emulator.rclone?.config ?? '';
    const remote = await readFile(config, 'utf8');
    await appendFile(config, remote.replace('[remote]', '[laptop]').replace(/device = .*\nmountpoint = .*/, laptop));
    await emulator.put('/Laptop/Documents/reports/may', 'words');
    const { wire } = await run('copy', '--server-side-across-configs', 'laptop:reports', 'remote:sub');
    assert.equal(wire.at(-1), 'POST jfs/Laptop/Documents/reports/may?cp=%2FJotta%2FArchive%2Fsub%2Fmay');
    assert.equal((await emulator.read('/Jotta/Archive/sub/may')).toString(), 'words');
  });

  it('changes nothing in an account that is locked for writing', async (test) => {
    const { tryRun, run, emulator } = await rcloneWorld(test);
    await emulator.put('/Jotta/Archive/a', '12345');
    emulator.quota(null, true);
    for (const args of [
      ['mkdir', 'remote:n'],
      ['deletefile', 'remote:a'],
    ]) {
      const { code, err } = await tryRun(...args);
      assert.equal(code, 1, args.join(' '));
      assert.match(err, /403/);
    }
    assert.equal((await run('cat', 'remote:a')).out, '12345');
  });

  it('takes a refused change of time for done, a mistake of its own', async (test) => {
    const { run, emulator } = await rcloneWorld(test);
    const modified = new Date('2024-05-06T07:08:09Z');
    await emulator.put('/Jotta/Archive/a', '12345', { modified });
    emulator.quota(null, true);
    const { wire } = await run('touch', 'remote:a');
    assert.equal(wire.at(-1), 'POST jfs/Jotta/Archive/a?cphash=true → 403');
    const file = emulator.tree().find(({ path }) => path === '/Jotta/Archive/a');
    assert.equal(file?.mtime, modified.getTime());
  });
});
