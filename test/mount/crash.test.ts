import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { md5 } from '../support/md5.ts';
import { until } from '../support/until.ts';
import { createWorld, digestTree, remoteFiles, type World } from './support.ts';

describe('a drive that dies', () => {
  let world: World;
  before(async () => {
    world = await createWorld({ latencyMs: 20 });
  });
  after(() => world.close());

  it('in the middle of 50 uploads: after the restart everything arrives, nothing twice', async () => {
    let drive = await world.start({ loginToken: world.emulator.newLoginToken(), settleMs: 50 });
    world.emulator.shape({ bandwidth: 100_000 });
    const expected = new Map<string, string>();
    await mkdir(join(drive.mountPoint, 'batch'));
    for (let i = 0; i < 50; i += 1) {
      const bytes = Buffer.alloc(60_000, `file ${i} `);
      await writeFile(join(drive.mountPoint, 'batch', `f${i}`), bytes);
      expected.set(`f${i}`, md5(bytes));
    }
    const arrived = () => remoteFiles(world.emulator).size;
    await until('some have arrived', () => arrived() >= 5);
    await drive.kill();
    assert.ok(arrived() < 50, 'the kill came in the middle');
    world.emulator.shape({ bandwidth: undefined });
    drive = await world.start();
    await until('all have arrived', () => arrived() === 50);
    const files = remoteFiles(world.emulator);
    for (const [name, digest] of expected) {
      assert.equal(files.get(`batch/${name}`)?.md5, digest, name);
      assert.equal(files.get(`batch/${name}`)?.revision, 1, `${name} has one revision`);
    }
    assert.deepEqual(await digestTree(join(drive.mountPoint, 'batch')), expected);
    assert.equal(await drive.stop(), 0);
  });

  it('keeps a save that was acknowledged an instant before', async () => {
    let drive = await world.start({ settleMs: 60_000 });
    await writeFile(join(drive.mountPoint, 'just saved.txt'), 'precious');
    await drive.kill();
    drive = await world.start({ settleMs: 50 });
    assert.equal(await readFile(join(drive.mountPoint, 'just saved.txt'), 'utf8'), 'precious');
    await until('it is up', async () => remoteFiles(world.emulator).get('just saved.txt')?.md5 === md5('precious'));
    assert.equal(await drive.stop(), 0);
  });

  it('waits with its work when the account is signed out, serves what it has, and goes on after a new sign-in', async () => {
    let drive = await world.start({ settleMs: 50 });
    assert.equal(await readFile(join(drive.mountPoint, 'just saved.txt'), 'utf8'), 'precious');
    world.emulator.revoke({ access: true });
    await writeFile(join(drive.mountPoint, 'kept back.txt'), 'waits');
    assert.equal(await readFile(join(drive.mountPoint, 'just saved.txt'), 'utf8'), 'precious');
    assert.equal(await readFile(join(drive.mountPoint, 'kept back.txt'), 'utf8'), 'waits');
    assert.equal(await drive.stop(), 0);
    assert.equal(remoteFiles(world.emulator).has('kept back.txt'), false);
    drive = await world.start({ settleMs: 50, loginToken: world.emulator.newLoginToken() });
    await until('it is up', async () => remoteFiles(world.emulator).get('kept back.txt')?.md5 === md5('waits'));
    assert.equal(await drive.stop(), 0);
  });
});

describe('bad input', () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());

  it('is refused with its own code and changes nothing', async () => {
    const loginToken = world.emulator.newLoginToken();
    const malformed = await world.startRefused({ loginToken: 'not a token' });
    assert.equal(malformed.code, 1);
    assert.match(malformed.stderr, /code=protocol/);
    assert.equal(world.emulator.stats().requests.token ?? 0, 0);
    const drive = await world.start({ loginToken });
    const used = await world.startRefused({ loginToken, state: join(world.dir, 'state2') });
    assert.match(used.stderr, /code=signedOut/);
    const second = await world.startRefused({ mountPoint: join(world.dir, 'volume2') });
    assert.match(second.stderr, /code=stateInUse/);
    const twice = await world.startRefused({
      loginToken: world.emulator.newLoginToken(),
      state: join(world.dir, 'state3'),
    });
    assert.match(twice.stderr, /code=alreadyMounted/);
    assert.equal(await drive.stop(), 0);

    await mkdir(join(world.dir, 'full'));
    await writeFile(join(world.dir, 'full', 'mine.txt'), 'mine');
    const refusals: [string, RegExp][] = [
      [join(world.dir, 'full'), /code=mountPointNotEmpty/],
      [join(homedir(), 'Desktop'), /code=mountPointReserved/],
      [homedir(), /code=mountPointReserved/],
      [join(world.dir, 'full', 'mine.txt'), /code=mountPointNotAFolder/],
      [join(world.dir, 'state', 'inside'), /code=mountPointReserved/],
      ['/proc/jottacloud', /code=mountPointNotWritable/],
    ];
    for (const [mountPoint, code] of refusals) {
      const { stderr } = await world.startRefused({ mountPoint });
      assert.match(stderr, code, mountPoint);
    }
    assert.equal(await readFile(join(world.dir, 'full', 'mine.txt'), 'utf8'), 'mine');
    const noFuse = await world.startRefused({ path: join(world.dir, 'full') });
    assert.match(noFuse.stderr, /code=fuseMissing/);
    const missing = await world.startRefused({ source: '/Jotta/Archive/nowhere' });
    assert.match(missing.stderr, /code=sourceNotFound/);
  });

  it('does not count as one: a source that was made elsewhere since the folder above it was listed', async () => {
    const first = await world.start();
    assert.equal(await first.stop(), 0);
    await world.emulator.put('/Jotta/Archive/made later/inside/new.txt', 'new');
    const drive = await world.start({ source: '/Jotta/Archive/made later/inside' });
    assert.equal(await readFile(join(drive.mountPoint, 'new.txt'), 'utf8'), 'new');
    assert.equal(await drive.stop(), 0);
  });
});
