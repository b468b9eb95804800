import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { silentLog } from '../../../src/base/log.ts';
import { attach } from '../../../src/extension/drive/attach.ts';
import * as files from '../../../src/protocol/fileMessages.ts';
import * as messages from '../../../src/protocol/messages.ts';
import { socketPath } from '../../../src/protocol/socketPath.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { until } from '../../support/until.ts';

const main = join(import.meta.dirname, '../../../src/drive/main.ts');
const folder = '/Jotta/Archive';
/** A busy computer takes half a minute to start a drive. ms. */
const startMs = 90_000;
const encode = (text: string) => Buffer.from(text).toString('base64');
const decode = ({ content }: files.FileChunk) => Buffer.from(content, 'base64').toString();

// What a window and its drive do on a computer that can mount nothing, by the same way on every system: a real process, found by
// its address alone. On Windows that is a named pipe, and files have neither owners nor modes.
describe('a drive that nothing is mounted by', () => {
  let dir: string;
  let emulator: Emulator;
  let stored: messages.StoredTokens | undefined;
  let drives: ChildProcess[];
  let windows: MessageConnection[];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'jottacloud-drive-'));
    emulator = await startEmulator();
    stored = undefined;
    drives = [];
    windows = [];
    await emulator.put(`${folder}/hello.md`, 'first\n');
  });
  afterEach(async () => {
    for (const window of windows) window.dispose();
    for (const drive of drives) drive.kill('SIGKILL');
    await Promise.all(drives.map((drive) => hasEnded(drive)));
    await emulator.close();
    await rm(dir, { recursive: true, force: true, maxRetries: 10 });
  });

  const stateDir = () => join(dir, 'state');
  const hasEnded = (drive: ChildProcess) =>
    until('the drive has ended', () => drive.exitCode !== null || drive.signalCode !== null, startMs);

  function startDrive() {
    const args = [main, '--state', stateDir(), '--cache', join(dir, 'cache'), '--grace', '60000'];
    const env = { ...process.env, JOTTACLOUD_ENDPOINT: emulator.url, HOME: dir, USERPROFILE: dir };
    const drive = spawn(process.execPath, args, { env, stdio: 'ignore' });
    drives.push(drive);
    return { pid: drive.pid, ended: new Promise<number | null>((resolve) => drive.once('exit', resolve)) };
  }

  async function openWindow(): Promise<MessageConnection> {
    const { connection } = await attach({
      ...{ socketFile: socketPath(stateDir()), stateDir: stateDir(), clientVersion: '0.1.0' },
      ...{ start: startDrive, isFocused: () => true, signal: AbortSignal.timeout(startMs), log: silentLog },
      prepare: (rpc) => {
        rpc.onRequest(messages.storeTokens, (tokens) => {
          stored = tokens;
        });
      },
    });
    windows.push(connection);
    return connection;
  }

  async function openSignedIn(): Promise<MessageConnection> {
    const rpc = await openWindow();
    await rpc.sendRequest(messages.signIn, { loginToken: emulator.newLoginToken() });
    return rpc;
  }

  it('is found by every window, lists, opens, saves, renames, finds, deletes, and ends with what it was asked to send', async () => {
    const rpc = await openSignedIn();
    const second = await openWindow();
    assert.equal(drives.length, 1, 'the second window found the drive of the first');
    const entries = await second.sendRequest(messages.list, { path: folder, refresh: true });
    assert.deepEqual(
      entries.map(({ name }) => name),
      ['hello.md'],
    );
    const path = `${folder}/hello.md`;
    assert.equal(decode(await rpc.sendRequest(files.readFile, { path, offset: 0, length: 100 })), 'first\n');
    const content = encode('first\nsecond\n');
    await rpc.sendRequest(files.writeFile, { path, content, create: false, overwrite: true });
    await until('the save is on the server', async () => String(await emulator.read(path)) === 'first\nsecond\n');
    await rpc.sendRequest(files.rename, { from: path, to: `${folder}/greeting.md`, overwrite: false });
    const found = await rpc.sendRequest(files.search, { folder: '/', text: 'greet', limit: 10, deep: false });
    assert.deepEqual(found.hits, [{ path: `${folder}/greeting.md`, kind: 'file' }]);
    await rpc.sendRequest(files.deleteEntry, { path: `${folder}/greeting.md`, recursive: false });
    await rpc.sendRequest(messages.shutdown, { reason: 'drain' });
    await hasEnded(drives[0] as ChildProcess);
    assert.equal(drives[0]?.exitCode, 0);
    assert.deepEqual(
      emulator.tree().filter(({ path }) => path.startsWith(`${folder}/`)),
      [],
      'all of it was sent',
    );
  });

  it('takes up a folder of this computer and saves one to it', async () => {
    const rpc = await openSignedIn();
    const local = join(dir, 'pictures');
    await mkdir(join(local, 'summer'), { recursive: true });
    await writeFile(join(local, 'summer', 'sun.txt'), 'sun');
    const up = { localPaths: [local], folder, collision: 'fail' } as const;
    assert.deepEqual(await rpc.sendRequest(files.upload, up), [`${folder}/pictures`]);
    await until('it is on the server', () => emulator.tree().some(({ path }) => path.endsWith('/summer/sun.txt')));
    const target = join(dir, 'saved');
    await mkdir(target);
    const down = { paths: [`${folder}/pictures`], localFolder: target, collision: 'fail' } as const;
    assert.deepEqual(await rpc.sendRequest(files.download, down), [join(target, 'pictures')]);
    assert.equal(await readFile(join(target, 'pictures', 'summer', 'sun.txt'), 'utf8'), 'sun');
    const others = (await readdir(target)).map((name) => basename(name));
    assert.deepEqual(others, ['pictures'], 'nothing half done lies about');
  });

  it('goes on with what was saved when it is killed, by another drive that the next window starts', async () => {
    const rpc = await openSignedIn();
    await rpc.sendRequest(messages.setTransfersPaused, { paused: true });
    const path = `${folder}/unsent.md`;
    await rpc.sendRequest(files.writeFile, { path, content: encode('unsent'), create: true, overwrite: false });
    drives[0]?.kill('SIGKILL');
    await hasEnded(drives[0] as ChildProcess);
    const next = await openWindow();
    assert.equal(drives.length, 2);
    assert.ok(stored !== undefined, 'the window keeps the tokens');
    await next.sendRequest(messages.resume, stored);
    assert.equal(decode(await next.sendRequest(files.readFile, { path, offset: 0, length: 100 })), 'unsent');
    await next.sendRequest(messages.setTransfersPaused, { paused: false });
    await until('it is on the server', async () => emulator.tree().some((item) => item.path.endsWith('/unsent.md')));
  });

  it('is the only one on its state folder', async () => {
    await openWindow();
    const { ended } = startDrive();
    assert.equal(await ended, 3, 'the exit code of stateInUse');
  });

  it('says on Windows that nothing can be mounted there, before it touches the folder', {
    skip: process.platform !== 'win32' && 'platform: of Windows',
  }, async () => {
    const rpc = await openSignedIn();
    const mountPoint = join(dir, 'volume');
    const refused = (error: { data?: { code?: string } }) => error.data?.code === 'systemCannotMount';
    await assert.rejects(rpc.sendRequest(messages.preflight), refused);
    await assert.rejects(rpc.sendRequest(messages.mount, { mountPoint, source: '/', readOnly: false }), refused);
    assert.ok(!(await readdir(dir)).includes('volume'));
  });
});
