import assert from 'node:assert/strict';
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { md5 } from '../../support/md5.ts';
import { until } from '../../support/until.ts';
import { createWorld, type Headless, type HeadlessOptions, remoteFiles, type World } from '../support.ts';
import { createSmallDisk, type SmallDisk } from './smallDisk.ts';

const mib = 1024 ** 2;
const floor = 20 * mib;
const base = await mkdtemp(join(tmpdir(), 'jottacloud-disk-'));
const made = await Promise.all([createSmallDisk(base, 'state', 160 * mib), createSmallDisk(base, 'cache', 64 * mib)]);
const reason = made.find((disk) => typeof disk === 'string');
if (reason !== undefined) process.stdout.write(`tests with a small disk are left out: ${reason}\n`);
const skip = reason === undefined ? false : reason;

describe('a small local disk', { skip }, () => {
  const [stateDisk, cacheDisk] = made as [SmallDisk, SmallDisk];
  let world: World;
  let drive: Headless;
  before(async () => {
    world = await createWorld();
    await start({ loginToken: world.emulator.newLoginToken() });
  });
  after(async () => {
    await world.close();
    await stateDisk.close();
    await cacheDisk.close();
    await rm(base, { recursive: true, force: true });
  });
  afterEach(() => stop());

  async function start(options: HeadlessOptions = {}): Promise<void> {
    drive = await world.start({ state: join(stateDisk.dir, 'state'), minFree: floor, settleMs: 200, ...options });
  }
  async function stop(): Promise<void> {
    if (drive.process.exitCode === null) assert.equal(await drive.stop(), 0);
  }
  const path = (name: string) => join(drive.mountPoint, name);
  const arrived = (name: string, digest: string) =>
    until(`${name} is up`, () => remoteFiles(world.emulator).get(name)?.md5 === digest);

  it('takes as much of 2 GB as leaves the floor free, refuses the write after it, and goes on', async () => {
    await writeFile(path('kept.txt'), 'acknowledged before');
    const before = await stateDisk.freeBytes();
    const file = await open(path('huge.bin'), 'w');
    const piece = Buffer.alloc(mib, 'x');
    let taken = 0;
    let refusal: NodeJS.ErrnoException | undefined;
    while (taken < 2048 && refusal === undefined) {
      await file.write(piece).then(
        () => {
          taken += 1;
        },
        (error) => {
          refusal = error;
        },
      );
    }
    assert.equal(refusal?.code, 'ENOSPC');
    const room = (before - floor) / mib;
    assert.ok(taken <= room && taken > room - 12, `${taken} MiB taken of ${room.toFixed(1)}`);
    assert.ok((await stateDisk.freeBytes()) > floor - 4 * mib, 'the floor stands');
    // What was accepted is acknowledged, and no later call takes that back.
    await file.sync();
    await file.close();
    assert.equal((await stat(path('huge.bin'))).size, taken * mib);
    assert.equal(await readFile(path('kept.txt'), 'utf8'), 'acknowledged before');
    await assert.rejects(writeFile(path('more.bin'), Buffer.alloc(8 * mib)), { code: 'ENOSPC' });
    await rm(path('more.bin'));
    await rm(path('huge.bin'));
    await until('there is room again', async () => (await stateDisk.freeBytes()) > before - 8 * mib);
    const later = Buffer.alloc(30 * mib, 'later');
    await writeFile(path('later.bin'), later);
    await arrived('later.bin', md5(later));
    await arrived('kept.txt', md5('acknowledged before'));
    assert.equal(remoteFiles(world.emulator).has('huge.bin'), false);
  });

  it('gives up downloaded content for what is written, never what is not yet sent', async () => {
    const names = ['a', 'b', 'c', 'd'].map((name) => `remote ${name}.bin`);
    const contents = new Map(names.map((name) => [name, Buffer.alloc(15 * mib, name)]));
    for (const [name, bytes] of contents) await world.emulator.put(`/Jotta/Archive/${name}`, bytes);
    await start({ settleMs: 60_000 });
    for (const [name, bytes] of contents) {
      await until(`${name} is listed`, () => stat(path(name)).catch(() => undefined));
      assert.equal(md5(await readFile(path(name))), md5(bytes));
    }
    const before = await stateDisk.freeBytes();
    const wanted = Math.floor(before / mib) - 20 + 15;
    const ours = Buffer.alloc(wanted * mib, 'ours');
    await writeFile(path('ours.bin'), ours);
    assert.equal(md5(await readFile(path('ours.bin'))), md5(ours), 'written over what was cached');
    const evicted = names[0] as string;
    assert.equal(md5(await readFile(path(evicted))), md5(contents.get(evicted) as Buffer), 'streamed once more');
    assert.equal(md5(await readFile(path('ours.bin'))), md5(ours));
    await stop();
    await start();
    await arrived('ours.bin', md5(ours));
    for (const name of [...names, 'ours.bin', 'later.bin']) await rm(path(name));
  });

  it('keeps within the cache budget', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `small ${index}.bin`);
    for (const name of names) await world.emulator.put(`/Jotta/Archive/${name}`, Buffer.alloc(4 * mib, name));
    await start({ cacheSize: 10 * mib, cache: join(cacheDisk.dir, 'cache') });
    for (const name of names) {
      await until(`${name} is listed`, () => stat(path(name)).catch(() => undefined));
      assert.equal(md5(await readFile(path(name))), md5(Buffer.alloc(4 * mib, name)));
    }
    await until('the rest is gone', async () => (await sizeOf(join(cacheDisk.dir, 'cache'))) <= 10 * mib);
  });

  it('moves an uploaded file to a cache on another disk, and does without a cache that cannot be written', async () => {
    await start({ cache: join(cacheDisk.dir, 'cache'), cacheSize: 50 * mib });
    const bytes = Buffer.alloc(5 * mib, 'over there');
    await writeFile(path('moved.bin'), bytes);
    await arrived('moved.bin', md5(bytes));
    const cached = () => readdir(join(cacheDisk.dir, 'cache'), { recursive: true });
    await until('it is in the cache', async () => (await cached()).some((name) => name.endsWith(md5(bytes))));
    await cacheDisk.remount('ro');
    try {
      const remote = Buffer.alloc(6 * mib, 'streamed');
      await world.emulator.put('/Jotta/Archive/streamed.bin', remote);
      await until('it is listed', () => stat(path('streamed.bin')).catch(() => undefined));
      assert.equal(md5(await readFile(path('streamed.bin'))), md5(remote));
      const ours = Buffer.alloc(3 * mib, 'uploaded all the same');
      await writeFile(path('ours too.bin'), ours);
      await arrived('ours too.bin', md5(ours));
      assert.equal(md5(await readFile(path('ours too.bin'))), md5(ours));
      assert.equal(md5(await readFile(path('moved.bin'))), md5(bytes));
      await stop();
      await start({ cache: join(cacheDisk.dir, 'new cache') });
      assert.equal(md5(await readFile(path('moved.bin'))), md5(bytes), 'started without a cache');
    } finally {
      await cacheDisk.remount('rw');
    }
    assert.deepEqual(await stagingFiles(join(stateDisk.dir, 'state')), []);
  });
});

async function sizeOf(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map((entry) => stat(join(entry.parentPath, entry.name)).then(({ size }) => size)),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function stagingFiles(stateDir: string): Promise<string[]> {
  const [account = ''] = await readdir(join(stateDir, 'accounts'));
  return readdir(join(stateDir, 'accounts', account, 'staging'));
}
