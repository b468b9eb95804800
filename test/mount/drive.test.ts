import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { silentLog } from '../../src/base/log.ts';
import { reachDrive } from '../../src/extension/drive/link.ts';
import { openConnection } from '../../src/protocol/connection.ts';
import * as messages from '../../src/protocol/messages.ts';
import { socketPath } from '../../src/protocol/socketPath.ts';
import type { DriveState } from '../../src/protocol/state.ts';
import { makeGreeting } from '../support/greeting.ts';
import { md5 } from '../support/md5.ts';
import { until } from '../support/until.ts';
import { createWorld, remoteFiles, type World } from './support.ts';

const main = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'src/drive/main.ts');
const graceMs = 1_500;

/** What a VS Code window is to the drive: a socket, a keeper of tokens, a listener. */
interface Window {
  readonly rpc: MessageConnection;
  readonly greeting: messages.HelloResult;
  readonly signedOutCount: () => number;
  readonly state: () => DriveState;
  close(): void;
}

describe('the drive process and its windows', () => {
  let world: World;
  let stateDir: string;
  let mountPoint: string;
  let child: ChildProcess;
  let exited: Promise<number | null>;
  /** The SecretStorage that all windows share. */
  let stored: messages.StoredTokens | undefined;

  before(async () => {
    world = await createWorld();
    stateDir = join(world.dir, 'drive');
    mountPoint = join(world.dir, 'volume');
    startDrive();
  });
  after(async () => {
    child.kill('SIGTERM');
    await exited;
    await world.close();
  });

  function startDrive(): void {
    const env = { ...process.env, JOTTACLOUD_ENDPOINT: world.emulator.url };
    const args = [main, '--state', stateDir, '--cache', join(world.dir, 'cache'), '--grace', String(graceMs)];
    child = spawn(process.execPath, args, { env, stdio: 'ignore' });
    exited = new Promise((resolve) => child.once('exit', resolve));
  }

  async function openWindow(): Promise<Window> {
    const address = { socketFile: socketPath(stateDir), stateDir, log: silentLog };
    const socket = await until('the socket answers', () => reachDrive(address));
    const rpc = openConnection(socket);
    let signedOut = 0;
    rpc.onRequest(messages.storeTokens, (tokens) => {
      stored = tokens;
    });
    rpc.onNotification(messages.signedOut, () => {
      signedOut += 1;
    });
    let state: DriveState | undefined;
    rpc.onNotification(messages.stateChanged, (next) => {
      state = next;
    });
    rpc.listen();
    const greeting = await rpc.sendRequest(messages.hello, makeGreeting(false));
    return {
      rpc,
      greeting,
      close: () => rpc.dispose(),
      signedOutCount: () => signedOut,
      state: () => state ?? greeting.state,
    };
  }

  const isMounted = async () => (await readFile('/proc/self/mountinfo', 'utf8')).includes(` ${mountPoint} `);

  it('keeps state, socket and log to the user alone', async () => {
    const window = await openWindow();
    assert.equal(window.greeting.signedIn, false);
    assert.equal((await stat(stateDir)).mode & 0o777, 0o700);
    assert.equal((await stat(socketPath(stateDir))).mode & 0o777, 0o600);
    assert.equal((await stat(window.greeting.logFile)).mode & 0o777, 0o600);
    window.close();
  });

  it('refuses a malformed and a used login token with their codes', async () => {
    const window = await openWindow();
    const refusal = (loginToken: string) =>
      window.rpc.sendRequest(messages.signIn, { loginToken }).then(
        () => 'accepted',
        (error) => error.data?.code,
      );
    assert.equal(await refusal('nonsense'), 'loginTokenMalformed');
    const token = world.emulator.newLoginToken();
    await window.rpc.sendRequest(messages.signIn, { loginToken: token });
    assert.ok(stored !== undefined, 'the tokens were stored before the sign-in was answered');
    assert.equal(await refusal(token), 'loginTokenUsed');
    window.close();
  });

  it('keeps the mount when one of two windows closes, and over a reload; unmounts after the grace of the last', async () => {
    const first = await openWindow();
    const second = await openWindow();
    assert.equal(second.greeting.signedIn, true);
    await first.rpc.sendRequest(messages.mount, { mountPoint, source: '/Jotta/Archive', readOnly: false });
    await until('the second window sees it', () => second.state().mounts[0]?.status === 'mounted');
    await writeFile(join(mountPoint, 'a.txt'), 'a');
    first.close();
    assert.deepEqual(await readdir(mountPoint), ['a.txt']);
    second.close();
    const reloaded = await openWindow();
    assert.deepEqual(await readdir(mountPoint), ['a.txt']);
    assert.equal(reloaded.greeting.state.mounts[0]?.mountPoint, mountPoint);
    reloaded.close();
    assert.equal(await exited, 0);
    assert.equal(await isMounted(), false);
    assert.equal(remoteFiles(world.emulator).get('a.txt')?.md5, md5('a'));
  });

  it('resumes with the stored tokens, lists folders, and reports uploads as they settle', async () => {
    startDrive();
    const window = await openWindow();
    assert.ok(stored);
    const account = await window.rpc.sendRequest(messages.resume, stored);
    assert.equal(account?.username, world.emulator.user);
    const devices = await window.rpc.sendRequest(messages.list, { path: '/', refresh: false });
    assert.deepEqual(
      devices.map(({ name, kind }) => [name, kind]),
      [
        ['Jotta', 'device'],
        ['Laptop', 'device'],
      ],
    );
    await window.rpc.sendRequest(messages.mount, { mountPoint, source: '/', readOnly: false });
    await writeFile(join(mountPoint, 'Jotta/Archive/b.txt'), 'b');
    const pending = await window.rpc.sendRequest(messages.list, { path: '/Jotta/Archive', refresh: false });
    assert.equal(pending.find(({ name }) => name === 'b.txt')?.sync, 'pending');
    await until('it is up', () => remoteFiles(world.emulator).get('b.txt')?.md5 === md5('b'));
    const clean = await until('it shows as cached', async () => {
      const entries = await window.rpc.sendRequest(messages.list, { path: '/Jotta/Archive', refresh: false });
      return entries.find(({ name, sync }) => name === 'b.txt' && sync === 'cached');
    });
    assert.equal(clean.size, 1);
    window.close();
  });

  it('asks once to sign in again when the token is revoked, serves what it has, and goes on after it', async () => {
    const window = await openWindow();
    const file = join(mountPoint, 'Jotta/Archive/b.txt');
    assert.equal(await readFile(file, 'utf8'), 'b');
    world.emulator.revoke({ access: true });
    await writeFile(join(mountPoint, 'Jotta/Archive/kept.txt'), 'kept');
    await until('the window is told', () => window.signedOutCount() === 1 && window.state().health === 'signedOut');
    assert.equal(await readFile(file, 'utf8'), 'b');
    await writeFile(file, 'b2');
    assert.equal(remoteFiles(world.emulator).has('kept.txt'), false);
    await window.rpc.sendRequest(messages.signIn, { loginToken: world.emulator.newLoginToken() });
    await until('the work went on', () => remoteFiles(world.emulator).get('b.txt')?.md5 === md5('b2'));
    await until('all of it', () => remoteFiles(world.emulator).get('kept.txt')?.md5 === md5('kept'));
    assert.equal(window.signedOutCount(), 1);
    window.close();
  });

  it('waits for uploads when asked to drain, and can be told not to', async () => {
    const window = await openWindow();
    world.emulator.shape({ bandwidth: 200_000 });
    await writeFile(join(mountPoint, 'Jotta/Archive/slow.bin'), Buffer.alloc(400_000, 7));
    await window.rpc.sendRequest(messages.unmount, { mountPoint, mode: 'drain' });
    assert.equal(remoteFiles(world.emulator).get('slow.bin')?.md5, md5(Buffer.alloc(400_000, 7)));
    assert.equal(await isMounted(), false);
    await window.rpc.sendRequest(messages.mount, { mountPoint, source: '/Jotta/Archive', readOnly: false });
    await writeFile(join(mountPoint, 'later.bin'), Buffer.alloc(400_000, 8));
    await window.rpc.sendRequest(messages.unmount, { mountPoint, mode: 'keep' });
    assert.equal(await isMounted(), false);
    assert.equal(remoteFiles(world.emulator).has('later.bin'), false);
    world.emulator.shape({ bandwidth: undefined });
    await until('the rest goes up by itself', () => remoteFiles(world.emulator).has('later.bin'));
    window.close();
  });

  it('mounts again over the dead mount of a drive that was killed, and keeps what was saved', async () => {
    const window = await openWindow();
    await window.rpc.sendRequest(messages.mount, { mountPoint, source: '/', readOnly: false });
    await window.rpc.sendRequest(messages.setTransfersPaused, { paused: true });
    await writeFile(join(mountPoint, 'Jotta/Archive/saved.txt'), 'saved');
    child.kill('SIGKILL');
    await exited;
    window.close();
    startDrive();
    const next = await openWindow();
    assert.ok(stored);
    await next.rpc.sendRequest(messages.resume, stored);
    await next.rpc.sendRequest(messages.mount, { mountPoint, source: '/', readOnly: false });
    assert.equal(await readFile(join(mountPoint, 'Jotta/Archive/saved.txt'), 'utf8'), 'saved');
    await until('it is up', () => remoteFiles(world.emulator).get('saved.txt')?.md5 === md5('saved'));
    next.close();
  });

  it('hands over at once when asked by a newer window, with its work kept', async () => {
    const window = await openWindow();
    await window.rpc.sendRequest(messages.shutdown, { reason: 'handOver' });
    assert.equal(await exited, 0);
    window.close();
    startDrive();
    const next = await openWindow();
    assert.equal(next.greeting.signedIn, false);
    next.close();
  });
});
