import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, chown, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { exitCodes } from '../../../src/protocol/exitCodes.ts';
import { driveEntry } from '../../support/driveEntry.ts';
import { createWorld, run, type World } from '../support.ts';

const somebodyElse = 1234;

describe('a drive that cannot start', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.close());

  const refuse = async (options: { state?: string; cache?: string }) => {
    const loginToken = world.emulator.newLoginToken();
    const { code, stderr } = await world.startRefused({ loginToken, ...options });
    assert.equal(code, 1);
    return stderr;
  };
  /** The drive that windows start. */
  const startMain = (state: string, env: NodeJS.ProcessEnv = {}) => {
    const args = [driveEntry('main'), '--state', state, '--cache', join(world.dir, 'cache')];
    const child = spawn(process.execPath, args, { stdio: 'ignore', env: { ...process.env, HOME: world.dir, ...env } });
    return new Promise<number | null>((resolve) => child.once('exit', resolve));
  };

  it('because its state or cache lies in a volume says so, and nothing of it is sent', async () => {
    const { mountPoint } = await world.start({ loginToken: world.emulator.newLoginToken() });
    await mkdir(join(mountPoint, 'inner'));
    await symlink(join(mountPoint, 'inner'), join(world.dir, 'linked'));
    for (const folder of [join(mountPoint, 'inner/state'), join(world.dir, 'linked/state')]) {
      assert.match(await refuse({ state: folder, cache: join(world.dir, 'other') }), /code=localAccess/);
      assert.match(await refuse({ state: join(world.dir, 'other'), cache: folder }), /code=localAccess/);
      assert.equal(await startMain(folder), exitCodes.localAccess);
    }
    assert.deepEqual(await readdir(mountPoint, { recursive: true }), ['inner']);
  });

  it('on a full disk says so, and not that another one runs or that a file is missing', async () => {
    const state = join(world.dir, 'small');
    await mkdir(state);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', state]);
    try {
      await assert.rejects(writeFile(join(state, 'filler'), Buffer.alloc(1_000_000)), { code: 'ENOSPC' });
      assert.match(await refuse({ state, cache: join(world.dir, 'cache') }), /code=diskFull/);
      assert.equal(await startMain(state), exitCodes.diskFull);
    } finally {
      await run('umount', ['-l', state]);
    }
  });

  it('because a folder of it belongs to somebody else says which, and leaves it alone', async () => {
    for (const [folder, options] of [
      ['theirs', { state: join(world.dir, 'theirs') }],
      ['theirs/accounts', { state: join(world.dir, 'theirs') }],
      ['their cache', { cache: join(world.dir, 'their cache') }],
    ] as const) {
      const path = join(world.dir, folder);
      await mkdir(path, { recursive: true });
      await chmod(path, 0o777);
      await chown(path, somebodyElse, somebodyElse);
      const said = await refuse(options);
      assert.match(said, /code=folderNotOurs/);
      assert.ok(said.includes(`${path} belongs to another user`), said);
      assert.equal((await stat(path)).mode & 0o777, 0o777);
      await chown(path, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
    }
  });

  it('because a folder above belongs to somebody else says which, and makes nothing there', async () => {
    const theirs = join(world.dir, 'theirs');
    await mkdir(join(theirs, 'root-made'), { recursive: true });
    await chown(theirs, somebodyElse, somebodyElse);
    await symlink(join(theirs, 'root-made'), join(world.dir, 'way'));
    for (const options of [
      { state: join(theirs, 'root-made/state') },
      { state: join(theirs, 'new/state') },
      { state: join(world.dir, 'way/state') },
      { cache: join(theirs, 'root-made/cache') },
    ]) {
      const said = await refuse(options);
      assert.match(said, /code=folderNotOurs/);
      assert.ok(said.includes(`${theirs} belongs to another user`), said);
    }
    assert.equal(await startMain(join(theirs, 'root-made/state')), exitCodes.folderNotOurs);
    assert.deepEqual(await readdir(theirs, { recursive: true }), ['root-made']);
    // Who owns nothing in it changes nothing in a folder that is everybody's.
    await chown(theirs, 0, 0);
    await chmod(theirs, 0o1777);
    const drive = await world.start({ loginToken: world.emulator.newLoginToken(), state: join(theirs, 'state') });
    await drive.stop();
  });

  it('because its place is one for all users says so, and leaves it to them', async () => {
    const shared = join(world.dir, 'shared');
    await mkdir(shared);
    await chmod(shared, 0o1777);
    for (const options of [{ state: shared }, { cache: shared }]) {
      assert.match(await refuse(options), /code=folderNotOurs .*shared is shared with all users/);
    }
    assert.equal((await stat(shared)).mode & 0o7777, 0o1777);
  });

  it('because nothing can be made where its state is to be says so, instead of trying for ever', async () => {
    assert.match(await refuse({ state: '/proc/nowhere/state' }), /code=localAccess .*choose another place/);
    assert.equal(await startMain('/proc/nowhere/state'), exitCodes.localAccess);
  });

  it('because the path of its state is too long says so', async () => {
    const longest = join(world.dir, 'd'.repeat(200), 'd'.repeat(450 - world.dir.length - 202));
    assert.match(
      await refuse({ state: `${longest}d` }),
      /code=localAccess .* is longer than 450 bytes: choose another place/,
    );
    assert.equal(await startMain(`${longest}d`), exitCodes.localAccess);
    const drive = await world.start({ loginToken: world.emulator.newLoginToken(), state: longest });
    assert.equal(await drive.stop(), 0);
  });

  it('because a folder of it is a link says which, and does not touch what that leads to', async () => {
    const elsewhere = join(world.dir, 'elsewhere');
    await mkdir(elsewhere, { mode: 0o755 });
    await symlink(elsewhere, join(world.dir, 'link'));
    assert.match(await refuse({ state: join(world.dir, 'link') }), /code=folderNotOurs .*link is a link/);
    assert.match(await refuse({ cache: join(world.dir, 'link') }), /code=folderNotOurs .*link is a link/);
    assert.equal(await startMain(join(world.dir, 'link')), exitCodes.folderNotOurs);
    assert.equal((await stat(elsewhere)).mode & 0o777, 0o755);
    assert.deepEqual(await readdir(elsewhere), []);
  });
});

describe('a cache', () => {
  it('that cannot be made anywhere keeps nothing from starting', async () => {
    const world = await createWorld();
    try {
      await world.emulator.put('/Jotta/Archive/a.txt', 'streamed');
      const drive = await world.start({ loginToken: world.emulator.newLoginToken(), cache: '/proc/nowhere/cache' });
      assert.equal(await readFile(join(drive.mountPoint, 'a.txt'), 'utf8'), 'streamed');
      assert.match(drive.log(), /the cache folder cannot be made/);
      assert.equal(await drive.stop(), 0);
    } finally {
      await world.close();
    }
  });

  it('that others could write to is for its user alone from then on, one that they can only look into stays so', async () => {
    const world = await createWorld();
    try {
      const cache = join(world.dir, 'my cache');
      await mkdir(cache);
      for (const [before, after] of [
        [0o777, 0o700],
        [0o775, 0o700],
        [0o755, 0o755],
      ] as const) {
        await chmod(cache, before);
        const drive = await world.start({ loginToken: world.emulator.newLoginToken(), cache });
        await drive.stop();
        assert.equal((await stat(cache)).mode & 0o777, after);
      }
    } finally {
      await world.close();
    }
  });
});

describe('the files of a drive', () => {
  it('are for its user alone, whatever the umask', async () => {
    const world = await createWorld();
    const before = process.umask(0);
    try {
      const drive = await world.start({ loginToken: world.emulator.newLoginToken() });
      await writeFile(join(drive.mountPoint, 'a.txt'), 'a');
      const open: string[] = [];
      const state = join(world.dir, 'state');
      for (const entry of await readdir(state, { recursive: true })) {
        const { mode } = await stat(join(state, entry)).catch(() => ({ mode: 0 }));
        if ((mode & 0o077) !== 0) open.push(`${entry} ${(mode & 0o777).toString(8)}`);
      }
      assert.deepEqual(open, []);
      await drive.stop();
    } finally {
      process.umask(before);
      await world.close();
    }
  });
});

describe('a relative folder in the environment', () => {
  it('is refused by its name', async () => {
    const world = await createWorld();
    try {
      for (const name of ['HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME']) {
        const file = join(world.dir, `${name}.txt`);
        const script = `${process.execPath} ${driveEntry('main')} 2> ${file}; echo $?`;
        const env = { ...process.env, HOME: world.dir, [name]: 'somewhere' };
        const { stdout } = await run('sh', ['-c', script], { env, cwd: world.dir });
        assert.equal(stdout.trim(), '1');
        assert.match(await readFile(file, 'utf8'), new RegExp(`folderNotAbsolute.*${name}`));
      }
    } finally {
      await world.close();
    }
  });
});
