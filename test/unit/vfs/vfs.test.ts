import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../../../src/base/clock.ts';
import { Foreground } from '../../../src/base/foreground.ts';
import { LocalFile } from '../../../src/base/localFile.ts';
import { silentLog } from '../../../src/base/log.ts';
import { ContentReader } from '../../../src/content/contentReader.ts';
import { ContentStore } from '../../../src/content/contentStore.ts';
import { StagingStore } from '../../../src/content/stagingStore.ts';
import { DurabilityBarrier } from '../../../src/store/durability.ts';
import { type Ino, rootIno } from '../../../src/store/nodeRow.ts';
import { Nodes } from '../../../src/store/nodes.ts';
import { Pins } from '../../../src/store/pins.ts';
import { checkpoint, openDatabase } from '../../../src/store/schema.ts';
import { Xattrs } from '../../../src/store/xattrs.ts';
import type { Folders } from '../../../src/sync/pull/folders.ts';
import type { Pusher } from '../../../src/sync/push/pusher.ts';
import { Activity } from '../../../src/sync/tree/activity.ts';
import { defaultLocalNames, LocalNames } from '../../../src/vfs/localNames.ts';
import type { Fh } from '../../../src/vfs/openInode.ts';
import { Vfs } from '../../../src/vfs/vfs.ts';
import { blockSums } from '../../support/blockSums.ts';
import { md5 as contentMd5 } from '../../support/md5.ts';

const writing = { writing: true, append: false, truncate: false };
const reading = { writing: false, append: false, truncate: false };
let dir: string;
let now: number;
let db: DatabaseSync;
let nodes: Nodes;
let barrier: DurabilityBarrier;
let staging: StagingStore;
let activity: Activity;
let vfs: Vfs;
let store: ContentStore;
/** Bytes that room was asked for. */
let asked: number[];
let home: Ino;

beforeEach(async () => {
  now = 1_000_000;
  dir = mkdtempSync(join(tmpdir(), 'vfs-'));
  db = openDatabase(join(dir, 'metadata.db'));
  nodes = new Nodes(db);
  barrier = new DurabilityBarrier({
    databaseFile: join(dir, 'metadata.db'),
    syncBytes: () => staging.syncFlushed(),
    writeBack: () => checkpoint(db),
    shorten: () => {},
    clock: systemClock,
    log: silentLog,
  });
  staging = new StagingStore({
    dir: join(dir, 'staging'),
    lostDir: join(dir, 'lost'),
    db,
    whenDurable: () => barrier.whenDurable(),
    log: silentLog,
  });
  await staging.recover({ nodes, now, bootId: 'boot', onTorn: () => {} });
  store = await ContentStore.open(join(dir, 'c'), { maxBytes: 1e6, minFreeBytes: 0 }, silentLog);
  const source = { openRange: () => Promise.reject(new Error('no network')), comesWhole: () => false, doubt: () => {} };
  const reader = new ContentReader({ store, source, log: silentLog, signal: new AbortController().signal });
  const clock = { now: () => now, sleep: async () => {} };
  // Every folder is known; nothing is pushed.
  const folders = { noteViewed: () => {}, ensureListed: async () => {}, isKnown: () => true } as unknown as Folders;
  const pusher = { nudge: () => {}, cancelUpload: () => {}, isPushing: () => false } as unknown as Pusher;
  activity = new Activity(clock);
  const localNames = new LocalNames(defaultLocalNames);
  const [xattrs, pins] = [new Xattrs(db), new Pins(db)];
  const log = silentLog;
  asked = [];
  const room = {
    ensure: async (bytes: number) => void asked.push(bytes),
    ensureAny: async () => {},
    spendReserve: () => {},
  };
  const onVisibleChange = () => {};
  const parts = {
    nodes,
    xattrs,
    pins,
    staging,
    reader,
    barrier,
    activity,
    folders,
    remote: { isReadOnly: () => false },
    pusher,
    localNames,
    linkRules: { followOutside: false },
    room,
    foreground: new Foreground({ now: () => 0, sleep: async () => {} }),
    clock,
    log,
  };
  vfs = new Vfs({ ...parts, onVisibleChange });
  home = addFolder('home', rootIno);
});
afterEach(async () => {
  await staging.closeAll();
  await barrier.close();
  db.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Staging files, once no more than `most` are left of those that nobody needs: they go when the disk has what gave them up. */
async function listStaging(most: number): Promise<string[]> {
  await vfs.sync();
  const end = performance.now() + 10_000;
  while (readdirSync(join(dir, 'staging')).length > most && performance.now() < end) await turn();
  return readdirSync(join(dir, 'staging'));
}

function addFolder(name: string, parent: Ino): Ino {
  const synced = { parent, name, wire: name, md5: null, size: 0, mtime: 0, revision: null, uuid: null };
  const mtime = { sec: 1, nsec: 0 };
  const row = { kind: 'folder', parent, name, size: 0, mtime, ctimeMs: 0, mode: 0o755, md5: null } as const;
  return nodes.update(nodes.insert({ ...row, localOnly: false, synced }).ino, { listedAt: 1 }).ino;
}
async function save(name: string, text: string): Promise<Ino> {
  const { row, fh } = await vfs.create(home, name, 0o644, { ...writing, truncate: true, exclusive: false });
  await vfs.write(fh, Buffer.from(text), 0);
  await vfs.release(fh);
  return row.ino;
}
async function readText(name: string): Promise<string> {
  const fh = await vfs.open((await vfs.lookup(home, name)).ino, reading);
  const bytes = await vfs.read(fh, 0, 1000);
  await vfs.release(fh);
  return bytes.toString();
}
const fails = (work: Promise<unknown>, code: string) => assert.rejects(work, { name: 'ErrnoError', code });

describe('the vfs', () => {
  it('reads what was saved when the upload of it ends while the file is opened', async () => {
    const ino = await save('a.txt', 'hello');
    const { staging: id } = nodes.get(ino) as { staging: string };
    const md5 = '5d41402abc4b2a76b9719d911017c592';
    const opening = vfs.open(ino, reading);
    nodes.update(ino, { staging: null, md5 });
    await store.moveIntoCache({ md5, blockSums: blockSums(Buffer.from('hello')) }, 5, staging.path(id));
    const fh = await opening;
    assert.equal((await vfs.read(fh, 0, 10)).toString(), 'hello');
    assert.equal(vfs.getHandleAttr(fh).size, 5);
    await vfs.release(fh);
  });

  it('is read by who has it open while somebody else empties it', async () => {
    const ino = await save('a.txt', 'hello'.repeat(40_000));
    await vfs.sync();
    const reader = await vfs.open(ino, reading);
    let ended = false;
    const emptied = vfs.open(ino, { ...writing, truncate: true }).finally(() => {
      ended = true;
    });
    const failed: unknown[] = [];
    while (!ended) {
      await vfs.read(reader, 0, 10).catch((error) => failed.push(error));
      await turn();
    }
    await vfs.release(await emptied);
    await vfs.release(reader);
    assert.deepEqual(failed, []);
  });

  it('reads on while the whole file gets other content', async () => {
    const failed: unknown[] = [];
    const size = 500_000;
    for (let round = 0; round < 20; round += 1) {
      const base = Buffer.alloc(size, 97);
      const md5 = contentMd5(base);
      const ino = await save(`f${round}`, 'x');
      await writeFile(join(dir, 'whole'), base);
      await store.moveIntoCache({ md5, blockSums: blockSums(base) }, size, join(dir, 'whole'));
      nodes.update(ino, { staging: null, md5, size });
      // Written in part: the staging file is short, the rest is the base's.
      const w = await vfs.open(ino, writing);
      await vfs.write(w, Buffer.alloc(200_000, 49), 0);
      await vfs.release(w);
      await vfs.sync();
      const r = await vfs.open(ino, reading);
      const reads = [];
      const put = vfs.put({ parent: home, name: `f${round}` }, { create: false, overwrite: true }, async (draft) => {
        await draft.write(Buffer.from('new'));
      });
      let ended = false;
      void put.finally(() => {
        ended = true;
      });
      while (!ended) {
        reads.push(vfs.read(r, 0, 600_000).catch((error) => void failed.push(error)));
        await turn();
      }
      await put;
      await Promise.all(reads);
      await vfs.release(r);
    }
    assert.equal(failed.length, 0, String((failed[0] as Error | undefined)?.cause));
  });

  it('asks room for the zeros that it writes over what the server has', async () => {
    const ino = await save('a.txt', 'hello');
    nodes.update(ino, { staging: null, md5: '5d41402abc4b2a76b9719d911017c592', size: 10 * 2 ** 20 });
    const fh = await vfs.open(ino, writing);
    asked = [];
    const before = new Set(readdirSync(join(dir, 'staging')));
    await vfs.allocate(fh, 0, 10 * 2 ** 20, { what: 'zero', keepSize: true });
    const made = readdirSync(join(dir, 'staging')).find((name) => !before.has(name)) ?? '';
    const taken = statSync(join(dir, 'staging', made)).blocks * 512;
    const room = asked.reduce((sum, bytes) => sum + bytes, 0);
    await vfs.release(fh);
    assert.ok(room >= taken, `${taken} bytes of the disk were taken, room was asked for ${room}`);
  });

  it('reads back what was saved, in any case, without a network', async () => {
    await save('A.txt', 'hello');
    assert.equal(await readText('a.TXT'), 'hello');
    assert.equal(vfs.getAttr((await vfs.lookup(home, 'a.txt')).ino).size, 5);
    assert.equal(vfs.openHandles, 0);
  });

  it('shows and keeps the time of a write, whoever looks the file up before the flush', async () => {
    const ino = await save('a', 'one');
    now = 9_000_000;
    const fh = await vfs.open(ino, writing);
    await vfs.write(fh, Buffer.from('two'), 0);
    await vfs.lookup(home, 'a');
    assert.equal(vfs.getAttr(ino).mtime.sec, 9000);
    await vfs.release(fh);
    assert.equal(nodes.get(ino)?.mtime.sec, 9000);
  });

  it('asks room for what zeroing writes, not for holes nor beyond the end', async () => {
    const { fh } = await vfs.create(home, 'a', 0o644, { ...writing, truncate: true, exclusive: false });
    await vfs.truncateHandle(fh, 1_000_000);
    await vfs.write(fh, Buffer.from('hello'), 500_000);
    asked = [];
    await vfs.allocate(fh, 100, 400_000, { what: 'zero', keepSize: true });
    await vfs.allocate(fh, 2_000_000, 2 ** 50, { what: 'zero', keepSize: true });
    assert.deepEqual(asked, []);
    await vfs.allocate(fh, 500_001, 2 ** 50, { what: 'zero', keepSize: true });
    assert.deepEqual(asked, [4]);
    assert.equal((await vfs.read(fh, 500_000, 5)).toString(), 'h\0\0\0\0');
    assert.equal(vfs.getHandleAttr(fh).size, 1_000_000);
    await vfs.allocate(fh, 999_990, 30, { what: 'zero', keepSize: false });
    assert.deepEqual(asked, [4, 20 + 10]);
    await vfs.release(fh);
  });

  it('replaces by rename, and deletes the bytes no one has', async () => {
    await save('a', 'old');
    await save('tmp', 'new');
    await fails(vfs.rename({ parent: home, name: 'tmp' }, { parent: home, name: 'a' }, 'noReplace'), 'EEXIST');
    await vfs.rename({ parent: home, name: 'tmp' }, { parent: home, name: 'a' }, 'replace');
    assert.equal(await readText('a'), 'new');
    await fails(vfs.lookup(home, 'tmp'), 'ENOENT');
    assert.equal((await listStaging(1)).length, 1);
  });

  describe('and the disk', () => {
    const { datasync } = LocalFile.prototype;
    /** Names of the files that were synced. */
    let synced: string[];
    beforeEach(() => {
      synced = [];
      LocalFile.prototype.datasync = async function () {
        synced.push(basename(this.path));
        await datasync.call(this);
      };
    });
    afterEach(() => {
      LocalFile.prototype.datasync = datasync;
    });
    const log = 'metadata.db-wal';
    const openNew = async (name: string) => {
      const { row, fh } = await vfs.create(home, name, 0o644, { ...writing, exclusive: true });
      return { fh, getId: () => nodes.get(row.ino)?.staging };
    };

    it('asks the disk for nothing at a close, and waits for it at an fsync', async () => {
      const { fh, getId } = await openNew('a');
      for (const text of ['one ', 'two ']) await vfs.write(fh, Buffer.from(text), text === 'one ' ? 0 : 4);
      await vfs.flushHandle(fh);
      await vfs.mkdir(home, 'd', 0);
      await vfs.rename({ parent: home, name: 'd' }, { parent: home, name: 'e' }, 'replace');
      await vfs.rmdir(home, 'e');
      assert.deepEqual(synced, []);
      await vfs.syncHandle(fh);
      assert.deepEqual(synced, [getId(), log], 'bytes before the row');
      await vfs.write(fh, Buffer.from('three'), 8);
      await vfs.syncHandle(fh);
      assert.deepEqual(synced, [getId(), log, getId(), log]);
      await vfs.release(fh);
      assert.equal(synced.length, 4);
    });

    it('reads without asking the disk for anything', async () => {
      await save('a', 'text');
      await vfs.sync();
      synced = [];
      const fh = await vfs.open((await vfs.lookup(home, 'a')).ino, reading);
      await vfs.read(fh, 0, 10);
      await vfs.flushHandle(fh);
      await vfs.release(fh);
      assert.deepEqual(synced, []);
    });

    it('syncs at its close what no checksum could tell of', async () => {
      const { fh, getId } = await openNew('a');
      await vfs.write(fh, Buffer.from('some text'), 0);
      await vfs.write(fh, Buffer.from('T'), 5);
      await vfs.flushHandle(fh);
      assert.deepEqual(synced, [getId()]);
      await vfs.release(fh);
    });

    it('syncs at its close what takes the place of other bytes that were not sent', async () => {
      const ino = await save('a', 'not sent');
      const fh = await vfs.open(ino, { ...writing, truncate: true });
      await vfs.write(fh, Buffer.from('anew'), 0);
      synced = [];
      await vfs.flushHandle(fh);
      assert.deepEqual(synced, [nodes.get(ino)?.staging]);
      await vfs.release(fh);
    });

    it('has the new bytes on the disk before a rename gives them the name of another file', async () => {
      await save('a', 'old');
      await vfs.sync();
      const { fh, getId } = await openNew('tmp');
      await vfs.write(fh, Buffer.from('not even closed'), 0);
      synced = [];
      await vfs.rename({ parent: home, name: 'tmp' }, { parent: home, name: 'a' }, 'replace');
      assert.deepEqual(synced, [getId()]);
      await vfs.release(fh);
      assert.equal(await readText('a'), 'not even closed');
    });
  });

  it('shows zeros where a file grows over bytes that could not be flushed', async () => {
    const ino = await save('a', 'text');
    const fh = await vfs.open(ino, writing);
    await vfs.write(fh, Buffer.from(' and more'), 4);
    db.exec('PRAGMA query_only = 1');
    await assert.rejects(vfs.flushHandle(fh));
    await vfs.release(fh);
    db.exec('PRAGMA query_only = 0');
    await vfs.truncate(ino, 10);
    const again = await vfs.open(ino, reading);
    assert.deepEqual(await vfs.read(again, 0, 100), Buffer.concat([Buffer.from('text'), Buffer.alloc(6)]));
    await vfs.release(again);
  });

  it('keeps the bytes of an unlinked file until the last close', async () => {
    const ino = await save('a', 'text');
    const fh = await vfs.open(ino, reading);
    await vfs.unlink(home, 'a');
    assert.equal((await vfs.read(fh, 0, 10)).toString(), 'text');
    await vfs.release(fh);
    assert.equal(nodes.get(ino), undefined);
    assert.deepEqual(await listStaging(0), []);
  });

  describe('renames onto an open file as libfuse does, which hides that first', () => {
    const hidden = '.fuse_hidden0000000100000001';
    let open: Ino;
    let fh: Fh;
    beforeEach(async () => {
      open = await save('._open', 'open');
      fh = await vfs.open(open, reading);
    });
    const hide = () => vfs.tryHide({ parent: home, name: '._open' }, { parent: home, name: hidden });
    const follow = (from: string) =>
      vfs.rename({ parent: home, name: from }, { parent: home, name: '._open' }, 'replace');
    const saveSynced = async () => {
      const synced = { parent: home, name: 'sent', wire: 'sent', md5: 'm', size: 1, mtime: 1, revision: 1, uuid: null };
      nodes.update(await save('sent', 'sent'), { synced });
    };

    it('and has it under its name again when the rename is refused', async () => {
      await saveSynced();
      await hide();
      await fails(follow('sent'), 'EXDEV');
      assert.equal((await vfs.lookup(home, '._open')).ino, open);
      assert.equal((await vfs.lookup(home, hidden)).ino, open);
      await vfs.release(fh);
      await vfs.unlink(home, hidden);
      assert.equal((await vfs.lookup(home, '._open')).ino, open);
    });

    it('and has it again though it was closed in that moment', async () => {
      await saveSynced();
      await vfs.release(fh);
      await hide();
      await fails(follow('sent'), 'EXDEV');
      await vfs.unlink(home, hidden);
      fh = await vfs.open((await vfs.lookup(home, '._open')).ino, reading);
      assert.equal(String(await vfs.read(fh, 0, 10)), 'open');
      await vfs.release(fh);
    });

    it('and gives up one that was replaced', async () => {
      await save('._new', 'new');
      await hide();
      await follow('._new');
      await vfs.release(fh);
      await vfs.unlink(home, hidden);
      assert.equal(nodes.get(open), undefined);
      assert.equal((await listStaging(1)).length, 1);
    });

    it('and gives up one that was removed, closed before that', async () => {
      await vfs.release(fh);
      await hide();
      await vfs.unlink(home, hidden);
      assert.equal(nodes.get(open), undefined);
      assert.deepEqual(await listStaging(0), []);
    });

    it('and keeps in the tree what a person gives such a name right after its close', async () => {
      await vfs.release(fh);
      await hide();
      assert.ok((await vfs.readdir(home)).some(({ name }) => name === hidden));
      await vfs.rename({ parent: home, name: hidden }, { parent: home, name: '._kept' }, 'replace');
      assert.equal((await vfs.lookup(home, '._kept')).ino, open);
      await fails(vfs.lookup(home, hidden), 'ENOENT');
    });

    it('and leaves one removed that was removed before', async () => {
      await saveSynced();
      await hide();
      // As the kernel does before it renames onto a name that it knows to be free.
      await fails(vfs.lookup(home, '._open'), 'ENOENT');
      await fails(follow('sent'), 'EXDEV');
      await fails(vfs.lookup(home, '._open'), 'ENOENT');
      await vfs.release(fh);
      await vfs.unlink(home, hidden);
      assert.equal(nodes.get(open), undefined);
    });

    it('and leaves one removed that was removed long before', async () => {
      await saveSynced();
      await hide();
      now += 10_000;
      await fails(follow('sent'), 'EXDEV');
      await fails(vfs.lookup(home, '._open'), 'ENOENT');
      await vfs.release(fh);
    });
  });

  it('leaves no staging file behind when a file the server has is edited, unlinked and closed', async () => {
    const ino = await save('a', 'text');
    const synced = { parent: home, name: 'a', wire: 'a', md5: 'm', size: 1, mtime: 1, revision: 1, uuid: null };
    nodes.update(ino, { synced });
    const fh = await vfs.open(ino, writing);
    await vfs.unlink(home, 'a');
    await vfs.release(fh);
    assert.deepEqual(await listStaging(0), []);
  });

  it('forgets nothing that is being closed, though a removal is over in that moment', async () => {
    const ino = await save('a', 'text');
    const synced = { parent: home, name: 'a', wire: 'a', md5: 'm', size: 1, mtime: 1, revision: 1, uuid: null };
    nodes.update(ino, { synced });
    const fh = await vfs.open(ino, writing);
    await vfs.unlink(home, 'a');
    const close = staging.close.bind(staging);
    staging.close = async (id) => {
      await close(id);
      // As a listing does with what is gone from the server too.
      if (!activity.isOpen(ino)) nodes.remove(ino);
    };
    await vfs.release(fh);
    assert.equal(activity.isOpen(ino), false);
    assert.deepEqual(await listStaging(0), []);
  });

  it('refuses what a file system refuses', async () => {
    await vfs.mkdir(home, 'd', 0);
    const sub = await vfs.mkdir((await vfs.lookup(home, 'd')).ino, 'e', 0);
    await save('f', 'x');
    await fails(vfs.mkdir(home, 'D', 0), 'EEXIST');
    await fails(vfs.rmdir(home, 'd'), 'ENOTEMPTY');
    await fails(vfs.unlink(home, 'd'), 'EISDIR');
    await fails(vfs.rmdir(home, 'f'), 'ENOTDIR');
    await fails(vfs.rename({ parent: home, name: 'd' }, { parent: sub.ino, name: 'x' }, 'replace'), 'EINVAL');
    await fails(vfs.rename({ parent: home, name: 'f' }, { parent: home, name: 'd' }, 'replace'), 'EISDIR');
    await fails(vfs.mkdir(rootIno, 'x', 0), 'EPERM');
    await fails(vfs.mkdir(home, 'x'.repeat(256), 0), 'ENAMETOOLONG');
    await fails(vfs.read(99, 0, 1), 'EBADF');
  });

  for (const [what, act] of [
    ['removed', () => vfs.rmdir(home, 'd')],
    ['replaced', () => vfs.rename({ parent: home, name: 'e' }, { parent: home, name: 'd' }, 'replace')],
  ] as const) {
    it(`keeps a folder from being ${what} when something comes into it while its litter goes`, async () => {
      const [folder] = [addFolder('d', home), addFolder('e', home)];
      const { fh } = await vfs.create(folder, '.DS_Store', 0, { ...writing, exclusive: true });
      await vfs.release(fh);
      const durable = mock.method(barrier, 'acknowledge', async () => {
        durable.mock.restore();
        addFolder('theirs', folder);
      });
      await fails(act(), 'ENOTEMPTY');
    });
  }

  it('takes what leaves a litter folder up to the server', async () => {
    const litter = await vfs.mkdir(home, '.TemporaryItems', 0);
    const bundle = await vfs.mkdir(litter.ino, 'doc.rtfd', 0);
    const { row, fh } = await vfs.create(bundle.ino, 'TXT.rtf', 0, { ...writing, exclusive: true });
    await vfs.release(fh);
    await vfs.rename({ parent: litter.ino, name: 'doc.rtfd' }, { parent: home, name: 'doc.rtfd' }, 'replace');
    assert.equal(nodes.get(row.ino)?.localOnly, false, 'the file would never be uploaded');
  });
});
