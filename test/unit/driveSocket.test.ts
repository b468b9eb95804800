import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog, silentLog } from '../../src/base/log.ts';
import { Drive } from '../../src/drive/drive.ts';
import { startServer } from '../../src/drive/windows/server.ts';
import { TokenKeeper } from '../../src/drive/windows/tokenKeeper.ts';
import { attach } from '../../src/extension/drive/attach.ts';
import { socketPath } from '../../src/protocol/socketPath.ts';

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

  const start = (socketFile: string) =>
    startServer(socketFile, {
      ...{ drive, keeper: new TokenKeeper(silentLog, async () => undefined), logFile: '' },
      ...{ log: createLog((line) => warnings.push(line), 'warn'), onWindows: () => {}, onShutdown: () => {} },
    });
  const attachTo = (socketFile: string) =>
    attach({
      ...{ socketFile, clientVersion: '0.1.0', log: silentLog, signal: AbortSignal.timeout(5_000) },
      ...{ start: () => assert.fail('started'), isFocused: () => true, prepare: () => {} },
    });

  it('leaves nothing behind of a window that died in the middle of a message', async () => {
    const getTimers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const socketFile = socketPath(dir);
    const server = await start(socketFile);
    const before = getTimers();
    const socket = connect(socketFile);
    const gone = once(socket, 'close');
    const accepted = once(server, 'connection');
    socket.end('Content-Length: 100\r\n\r\n{"half of');
    const [theirs] = (await accepted) as [Socket];
    await Promise.all([gone, once(theirs, 'close')]);
    assert.equal(getTimers(), before);
    server.close();
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
      ...{ socketFile, clientVersion: '0.1.0', log: silentLog, signal: AbortSignal.timeout(5_000) },
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

  it('is in the runtime folder of the user where there is one, before the temporary folder', () => {
    const deep = join(dir, 'z'.repeat(90));
    assert.equal(dirname(dirname(socketPath(deep, { XDG_RUNTIME_DIR: '/run/user/1' }))), '/run/user/1');
    assert.equal(dirname(dirname(socketPath(deep, { XDG_RUNTIME_DIR: 'run' }))), tmpdir());
  });

  it('lets go of a window that does not read, instead of keeping for it all that happens', async () => {
    const socketFile = join(dir, 'drive.sock');
    const server = await start(socketFile);
    const socket = connect(socketFile);
    socket.pause();
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
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
