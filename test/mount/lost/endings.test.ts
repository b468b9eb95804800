import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import * as messages from '../../../src/protocol/messages.ts';
import { until } from '../../support/until.ts';
import { createWorld, run, type World } from '../support.ts';
import { type DriveProcess, type Secrets, startDriveProcess, startMs, type Window } from './driveProcess.ts';

/** Mount points below the world's folder. */
async function findMounts({ dir }: World): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return lines.map((line) => line.split(' ')[4] ?? '').filter((path) => path.startsWith(`${dir}/`));
}

async function detachAll(world: World): Promise<void> {
  for (const path of await findMounts(world)) await run('umount', ['-l', path]);
}

describe('the end of a drive', () => {
  let secrets: Secrets;
  let world: World;
  let mountPoint: string;
  let drive: DriveProcess;
  let window: Window;
  const mount = (path: string) =>
    window.rpc.sendRequest(messages.mount, { mountPoint: path, source: '/Jotta/Archive', readOnly: false });
  /** Who has a file open makes the end take the hard way. */
  const openFile = async () => {
    const file = await open(join(mountPoint, 'open.txt'), 'w');
    await file.write('written');
    return { close: () => file.close().catch(() => {}) };
  };

  beforeEach(async () => {
    secrets = { stored: undefined };
    world = await createWorld();
    mountPoint = join(world.dir, 'volume');
    drive = startDriveProcess(world, secrets);
    window = await drive.openWindow();
    await window.rpc.sendRequest(messages.signIn, { loginToken: world.emulator.newLoginToken() });
  });
  afterEach(async () => {
    drive.child.kill('SIGKILL');
    await drive.exited;
    await detachAll(world);
    await world.close();
    window.close();
  });

  it('by hand-over leaves the other windows with what they are to bring back', async () => {
    await mount(mountPoint);
    const other = await drive.openWindow();
    const file = await openFile();
    await window.rpc.sendRequest(messages.shutdown, { reason: 'handOver' });
    await drive.exited;
    await file.close();
    const { account, mounts } = other.state();
    other.close();
    assert.equal(account?.username, world.emulator.user);
    assert.deepEqual(
      mounts.map((shown) => shown.mountPoint),
      [mountPoint],
    );
  });

  for (const signals of [['SIGHUP'], ['SIGTERM', 'SIGHUP']] as const) {
    it(`by ${signals.join(' and ')} flushes and unmounts`, async () => {
      await mount(mountPoint);
      const file = await openFile();
      for (const signal of signals) drive.child.kill(signal);
      assert.equal(await drive.exited, 0);
      await file.close();
      assert.deepEqual(await findMounts(world), []);
      drive = startDriveProcess(world, secrets);
      window.close();
      window = await drive.openWindow();
      await window.rpc.sendRequest(messages.resume, secrets.stored as messages.StoredTokens);
      await until('what was written is up', () =>
        world.emulator.tree().some(({ path, size }) => path === '/Jotta/Archive/open.txt' && size === 7),
      );
    });
  }

  it('or of its session leaves no volume that was just being made', async () => {
    for (let ms = 0; ms <= 24; ms += 3) {
      const mounting = mount(`${mountPoint}-${ms}`).catch(() => {});
      await delay(ms);
      await window.rpc.sendRequest(messages.signOut);
      await mounting;
      assert.deepEqual(await findMounts(world), [], `${ms} ms after the request`);
      await window.rpc.sendRequest(messages.signIn, { loginToken: world.emulator.newLoginToken() });
    }
    void mount(mountPoint).catch(() => {});
    await delay(12);
    drive.child.kill('SIGTERM');
    assert.equal(await drive.exited, 0);
    assert.deepEqual(await findMounts(world), []);
  });

  it('of its session is an error for the next read of a program that has a file open, not one it repeats for ever', async () => {
    await world.emulator.put('/Jotta/Archive/big.bin', Buffer.alloc(40_000_000, 'b'));
    await mount(mountPoint);
    const program = [
      'import os, sys',
      'f = os.open(sys.argv[1], os.O_RDONLY)',
      'os.read(f, 10)',
      'print("open", flush=True)',
      'sys.stdin.readline()',
      'try: os.pread(f, 10, 39_000_000)',
      'except OSError as error: print(error.errno)',
    ].join('\n');
    const reader = spawn('python3', ['-c', program, join(mountPoint, 'big.bin')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      let said = '';
      reader.stdout.on('data', (text) => {
        said += text;
      });
      await until('it is open', () => said.includes('open'));
      await window.rpc.sendRequest(messages.signOut);
      reader.stdin.write('\n');
      await until('the program goes on', () => reader.exitCode !== null, 5_000);
      assert.match(said, /^open\n\d+\n$/);
    } finally {
      reader.kill('SIGKILL');
    }
  });
});

describe('a drive without windows', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(async () => {
    await world.close();
    await detachAll(world);
  });

  it('flushes and unmounts when its terminal is closed', async () => {
    const drive = await world.start({ loginToken: world.emulator.newLoginToken() });
    const file = await open(join(drive.mountPoint, 'open.txt'), 'w');
    await file.write('x');
    drive.process.kill('SIGHUP');
    assert.equal(await drive.exited, 0);
    await file.close().catch(() => {});
    assert.deepEqual(await findMounts(world), []);
  });

  it('uploads what is left however often it is told to end, as when a whole process group is', async () => {
    const drive = await world.start({ loginToken: world.emulator.newLoginToken(), settleMs: 60_000 });
    world.emulator.setFaults([{ match: { kind: 'allocate' }, action: { type: 'delay', ms: 1_000 } }]);
    await writeFile(join(drive.mountPoint, 'last.txt'), 'last');
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT', 'SIGTERM'] as const) {
      drive.process.kill(signal);
      await delay(100);
    }
    assert.equal(await drive.exited, 0);
    assert.deepEqual(await findMounts(world), []);
    assert.ok(world.emulator.tree().some(({ path, size }) => path === '/Jotta/Archive/last.txt' && size === 4));
  });

  it('ends in order when it is told to while it starts', async () => {
    world.emulator.setFaults([{ match: { kind: 'list' }, action: { type: 'delay', ms: 1_000 } }]);
    world.emulator.resetStats();
    const starting = world.startRefused({ loginToken: world.emulator.newLoginToken() });
    await until('it looks for its folder', () => world.emulator.stats().requests.list !== undefined, startMs);
    const { stdout } = await run('pgrep', ['-f', `headless.*${world.dir}/`]);
    process.kill(Number(stdout.trim()), 'SIGTERM');
    const { code } = await starting;
    assert.equal(code, 0);
    assert.deepEqual(await findMounts(world), []);
  });

  it('starts again with the same command, login token and all, with the tokens it has', async () => {
    const loginToken = world.emulator.newLoginToken();
    for (let start = 0; start < 3; start += 1) {
      // The third finds that its tokens are refused, and that the login token is used up.
      if (start === 2) world.emulator.revoke({ access: true });
      const starting = world.start({ loginToken });
      if (start === 2) await assert.rejects(starting, /signedOut/);
      else assert.equal(await (await starting).stop(), 0);
    }
    const drive = await world.start({ loginToken: world.emulator.newLoginToken() });
    assert.equal(await drive.stop(), 0, 'a fresh one is used where the stored tokens are refused');
  });

  it('goes on when nobody reads what it says any more', async () => {
    const drive = await world.start({ loginToken: world.emulator.newLoginToken(), settleMs: 100 });
    drive.process.stderr?.destroy();
    drive.process.stdout?.destroy();
    // It has something to say.
    world.emulator.setFaults([
      { match: { kind: 'allocate' }, nth: 1, times: 5, action: { type: 'status', status: 503 } },
    ]);
    await writeFile(join(drive.mountPoint, 'a.txt'), 'a');
    await until('it is up', () => world.emulator.tree().some(({ path }) => path.endsWith('/a.txt')));
    assert.equal(drive.process.exitCode, null);
  });
});
