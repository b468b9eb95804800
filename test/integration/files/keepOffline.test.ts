import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { ContentStore } from '../../../src/content/contentStore.ts';
import { find, locate } from '../../../src/drive/files/context.ts';
import { list, stat } from '../../../src/drive/files/entries.ts';
import { createFolder, rename } from '../../../src/drive/files/names.ts';
import { freeUpSpace, pin, removeOfflineCopy } from '../../../src/drive/files/pins.ts';
import { createFilesWorld, type FilesWorld, home, refused } from '../../support/filesSupport.ts';
import { withWorld } from '../../support/sessionWorld.ts';
import { TestClock } from '../../support/testClock.ts';
import { until } from '../../support/until.ts';

describe('pinned content', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'pins-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  it('is never evicted and does not count against the budget', async () => {
    const [kept, other, third] = ['a', 'b', 'c'].map((letter) => letter.repeat(32));
    const body = Buffer.alloc(1000);
    const store = await ContentStore.open(dir, { maxBytes: 8192, minFreeBytes: 0 }, silentLog);
    await store.keepBlock(kept as string, 0, body);
    store.setPinned(new Set([kept as string]));
    for (const md5 of [other, third]) await store.keepBlock(md5 as string, 0, body);
    assert.deepEqual(
      [kept, other, third].map((md5) => store.hasBlock(md5 as string, 0)),
      [true, true, true],
    );
    assert.ok((await store.evict(Number.POSITIVE_INFINITY)) >= 8192);
    assert.deepEqual(
      [kept, other, third].map((md5) => store.hasBlock(md5 as string, 0)),
      [true, false, false],
    );
    store.setPinned(new Set());
    store.setBudget({ maxBytes: 10, minFreeBytes: 0 });
    assert.equal(store.hasBlock(kept as string, 0), false);
  });
});

describe('keep offline', () => {
  let world: FilesWorld;
  const path = `${home}/album`;

  beforeEach(async () => {
    world = await createFilesWorld();
    const { emulator } = world.drive;
    await emulator.put(`${path}/a.jpg`, Buffer.alloc(600_000, 'a'));
    await emulator.put(`${path}/sub/b.jpg`, Buffer.alloc(10, 'b'));
    await emulator.put(`${home}/other.jpg`, Buffer.alloc(10, 'o'));
  });
  afterEach(() => world.drive.close());

  const syncOf = async (file: string) => (await stat(world.context, file)).sync;
  const isCached = async (file: string) => (await syncOf(file)) === 'cached';

  it('fetches everything below a folder ahead, and only that', async () => {
    await pin(world.context, path);
    await until('the files', async () => (await isCached(`${path}/a.jpg`)) && (await isCached(`${path}/sub/b.jpg`)));
    assert.equal(await syncOf(`${home}/other.jpg`), 'cloud');
    assert.equal((await stat(world.context, path)).pin, 'own');
    assert.deepEqual(
      (await list(world.context, path, false)).map((entry) => entry.pin),
      ['inherited', 'inherited'],
    );
  });

  it('keeps what frees space away from it, over a restart and a rename', async () => {
    await pin(world.context, path);
    await until('the files', async () => (await isCached(`${path}/a.jpg`)) && (await isCached(`${path}/sub/b.jpg`)));
    await world.text('other.jpg');
    await until('the other file', () => isCached(`${home}/other.jpg`));
    const { freedBytes } = await freeUpSpace(world.context);
    assert.equal(freedBytes, 4096);
    assert.equal(await syncOf(`${home}/other.jpg`), 'cloud');
    await rename(world.context, { from: path, to: `${home}/renamed`, overwrite: false });
    await world.drive.settle();
    await world.drive.restart();
    assert.equal(await syncOf(`${home}/renamed/a.jpg`), 'cached');
    await freeUpSpace(world.context);
    assert.equal(await syncOf(`${home}/renamed/a.jpg`), 'cached');
  });

  it('keeps the rest of a file that was changed in part, until that is sent', async () => {
    await pin(world.context, path);
    await until('the file', () => isCached(`${path}/a.jpg`));
    const { vfs, pusher } = world.drive.session();
    pusher.setPaused(true);
    const { ino } = await vfs.resolve(1, `${path}/a.jpg`.split('/').filter(Boolean));
    const fh = await vfs.open(ino, { writing: true, append: false, truncate: false });
    await vfs.write(fh, Buffer.from('changed'), 300_000);
    await vfs.release(fh);
    await freeUpSpace(world.context);
    await world.drive.emulator.outage(true);
    await world.drive.restart();
    assert.equal((await world.text('album/a.jpg')).length, 600_000);
  });

  for (const state of ['closed', 'open']) {
    it(`stays with the name of a file that is ${state} when an editor saves by rename`, async () => {
      const { vfs, pins } = world.drive.session();
      const [saved, target] = [`${home}/other.jpg~`, `${home}/other.jpg`];
      await world.save('other.jpg~', 'saved');
      await pin(world.context, target);
      if (state === 'open') {
        const place = await locate(world.context, target);
        await vfs.open((await find(world.context, target)).ino, { writing: false, append: false, truncate: false });
        await vfs.tryHide(place, { ...place, name: '.fuse_hidden1' });
      }
      await rename(world.context, { from: saved, to: target, overwrite: true });
      assert.equal((await stat(world.context, target)).pin, 'own');
      assert.equal(pins.getAll().size, 1);
    });
  }

  it('fetches what changes and what comes', async () => {
    await pin(world.context, path);
    await until('the files', () => isCached(`${path}/a.jpg`));
    await world.drive.emulator.put(`${path}/a.jpg`, Buffer.alloc(300_000, 'A'));
    await world.drive.emulator.put(`${path}/sub/new.jpg`, Buffer.alloc(20, 'n'));
    await world.drive.session().poller.pollNow('full');
    const entry = await stat(world.context, `${path}/a.jpg`);
    assert.equal(entry.size, 300_000);
    await until('the new content', async () => {
      return (await isCached(`${path}/a.jpg`)) && (await isCached(`${path}/sub/new.jpg`));
    });
  });

  it('ends with the offline copy, whose bytes are freed', async () => {
    await pin(world.context, path);
    await until('the files', async () => (await isCached(`${path}/a.jpg`)) && (await isCached(`${path}/sub/b.jpg`)));
    await refused('pinnedAbove', removeOfflineCopy(world.context, `${path}/a.jpg`));
    const { freedBytes } = await removeOfflineCopy(world.context, path);
    assert.ok(freedBytes >= 600_000);
    assert.equal(await syncOf(`${path}/a.jpg`), 'cloud');
    assert.equal((await stat(world.context, path)).pin, 'none');
    await pin(world.context, `${path}/a.jpg`);
    await until('the file again', () => isCached(`${path}/a.jpg`));
    assert.equal(await syncOf(`${path}/sub/b.jpg`), 'cloud');
  });

  it('waits while transfers are paused', async () => {
    const { pusher } = world.drive.session();
    pusher.setPaused(true);
    await stat(world.context, `${path}/a.jpg`);
    await pin(world.context, path);
    await createFolder(world.context, `${home}/meanwhile`);
    assert.equal(await syncOf(`${path}/a.jpg`), 'cloud');
    pusher.setPaused(false);
    await until('the file', () => isCached(`${path}/a.jpg`));
  });
});

describe('keep offline, with little room', () => {
  const path = `${home}/kept.bin`;

  it('asks the server for nothing that the disk has no room for, says so, and goes on when it has', () =>
    withWorld({}, { clock: new TestClock() }, async (world, emulator) => {
      await emulator.put(path, Buffer.alloc(600_000, 'k'));
      const { store, pins, keeper, reader, nodes } = world.session();
      store.setBudget({ maxBytes: 1024 ** 3, minFreeBytes: Number.MAX_SAFE_INTEGER });
      const ino = await world.find(path);
      pins.add(ino);
      keeper.nudge();
      const downloads = () => emulator.requests().filter(({ url }) => url.includes('mode=bin')).length;
      await world.until('it is looked at', () => world.complaints.length > 0 || downloads() > 0);
      assert.equal(downloads(), 0);
      assert.match(world.complaints[0] ?? '', /no room for files kept offline/);
      store.setBudget({ maxBytes: 1024 ** 3, minFreeBytes: 0 });
      const { md5, size } = nodes.get(ino) as { md5: string; size: number };
      await world.until('it is here', () => reader.isLocal({ md5, size }));
      assert.equal(world.complaints.length, 1);
    }));

  it('keeps what is uploaded to a pinned file, whatever the size of the cache', () =>
    withWorld({}, { budget: { maxBytes: 100_000, minFreeBytes: 0 } }, async (world) => {
      world.session().pins.add(await world.save(path, 'small'));
      await world.save(path, Buffer.alloc(600_000, 'k'));
      await world.drain();
      const { store, nodes } = world.session();
      const { md5, size } = nodes.get(await world.find(path)) as { md5: string; size: number };
      assert.ok(store.hasAll(md5, size));
    }));
});

describe('the notice of visible changes', () => {
  it('names the folders in which something was changed here or got content', async () => {
    const world = await createFilesWorld();
    try {
      await world.drive.emulator.put(`${home}/read/me`, Buffer.from('bytes'));
      const told = new Set<number>();
      const { shown, vfs } = world.drive.session();
      const folder = async (path: string) => (await vfs.resolve(1, path.split('/').filter(Boolean))).ino;
      await createFolder(world.context, `${home}/made`);
      await world.names('read');
      const { promise, resolve } = Promise.withResolvers<void>();
      shown.changed.on((inos) => {
        for (const ino of inos) told.add(ino);
        resolve();
      });
      await promise;
      assert.ok(told.has(await folder(home)));
      told.clear();
      await world.text('read/me');
      const read = await folder(`${home}/read`);
      await until('the notice', () => told.has(read));
      told.clear();
      await world.save('made/x', 'x');
      const made = await folder(`${home}/made`);
      await until('the notice', () => told.has(made));
    } finally {
      await world.drive.close();
    }
  });
});
