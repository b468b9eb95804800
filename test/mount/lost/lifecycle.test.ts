import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as messages from '../../../src/protocol/messages.ts';
import { driveEntry } from '../../support/driveEntry.ts';
import { md5 } from '../../support/md5.ts';
import { until } from '../../support/until.ts';
import { createWorld, remoteFiles, run, type World } from '../support.ts';
import { type DriveProcess, type Secrets, startDriveProcess, type Window } from './driveProcess.ts';

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

describe('the work of a drive', () => {
  const secrets: Secrets = { stored: undefined };
  let world: World;
  let mountPoint: string;
  let drive: DriveProcess;
  let window: Window;

  before(async () => {
    world = await createWorld();
    mountPoint = join(world.dir, 'volume');
    drive = startDriveProcess(world, secrets);
    window = await drive.openWindow();
    await window.rpc.sendRequest(messages.signIn, { loginToken: world.emulator.newLoginToken() });
    await mount();
  });
  after(async () => {
    drive.child.kill('SIGTERM');
    await drive.exited;
    await world.close();
    window.close();
  });

  const mount = () => window.rpc.sendRequest(messages.mount, { mountPoint, source: '/Jotta/Archive', readOnly: false });
  const isMounted = async () => (await readFile('/proc/self/mountinfo', 'utf8')).includes(` ${mountPoint} `);
  /** The server has it, and the drive has heard so: nothing of it is pending any more. */
  const arrived = async (name: string, text: string | Buffer) => {
    await until(`${name} is up`, () => remoteFiles(world.emulator).get(name)?.md5 === md5(text));
    return until(`${name} is in the history`, async () => {
      const past = await window.rpc.sendRequest(messages.history, { limit: 10 });
      const [newest] = past.filter(({ path }) => path === `/Jotta/Archive/${name}`);
      return newest?.outcome === 'done' ? past : undefined;
    });
  };
  const codeOf = (request: Promise<unknown>) =>
    request.then(
      () => 'done',
      (error) => error.data?.code,
    );

  /** The next drive on the same state, as after an update or a crash. */
  async function startAgain(): Promise<void> {
    window.close();
    await drive.exited;
    drive = startDriveProcess(world, secrets);
    window = await drive.openWindow();
    assert.ok(secrets.stored);
    await window.rpc.sendRequest(messages.resume, secrets.stored);
    await mount();
  }

  it('that was refused is listed with its reason, exported, tried again and given up over the socket', async () => {
    world.emulator.quota(10);
    await writeFile(join(mountPoint, 'refused.txt'), 'larger than the account');
    await writeFile(join(mountPoint, 'refused too.txt'), 'larger than the account as well');
    await until('both are refused', () => window.state().failedChanges === 2);
    const failed = (name: string) => {
      const row = window.state().transfers.find(({ path }) => path === `/Jotta/Archive/${name}`);
      assert.equal(row?.status, 'failed');
      assert.equal(row?.reason, 'quota');
      return row?.id as string;
    };
    const id = failed('refused.txt');
    const other = failed('refused too.txt');
    const to = join(world.dir, 'copy.txt');
    await window.rpc.sendRequest(messages.exportFailed, { id, to });
    assert.equal(await readFile(to, 'utf8'), 'larger than the account');
    const refuse = (target: string) => codeOf(window.rpc.sendRequest(messages.exportFailed, { id, to: target }));
    assert.equal(await refuse(to), 'alreadyExists');
    assert.equal(await refuse('copy.txt'), 'invalidName');
    assert.equal(await refuse(join(mountPoint, 'copy.txt')), 'mountPointReserved');
    assert.equal(await refuse(join(world.dir, 'nowhere', 'copy.txt')), 'notFound');

    await window.rpc.sendRequest(messages.discardFailed, { id: other });
    assert.deepEqual(await readdir(mountPoint), ['refused.txt']);
    assert.equal(await codeOf(window.rpc.sendRequest(messages.discardFailed, { id: other })), 'notFound');

    world.emulator.quota(null);
    await window.rpc.sendRequest(messages.retryFailed, { id });
    const [newest, ...earlier] = await arrived('refused.txt', 'larger than the account');
    assert.equal(newest?.kind, 'upload');
    assert.equal(newest?.path, '/Jotta/Archive/refused.txt');
    const uploads = earlier.filter(({ kind }) => kind === 'upload');
    assert.deepEqual(new Set(uploads.map(({ outcome }) => outcome)), new Set(['quota']));
    assert.equal((await window.rpc.sendRequest(messages.history, { limit: 1 })).length, 1);
  });

  it('is told byte by byte while an unmount waits for it', async () => {
    const bytes = Buffer.alloc(12_000_000, 'slowly');
    world.emulator.shape({ bandwidth: 6_000_000 });
    await writeFile(join(mountPoint, 'slow.bin'), bytes);
    const seen = window.states.length;
    await window.rpc.sendRequest(messages.unmount, { mountPoint, mode: 'drain' });
    world.emulator.shape({ bandwidth: undefined });
    await mount();
    assert.equal(remoteFiles(world.emulator).get('slow.bin')?.md5, md5(bytes));
    const rows = window.states.slice(seen).flatMap(({ transfers }) => transfers);
    const done = rows
      .filter(({ path, status }) => path.endsWith('slow.bin') && status === 'running')
      .map((row) => row.bytesDone);
    assert.ok(new Set(done).size >= 3, `${done}`);
    assert.deepEqual(
      done,
      done.toSorted((a, b) => a - b),
    );
  });

  it('is kept by a forced unmount, open files included', async () => {
    await window.rpc.sendRequest(messages.setTransfersPaused, { paused: true });
    const file = await open(join(mountPoint, 'open.txt'), 'w');
    await file.write('written, never closed');
    await writeFile(join(mountPoint, 'closed.txt'), 'closed');
    assert.equal(await codeOf(window.rpc.sendRequest(messages.unmount, { mountPoint, mode: 'keep' })), 'busy');
    await window.rpc.sendRequest(messages.unmount, { mountPoint, mode: 'force' });
    assert.equal(await isMounted(), false);
    await file.close().catch(() => {});
    await mount();
    assert.equal(await readFile(join(mountPoint, 'closed.txt'), 'utf8'), 'closed');
    assert.equal(await readFile(join(mountPoint, 'open.txt'), 'utf8'), 'written, never closed');
    await window.rpc.sendRequest(messages.setTransfersPaused, { paused: false });
    await arrived('closed.txt', 'closed');
    await arrived('open.txt', 'written, never closed');
  });

  it('goes on in the next version after a hand-over', async () => {
    await window.rpc.sendRequest(messages.setTransfersPaused, { paused: true });
    await mkdir(join(mountPoint, 'handed over'));
    await writeFile(join(mountPoint, 'handed over', 'a.txt'), 'handed over');
    await window.rpc.sendRequest(messages.shutdown, { reason: 'handOver' });
    assert.equal(await drive.exited, 0);
    assert.equal(await isMounted(), false);
    assert.equal(remoteFiles(world.emulator).has('handed over/a.txt'), false);
    await startAgain();
    assert.equal(await readFile(join(mountPoint, 'handed over', 'a.txt'), 'utf8'), 'handed over');
    await arrived('handed over/a.txt', 'handed over');
  });

  it('belongs to one drive, also when that was killed', async () => {
    const tryStart = () => {
      const args = [driveEntry('main'), '--state', drive.stateDir];
      const second = spawn(process.execPath, args, { stdio: 'ignore', env: { ...process.env, HOME: world.dir } });
      return new Promise<number | null>((resolve) => second.once('exit', resolve));
    };
    assert.equal(await tryStart(), 3);
    drive.child.kill('SIGKILL');
    await drive.exited;
    const waiting = startAgain();
    await waiting;
    assert.equal(await tryStart(), 3);
  });

  it('goes on when the volume dies, which is told, taken away and mounted again', async () => {
    await writeFile(join(mountPoint, 'survivor.txt'), 'written before');
    // Busy, so that it is cut off and still stays mounted.
    const file = await open(join(mountPoint, 'survivor.txt'), 'r');
    await assert.rejects(run('umount', ['-f', mountPoint]), /busy/);
    await until('the window is told', () => window.state().mounts[0]?.status === 'failed');
    await until('the dead volume is away', async () => !(await isMounted()));
    await assert.rejects(file.read(Buffer.alloc(1), 0, 1, 0));
    await file.close().catch(() => {});
    await mount();
    assert.deepEqual(
      window.state().mounts.map(({ status }) => status),
      ['mounted'],
    );
    assert.equal(await readFile(join(mountPoint, 'survivor.txt'), 'utf8'), 'written before');
    await arrived('survivor.txt', 'written before');
  });

  it('is complete on disk when SIGTERM comes with files open', async () => {
    const file = await open(join(mountPoint, 'still open.txt'), 'w');
    await file.write('flushed by the end');
    drive.child.kill('SIGTERM');
    assert.equal(await drive.exited, 0);
    assert.equal(await isMounted(), false);
    await file.close().catch(() => {});
    await startAgain();
    assert.equal(await readFile(join(mountPoint, 'still open.txt'), 'utf8'), 'flushed by the end');
    await arrived('still open.txt', 'flushed by the end');
  });

  it('waits for the next sign-in after a sign-out', async () => {
    await window.rpc.sendRequest(messages.setTransfersPaused, { paused: true });
    await writeFile(join(mountPoint, 'later.txt'), 'not yet');
    await window.rpc.sendRequest(messages.signOut);
    assert.equal(await isMounted(), false);
    await until('the window shows it', () => window.state().account === null);
    assert.equal(await codeOf(mount()), 'signedOut');
    await window.rpc.sendRequest(messages.signIn, { loginToken: world.emulator.newLoginToken() });
    await mount();
    assert.equal(await readFile(join(mountPoint, 'later.txt'), 'utf8'), 'not yet');
    await arrived('later.txt', 'not yet');
  });

  it('is rescued from a damaged database to a folder in the home, and told', async () => {
    await window.rpc.sendRequest(messages.setTransfersPaused, { paused: true });
    await writeFile(join(mountPoint, 'rescued.txt'), 'rescued');
    drive.child.kill('SIGTERM');
    await drive.exited;
    const [account = ''] = await readdir(join(drive.stateDir, 'accounts'));
    await writeFile(join(drive.stateDir, 'accounts', account, 'metadata.db'), 'no database');
    await startAgain();
    const { folder, files } = await until('the window is told', () => window.state().rescued);
    assert.equal(files, 1);
    assert.ok(folder.startsWith(join(world.dir, 'Jottacloud Rescued Files')));
    const names = await readdir(folder);
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    assert.ok(texts.includes('rescued'));
    assert.equal(await readFile(join(mountPoint, 'closed.txt'), 'utf8'), 'closed');
  });

  it('that is not uploaded outlives the uninstallation, with a note beside it; the cache goes', async () => {
    await window.rpc.sendRequest(messages.setTransfersPaused, { paused: true });
    await writeFile(join(mountPoint, 'unsent.txt'), 'unsent');
    drive.child.kill('SIGTERM');
    await drive.exited;
    // Where a setting had put it: the drive noted it.
    const cache = join(world.dir, 'cache');
    await mkdir(join(cache, '0123456789abcdef', 'ab'), { recursive: true });
    await writeFile(join(cache, '0123456789abcdef', 'ab', 'block'), 'cached');
    await writeFile(join(cache, 'not ours'), 'stays');
    const env = { ...process.env, HOME: world.dir, XDG_CACHE_HOME: '', JOTTACLOUD_STATE_DIR: drive.stateDir };
    const { stdout } = await run(process.execPath, [join(root, 'src/drive/lifecycle/uninstall.ts')], { env });
    const notice = await readFile(stdout.trim(), 'utf8');
    const line = notice.split('\n').find((text) => text.endsWith('unsent.txt')) ?? '';
    assert.equal(await readFile(line.slice(0, line.lastIndexOf(':')), 'utf8'), 'unsent');
    assert.deepEqual(await readdir(cache), ['not ours']);
    await startAgain();
    await arrived('unsent.txt', 'unsent');
  });
});
