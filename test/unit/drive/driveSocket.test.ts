import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, symlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog, silentLog } from '../../../src/base/log.ts';
import { Drive } from '../../../src/drive/drive.ts';
import { startServer } from '../../../src/drive/windows/server.ts';
import { TokenKeeper } from '../../../src/drive/windows/tokenKeeper.ts';
import { attach } from '../../../src/extension/drive/attach.ts';
import { reachDrive } from '../../../src/extension/drive/link.ts';
import { openConnection } from '../../../src/protocol/connection.ts';
import { hello } from '../../../src/protocol/messages.ts';
import { pipeName, removeSocket, socketPath } from '../../../src/protocol/socketPath.ts';
import { makeSocketSecret } from '../../../src/protocol/socketSecret.ts';
import { until } from '../../support/until.ts';

const somebodyElse = 1234;

describe('the socket of a drive', () => {
  let dir: string;
  let drive: Drive;
  let warnings: string[];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'jottacloud-socket-'));
    warnings = [];
    const keeper = new TokenKeeper(silentLog, async () => undefined);
    const options = { stateDir: join(dir, 'state'), cacheDir: join(dir, 'cache'), endpoint: 'http://127.0.0.1:1' };
    drive = new Drive({ ...options, env: {}, keeper, onDamage: () => {}, log: silentLog });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const start = async (socketFile: string) =>
    startServer(socketFile, {
      secret: await makeSocketSecret(dir),
      ...{ drive, keeper: new TokenKeeper(silentLog, async () => undefined), logFile: '' },
      ...{ log: createLog((line) => warnings.push(line), 'warn'), onWindows: () => {}, onShutdown: () => {} },
    });
  const attachTo = (socketFile: string) =>
    attach({
      ...{ socketFile, stateDir: dir, clientVersion: '0.1.0', log: silentLog, signal: AbortSignal.timeout(5_000) },
      ...{ start: () => assert.fail('started'), isFocused: () => true, prepare: () => {} },
    });

  const reach = async (socketFile: string) => {
    const socket = await reachDrive({ socketFile, stateDir: dir, log: silentLog });
    assert.ok(socket !== undefined);
    return socket;
  };

  it('leaves nothing behind of a window that died in the middle of a message', async () => {
    const getTimers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const socketFile = socketPath(dir);
    const server = await start(socketFile);
    const before = getTimers();
    const accepted = once(server, 'connection');
    const socket = await reach(socketFile);
    const gone = once(socket, 'close');
    socket.end('Content-Length: 100\r\n\r\n{"half of');
    const [theirs] = (await accepted) as [Socket];
    await Promise.all([gone, once(theirs, 'close')]);
    assert.equal(getTimers(), before);
    server.close();
  });

  it('forgets a window that went, however often that said hello', async () => {
    const keeper = new TokenKeeper(silentLog, async () => undefined);
    const socketFile = socketPath(dir);
    const deps = { drive, keeper, logFile: '', log: silentLog, onShutdown: () => {} };
    const counts: number[] = [];
    const onWindows = (count: number) => void counts.push(count);
    const server = await startServer(socketFile, { ...deps, secret: await makeSocketSecret(dir), onWindows });
    try {
      const rpc = openConnection(await reach(socketFile));
      rpc.listen();
      const greeting = { protocolVersion: 1, clientVersion: '0.1.0', keepsTokens: true, focused: true };
      await rpc.sendRequest(hello, greeting);
      await rpc.sendRequest(hello, greeting);
      assert.equal(await keeper.canSave(), true);
      rpc.dispose();
      await until('the window is gone', () => counts.at(-1) === 0);
      assert.equal(await keeper.canSave(), false);
    } finally {
      server.close();
    }
  });

  it('is not in a folder of the temporary folder that belongs to somebody else, where they may have one', async () => {
    const socketFile = socketPath(join(dir, 'x'.repeat(90)));
    const folder = dirname(socketFile);
    assert.equal(dirname(folder), tmpdir());
    await mkdir(folder);
    try {
      await chmod(folder, 0o777);
      await chown(folder, somebodyElse, somebodyElse);
      await assert.rejects(async () => start(socketFile), { name: 'OwnershipError', kind: 'owner' });
      const theirs = createServer();
      await new Promise<void>((resolve) => theirs.listen(socketFile, resolve));
      try {
        await assert.rejects(attachTo(socketFile), { code: 'folderNotOurs' });
      } finally {
        theirs.close();
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is not in a folder that is elsewhere by a link, whose mode stays what it is', async () => {
    await mkdir(join(dir, 'elsewhere'), { mode: 0o755 });
    await symlink(join(dir, 'elsewhere'), join(dir, 'linked'));
    const socketFile = join(dir, 'linked', 'drive.sock');
    await assert.rejects(async () => start(socketFile), { name: 'OwnershipError', kind: 'link' });
    await assert.rejects(attachTo(socketFile), { code: 'folderNotOurs' });
    assert.equal((await stat(join(dir, 'elsewhere'))).mode & 0o777, 0o755);
  });

  it('has its folder before the drive that is started for it: nobody else can make it meanwhile', async () => {
    const socketFile = socketPath(join(dir, 'y'.repeat(90)));
    let folderAtStart: number | undefined;
    const attaching = attach({
      ...{ socketFile, stateDir: dir, clientVersion: '0.1.0', log: silentLog, signal: AbortSignal.timeout(5_000) },
      ...{ isFocused: () => true, prepare: () => {} },
      start: () => {
        folderAtStart = statSync(dirname(socketFile)).mode & 0o777;
        return { pid: undefined, ended: Promise.resolve(1) };
      },
    });
    try {
      await assert.rejects(attaching, { code: 'internal' });
      assert.equal(folderAtStart, 0o700);
    } finally {
      await rm(dirname(socketFile), { recursive: true });
    }
  });

  it('tells nothing to who listens in its place, and is taken by the drive that is started then', async () => {
    const socketFile = socketPath(dir);
    // Of a drive that was killed.
    await makeSocketSecret(dir);
    const heard: Buffer[] = [];
    const theirs = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => heard.push(chunk));
      // What would be a nonce and a proof.
      socket.write(randomBytes(64));
    });
    await new Promise<void>((resolve) => theirs.listen(socketFile, resolve));
    let starting: Promise<Server> | undefined;
    try {
      const { connection, greeting } = await attach({
        ...{ socketFile, stateDir: dir, clientVersion: '0.1.0', log: silentLog, signal: AbortSignal.timeout(5_000) },
        ...{ isFocused: () => true, prepare: () => {} },
        start: () => {
          starting = start(socketFile);
          return { pid: undefined, ended: new Promise(() => {}) };
        },
      });
      assert.equal(greeting.pid, process.pid);
      connection.dispose();
      assert.ok(heard.length > 0, 'it was met');
      assert.doesNotMatch(Buffer.concat(heard).toString('latin1'), /Content-Length|jsonrpc|drive\//);
    } finally {
      theirs.close();
      (await starting)?.close();
    }
  });

  it('answers no request of who does not know the secret', async () => {
    const socketFile = socketPath(dir);
    const server = await start(socketFile);
    const stranger = connect(socketFile);
    stranger.on('error', () => {});
    const heard: Buffer[] = [];
    stranger.on('data', (chunk: Buffer) => heard.push(chunk));
    const gone = once(stranger, 'close');
    const rpc = openConnection(stranger);
    rpc.listen();
    const params = { protocolVersion: 1, clientVersion: '0.1.0', keepsTokens: true, focused: true };
    const answered = rpc.sendRequest(hello, params).then(() => assert.fail('it was answered'));
    try {
      await Promise.race([gone, answered]);
      // A nonce.
      assert.equal(Buffer.concat(heard).length, 32);
    } finally {
      rpc.dispose();
      await answered.catch(() => {});
      server.close();
    }
  });

  it('lets go of a window that sends anything but messages, and keeps little of it', async () => {
    const socketFile = socketPath(dir);
    const server = await start(socketFile);
    const message = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'drive/refresh' });
    const garbage: Readonly<Record<string, string>> = {
      'a header without an end': 'a'.repeat(3 * 1024 ** 2),
      'a header of lines without an end': 'Content-Type: a\r\n'.repeat(200_000),
      'a length that no memory has': `Content-Length: 9999999999\r\n\r\n${'a'.repeat(3 * 1024 ** 2)}`,
      'a length above the bound': `Content-Length: ${32 * 1024 ** 2 + 1}\r\n\r\n${'a'.repeat(3 * 1024 ** 2)}`,
      'a length that is none': `Content-Length: -1\r\n\r\n${message}`,
      'a length of zero': `Content-Length: 0\r\n\r\n${message}`,
      'two lengths in one': `Content-Length: 5, 6\r\n\r\n${message}`,
      'no length': `Content-Type: a\r\n\r\n${message}`,
      'no JSON': 'Content-Length: 6\r\n\r\n{"a": "Content-Length: 6',
    };
    try {
      for (const [what, sent] of Object.entries(garbage)) {
        const accepted = once(server, 'connection');
        const socket = await reach(socketFile);
        const [theirs] = (await accepted) as [Socket];
        const gone = new Promise((resolve) => socket.once('close', resolve));
        socket.write(sent);
        await gone;
        assert.ok(theirs.bytesRead < 512 * 1024, `${what}: ${theirs.bytesRead} bytes were read`);
      }
      assert.equal(warnings.length, Object.keys(garbage).length);
      assert.ok(warnings.every((line) => line.length < 1_000));
      // Whoever sends messages, in pieces of any size, is answered.
      const socket = await reach(socketFile);
      const answer = once(socket, 'data');
      for (const character of `Content-Length: ${message.length}\r\n\r\n${message}`) {
        await new Promise((resolve) => socket.write(character, resolve));
      }
      assert.match(`${(await answer)[0]}`, /"id":1/);
      socket.destroy();
    } finally {
      server.close();
    }
  });

  it('may have an address that is in no folder: there a window and its drive find each other, and leave no file', async () => {
    // As a pipe of Windows is: a name of the system's, without owner and mode.
    const address = `\0jottacloud-${basename(dir)}`;
    const server = await start(address);
    const { connection, greeting } = await attachTo(address);
    assert.equal(greeting.pid, process.pid);
    connection.dispose();
    removeSocket(address);
    server.close();
    assert.deepEqual(await readdir(dir), ['socket-secret']);
  });

  it('does not take who has its name in no folder for the drive', async () => {
    const address = `\0jottacloud-${basename(dir)}`;
    await makeSocketSecret(dir);
    const theirs = createServer((socket) => {
      socket.on('error', () => {});
      socket.write(randomBytes(64));
    });
    await new Promise<void>((resolve) => theirs.listen(address, resolve));
    assert.equal(await reachDrive({ socketFile: address, stateDir: dir, log: silentLog }), undefined);
    theirs.close();
  });

  it('is a named pipe on Windows, of the user and the state folder, however that is spelled', () => {
    const path = 'C:\\Users\\Ada\\AppData\\Local\\Jottacloud Drive\\State';
    const pipe = pipeName(path, 'Ada');
    assert.match(pipe, /^\\\\\.\\pipe\\jottacloud-[0-9a-f]{12}$/);
    assert.equal(pipeName(`${path.toUpperCase()}\\`, 'ada'), pipe);
    assert.notEqual(pipeName(path, 'Bob'), pipe);
    assert.notEqual(pipeName('C:\\Users\\Ada\\other', 'Ada'), pipe);
    assert.match(socketPath(path, {}, 'win32'), /^\\\\\.\\pipe\\jottacloud-/);
  });

  it('is in the runtime folder of the user where there is one, before the temporary folder', () => {
    const deep = join(dir, 'z'.repeat(90));
    assert.equal(dirname(dirname(socketPath(deep, { XDG_RUNTIME_DIR: '/run/user/1' }))), '/run/user/1');
    assert.equal(dirname(dirname(socketPath(deep, { XDG_RUNTIME_DIR: 'run' }))), tmpdir());
  });

  it('lets go of a window that does not read, instead of keeping for it all that happens', async () => {
    const socketFile = join(dir, 'drive.sock');
    const server = await start(socketFile);
    const socket = await reach(socketFile);
    socket.pause();
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const folders = Array.from({ length: 100 }, (_, index) => `/Jotta/Archive/some folder/of many/${index}`);
    let told = 0;
    for (; told < 10_000 && warnings.length === 0; told += 1) {
      drive.entriesChanged.emit(folders);
      if (told % 100 === 0) await delay(0);
    }
    assert.ok(told < 10_000, 'it was let go');
    socket.resume();
    await gone;
    server.close();
  });
});
