import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { proveToDrive, proveToWindow } from '../../../src/protocol/socketProof.ts';
import { findSocketSecret, makeSocketSecret } from '../../../src/protocol/socketSecret.ts';

const secret = randomBytes(32);
/** Longer than any test takes; what is over sooner did not wait for it. */
const longMs = 100_000;

describe('the two ends of the socket', () => {
  let dir: string;
  let server: Server;
  let window: Socket;
  let drive: Socket;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'jottacloud-proof-'));
    server = createServer().listen(join(dir, 's'));
    const accepted = once(server, 'connection');
    window = connect(join(dir, 's'));
    [drive] = (await accepted) as [Socket];
  });
  afterEach(async () => {
    for (const socket of [window, drive]) socket.destroy();
    server.close();
    await rm(dir, { recursive: true });
  });

  it('know each other by their secret, which is not in what they say', async () => {
    let said = Buffer.alloc(0);
    const [windowEnd, toWindow] = duplexPair();
    const [driveEnd, toDrive] = duplexPair();
    toWindow.on('data', (chunk: Buffer) => {
      said = Buffer.concat([said, chunk]);
      toDrive.write(chunk);
    });
    toDrive.on('data', (chunk: Buffer) => {
      said = Buffer.concat([said, chunk]);
      // A socket may give them in any pieces.
      for (const byte of chunk) toWindow.write(Buffer.of(byte));
    });
    const outcomes = [proveToDrive(windowEnd, secret, longMs), proveToWindow(driveEnd, secret, longMs)];
    assert.deepEqual(await Promise.all(outcomes), ['proved', 'proved']);
    assert.equal(said.length, 128);
    assert.ok(!said.includes(secret));
  });

  it('read on where the proof ended: a message that came with it is not lost', async () => {
    const [windowEnd, toWindow] = duplexPair();
    const [driveEnd, toDrive] = duplexPair();
    toWindow.pipe(toDrive);
    let held = Buffer.alloc(0);
    toDrive.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      if (held.length !== 32 && !held.includes('message')) return;
      toWindow.write(held);
      held = Buffer.alloc(0);
    });
    const proving = proveToDrive(windowEnd, secret, longMs);
    assert.equal(await proveToWindow(driveEnd, secret, longMs), 'proved');
    driveEnd.write('the first message');
    assert.equal(await proving, 'proved');
    const [message] = await once(windowEnd, 'data');
    assert.equal(String(message), 'the first message');
  });

  it('refuse each other when they have different secrets', async () => {
    const other = randomBytes(32);
    const outcomes = [proveToDrive(window, other, longMs), proveToWindow(drive, secret, longMs)];
    assert.deepEqual(await Promise.all(outcomes), ['gone', 'wrong']);
    assert.ok(window.destroyed && drive.destroyed);
  });

  it('are not deceived by their own words', async () => {
    drive.pipe(drive);
    assert.equal(await proveToDrive(window, secret, longMs), 'wrong');
    assert.ok(window.destroyed);
  });

  it('do not wait for who stops in the middle of the proof', async () => {
    window.write(randomBytes(32 + 16));
    const [outcome] = await Promise.all([proveToWindow(drive, secret, 100), once(window, 'data')]);
    assert.equal(outcome, 'silent');
    assert.ok(drive.destroyed);
  });

  it('do not wait for who leaves in the middle of the proof', async () => {
    window.end(randomBytes(16));
    assert.equal(await proveToWindow(drive, secret, longMs), 'gone');
  });

  it('let go of who sends more than a proof, and keep none of it', async () => {
    const endless = Buffer.alloc(1024 * 1024);
    window.on('error', () => {});
    const gone = new Promise((resolve) => window.once('close', resolve));
    const flood = () => {
      while (window.writable && window.write(endless));
    };
    window.on('drain', flood);
    flood();
    assert.equal(await proveToWindow(drive, secret, longMs), 'wrong');
    assert.ok(drive.bytesRead < endless.length, `${drive.bytesRead}`);
    await gone;
  });

  it('say nothing where there is no secret', async () => {
    assert.equal(await proveToDrive(window, undefined, longMs), 'noSecret');
    assert.equal(window.bytesWritten, 0);
  });
});

describe('the secret of the socket', () => {
  let dir: string;
  let file: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'jottacloud-secret-'));
    file = join(dir, 'socket-secret');
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('is made anew by each drive, for its user alone', async () => {
    const umask = process.umask(0);
    try {
      const first = await makeSocketSecret(dir);
      const second = await makeSocketSecret(dir);
      assert.equal(second.length, 32);
      assert.notDeepEqual(first, second);
      assert.deepEqual(await findSocketSecret(dir), second);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
    } finally {
      process.umask(umask);
    }
  });

  it('is not written through a link that waits where it is made', async () => {
    await writeFile(join(dir, 'theirs'), '');
    await symlink(join(dir, 'theirs'), `${file}.new`);
    await symlink(join(dir, 'theirs'), file);
    const made = await makeSocketSecret(dir);
    assert.deepEqual(await findSocketSecret(dir), made);
    assert.equal(await readFile(join(dir, 'theirs'), 'utf8'), '');
  });

  it('is none when it is missing, short, a link, readable by others or made by somebody else', async () => {
    assert.equal(await findSocketSecret(dir), undefined);
    const made = await makeSocketSecret(dir);
    await chmod(file, 0o640);
    assert.equal(await findSocketSecret(dir), undefined);
    await chmod(file, 0o600);
    assert.deepEqual(await findSocketSecret(dir), made);
    await rename(file, join(dir, 'elsewhere'));
    await symlink(join(dir, 'elsewhere'), file);
    assert.equal(await findSocketSecret(dir), undefined);
    await rename(join(dir, 'elsewhere'), file);
    await chown(file, 1234, 1234);
    assert.equal(await findSocketSecret(dir), undefined);
    await chown(file, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
    await writeFile(file, made.subarray(1));
    assert.equal(await findSocketSecret(dir), undefined);
  });
});
