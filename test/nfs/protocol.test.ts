import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { LocalFile } from '../../src/base/localFile.ts';
import type { Attributes } from './attributes.ts';
import { type NfsClient, nfsStatus } from './client.ts';
import { type NfsWorld, openNfsWorld } from './world.ts';

const asHandle = (answer: Buffer | number): Buffer => {
  assert.ok(Buffer.isBuffer(answer), `NFS status ${answer}`);
  return answer;
};
const asAttributes = (answer: Attributes | number): Attributes => {
  assert.ok(typeof answer === 'object', `NFS status ${answer}`);
  return answer;
};

/** What Linux renames an open file to that it is to remove. */
const getSillyName = async (client: NfsClient, file: Buffer): Promise<string> => {
  const { fileid } = asAttributes(await client.getattr(file));
  return `.nfs${fileid.toString(16).padStart(16, '0')}00000001`;
};

describe('an NFS client of the drive', () => {
  let nfs: NfsWorld;
  before(async () => {
    // A clock that stands still, as it does for what happens within a millisecond.
    nfs = await openNfsWorld({ now: () => 4_000_000_000_000 });
  });
  after(() => nfs.close());

  it('writes a file that the server has after a COMMIT and a drain', async () => {
    const { client, archive, world } = nfs;
    const file = asHandle(await client.create(archive, 'written.bin'));
    const bytes = randomBytes(300_000);
    for (let at = 0; at < bytes.length; at += 100_000)
      asHandle(await client.write(file, at, bytes.subarray(at, at + 100_000)));
    assert.equal(await client.commit(file), nfsStatus.ok);
    assert.deepEqual(await client.read(file, 0, 400_000), bytes);
    await world.drain();
    assert.equal(world.emulator.tree().find(({ path }) => path.endsWith('/written.bin'))?.size, bytes.length);
  });

  it('reads what the server has, part by part', async () => {
    const { client, archive, world } = nfs;
    await world.save('/Jotta/Archive/read.txt', 'from the server');
    await world.drain();
    const file = asHandle(await client.lookup(archive, 'read.txt'));
    assert.equal(String(await client.read(file, 5, 3)), 'the');
    assert.equal(asAttributes(await client.getattr(file)).size, 15);
  });

  it('finds a file by any spelling, under one number', async () => {
    const { client, archive } = nfs;
    const made = asHandle(await client.create(archive, 'Blåbær.txt'));
    const other = asHandle(await client.lookup(archive, 'BLÅBÆR.TXT'.normalize('NFD')));
    assert.deepEqual(other, made);
    assert.equal(await client.create(archive, 'blåbær.TXT'), nfsStatus.exist);
  });

  it('lists a large folder in parts, every name once, while names come and go', async () => {
    const { client, archive } = nfs;
    const folder = asHandle(await client.mkdir(archive, 'many'));
    for (let at = 0; at < 300; at++) asHandle(await client.create(folder, `file ${at}`));
    const first = await client.readdirplus(folder, 0, 4096);
    assert.ok(typeof first === 'object' && !first.end);
    assert.equal(await client.remove(folder, 'file 0'), nfsStatus.ok);
    asHandle(await client.create(folder, 'added'));
    const names = first.entries.map(({ name }) => name);
    for (let cookie = first.entries.at(-1)?.cookie ?? 0; ; ) {
      const part = await client.readdirplus(folder, cookie, 4096);
      assert.ok(typeof part === 'object');
      names.push(...part.entries.map(({ name }) => name));
      if (part.end) break;
      cookie = part.entries.at(-1)?.cookie ?? 0;
    }
    const expected = ['.', '..', ...Array.from({ length: 300 }, (_, at) => `file ${at}`), 'added'];
    assert.deepEqual(names.sort(), expected.sort());
  });

  it('keeps a removed file readable until its last close, without a trace of the name in the account', async () => {
    const { client, archive, world } = nfs;
    const file = asHandle(await client.create(archive, 'open.txt'));
    asHandle(await client.write(file, 0, Buffer.from('still here'), 2));
    const silly = await getSillyName(client, file);
    assert.equal(await client.rename(archive, 'open.txt', archive, silly), nfsStatus.ok);
    assert.equal(await client.lookup(archive, 'open.txt'), nfsStatus.noent);
    assert.equal(String(await client.read(file, 0, 100)), 'still here');
    assert.deepEqual(await client.lookup(archive, silly), file);
    assert.ok(!(await client.list(archive)).some(({ name }) => name.startsWith('.nfs')));
    await world.drain();
    assert.ok(!world.emulator.tree().some(({ path }) => path.includes('.nfs') || path.endsWith('/open.txt')));
    assert.equal(await client.remove(archive, silly), nfsStatus.ok);
    assert.equal(await client.getattr(file), nfsStatus.stale);
  });

  it('keeps a removed file of macOS, whose names for them do not tell the file, when it is in use', async () => {
    const { client, archive, world } = nfs;
    const file = asHandle(await client.create(archive, 'open.txt'));
    asHandle(await client.write(file, 0, Buffer.from('still here'), 2));
    assert.equal(await client.rename(archive, 'open.txt', archive, '.nfs.1a2b3c4d.01f2'), nfsStatus.ok);
    assert.equal(String(await client.read(file, 0, 100)), 'still here');
    assert.ok(!(await client.list(archive)).some(({ name }) => name.startsWith('.nfs')));
    assert.equal(await client.remove(archive, '.nfs.1a2b3c4d.01f2'), nfsStatus.ok);
    await world.drain();
    assert.ok(!world.emulator.tree().some(({ path }) => path.includes('.nfs') || path.endsWith('/open.txt')));
  });

  it('keeps a file that a person names as clients name removed ones', async () => {
    const { client, archive, world } = nfs;
    const other = asHandle(await client.create(archive, 'other.txt'));
    const names = [
      '.nfs00000000000000a100000001',
      await getSillyName(client, other),
      '.nfs.1a2b3c4d.01f2',
      '.nfs12345678',
    ];
    for (const [at, name] of names.entries()) {
      await world.emulator.put(`/Jotta/Archive/kept ${at}`, `${at}`);
      await world.poll();
      // Nobody has used it yet.
      assert.equal(await client.rename(archive, `kept ${at}`, archive, name), nfsStatus.ok);
      const file = asHandle(await client.lookup(archive, name));
      assert.equal(String(await client.read(file, 0, 100)), `${at}`);
      assert.ok(
        (await client.list(archive)).some((entry) => entry.name === name),
        `${name} is listed`,
      );
    }
    await world.drain();
    for (const name of names)
      assert.ok(
        world.emulator.tree().some(({ path }) => path === `/Jotta/Archive/${name}`),
        name,
      );
    // To another folder, too, it is a move, be it in use or not.
    const folder = asHandle(await client.mkdir(archive, 'folder'));
    asHandle(await client.write(other, 0, Buffer.from('other'), 2));
    assert.equal(await client.rename(archive, 'other.txt', folder, await getSillyName(client, other)), nfsStatus.ok);
    assert.deepEqual(await client.lookup(folder, await getSillyName(client, other)), other);
    // And like any other it is made, renamed and removed.
    asHandle(await client.create(archive, '.nfs00000000000000ff00000001'));
    for (const name of [...names, '.nfs00000000000000ff00000001']) {
      assert.equal(await client.rename(archive, name, archive, 'again'), nfsStatus.ok, name);
      assert.equal(await client.remove(archive, 'again'), nfsStatus.ok);
    }
    // What was read is closed with the server, instead of after ten seconds: its removal is sent then.
    await nfs.restartServer();
    await world.drain();
  });

  it('reads the replaced file through its handle after a rename over it', async () => {
    const { client, archive } = nfs;
    const old = asHandle(await client.create(archive, 'target.txt'));
    asHandle(await client.write(old, 0, Buffer.from('old'), 2));
    const next = asHandle(await client.create(archive, 'next.txt'));
    asHandle(await client.write(next, 0, Buffer.from('new'), 2));
    // Linux renames the open target first.
    assert.equal(await client.rename(archive, 'target.txt', archive, await getSillyName(client, old)), nfsStatus.ok);
    assert.equal(await client.rename(archive, 'next.txt', archive, 'target.txt'), nfsStatus.ok);
    assert.equal(String(await client.read(old, 0, 10)), 'old');
    const found = asHandle(await client.lookup(archive, 'target.txt'));
    assert.equal(String(await client.read(found, 0, 10)), 'new');
  });

  it('answers a repeated call with the first answer', async () => {
    const { client, archive } = nfs;
    const made = asHandle(await client.create(archive, 'once.txt', 'guarded', { xid: 0x7000_0001 }));
    assert.deepEqual(await client.create(archive, 'once.txt', 'guarded', { xid: 0x7000_0001 }), made);
    assert.equal(await client.remove(archive, 'once.txt', { xid: 0x7000_0002 }), nfsStatus.ok);
    assert.equal(await client.remove(archive, 'once.txt', { xid: 0x7000_0002 }), nfsStatus.ok);
    assert.equal(await client.remove(archive, 'once.txt'), nfsStatus.noent);
  });

  it('knows an exclusive create that is repeated after a restart', async () => {
    const { archive } = nfs;
    const mark = randomBytes(8);
    const made = asHandle(await nfs.client.create(archive, 'lock', mark));
    await nfs.restartServer();
    assert.deepEqual(await nfs.client.create(archive, 'lock', mark), made);
    assert.equal(await nfs.client.create(archive, 'lock', randomBytes(8)), nfsStatus.exist);
  });

  it('keeps handles over a restart, and tells by its verifier that it was one', async () => {
    const { archive } = nfs;
    const file = asHandle(await nfs.client.create(archive, 'held.txt'));
    const verifier = asHandle(await nfs.client.write(file, 0, Buffer.from('one')));
    assert.deepEqual(asHandle(await nfs.client.write(file, 3, Buffer.from('two'))), verifier);
    await nfs.restartServer();
    assert.notDeepEqual(asHandle(await nfs.client.write(file, 6, Buffer.from('three'))), verifier);
  });

  it('refuses a SETATTR whose guard is of another time', async () => {
    const { client, archive } = nfs;
    const file = asHandle(await client.create(archive, 'guarded.txt'));
    const { ctimeSec, ctimeNsec } = asAttributes(await client.getattr(file));
    assert.equal(await client.setattr(file, { size: 5 }, { sec: ctimeSec - 10, nsec: ctimeNsec }), nfsStatus.notSync);
    assert.equal(asAttributes(await client.getattr(file)).size, 0);
    assert.equal(await client.setattr(file, { size: 5 }, { sec: ctimeSec, nsec: ctimeNsec }), nfsStatus.ok);
    assert.equal(asAttributes(await client.getattr(file)).size, 5);
  });

  it('shows a newer time of a folder that changed elsewhere', async () => {
    const { client, archive, world } = nfs;
    const ino = await world.find('/Jotta/Archive');
    // As fast as can be: two changes in one millisecond are two states as well.
    const states = new Set<string>();
    for (let times = 0; times < 5; times += 1) {
      nfs.server().noteChange(ino);
      const { ctimeSec, ctimeNsec } = asAttributes(await client.getattr(archive));
      states.add(`${ctimeSec}.${ctimeNsec}`);
    }
    assert.equal(states.size, 5);
  });

  it('gives the volume only to who knows its path', async () => {
    const { client, exportPath } = nfs;
    assert.ok(Buffer.isBuffer(await client.mount(exportPath)));
    assert.deepEqual(await client.mount(`${exportPath}/Jotta/Archive`), nfs.archive);
    for (const path of [
      '/',
      '',
      '/Jotta',
      exportPath.slice(0, -1),
      `${exportPath}/none`,
      `/x${exportPath}`,
      `${exportPath}/..`,
    ]) {
      assert.equal(await client.mount(path), nfsStatus.noent, path);
    }
  });

  it('refuses another user of the computer, and who does not say who it is', async () => {
    const { client, archive } = nfs;
    for (const uid of [12_345, undefined]) {
      const { outcome } = await client.call(1, (w) => w.opaque(archive), { uid });
      assert.equal(outcome, 'denied');
    }
  });

  it('knows no handle that it has not made', async () => {
    const { client, archive } = nfs;
    for (let at = 0; at < archive.length; at++) {
      const forged = Buffer.from(archive);
      forged[at] = (forged[at] as number) ^ 1;
      assert.equal(await client.getattr(forged), nfsStatus.stale, `byte ${at}`);
    }
    for (const length of [0, 1, 16, 31, 33, 64])
      assert.equal(await client.getattr(Buffer.alloc(length)), nfsStatus.stale);
  });
});

describe('an NFS volume that is read-only', () => {
  it('refuses every change and serves everything else', async () => {
    const nfs = await openNfsWorld({ readOnly: true });
    try {
      const { client, archive } = nfs;
      assert.equal(await client.create(archive, 'no'), nfsStatus.rofs);
      assert.equal(await client.mkdir(archive, 'no'), nfsStatus.rofs);
      assert.equal(await client.remove(archive, 'no'), nfsStatus.rofs);
      assert.equal(await client.rename(archive, 'no', archive, 'yes'), nfsStatus.rofs);
      assert.equal(await client.setattr(archive, { size: 0 }), nfsStatus.rofs);
      assert.equal(await client.write(archive, 0, Buffer.from('x')), nfsStatus.rofs);
      assert.deepEqual((await client.list(archive)).map(({ name }) => name).sort(), ['.', '..']);
    } finally {
      await nfs.close();
    }
  });
});

describe('an NFS write on a disk that keeps nothing', () => {
  const { datasync } = LocalFile.prototype;
  let nfs: NfsWorld;
  before(async () => {
    nfs = await openNfsWorld();
    LocalFile.prototype.datasync = async function () {
      if (!this.path.endsWith('-wal')) throw Object.assign(new Error('the disk keeps nothing'), { code: 'EIO' });
      await datasync.call(this);
    };
  });
  after(async () => {
    LocalFile.prototype.datasync = datasync;
    await nfs.close();
  });

  it('is answered, and its COMMIT fails as often as it is asked for', async () => {
    const file = asHandle(await nfs.client.create(nfs.archive, 'unstable.txt'));
    asHandle(await nfs.client.write(file, 0, Buffer.from('unstable')));
    assert.equal(await nfs.client.commit(file), nfsStatus.io);
    assert.equal(await nfs.client.commit(file), nfsStatus.io);
  });

  it('fails itself when it is to be on the disk at once', async () => {
    const file = asHandle(await nfs.client.create(nfs.archive, 'stable.txt'));
    assert.equal(await nfs.client.write(file, 0, Buffer.from('stable'), 2), nfsStatus.io);
  });
});

describe('an NFS read that the network keeps waiting', () => {
  it('is answered "try again later" after some seconds, and with the bytes once they are there', async () => {
    const nfs = await openNfsWorld();
    try {
      const { world, archive } = nfs;
      await world.emulator.put('/Jotta/Archive/slow.bin', randomBytes(2_000_000));
      await world.poll();
      const file = asHandle(await nfs.client.lookup(archive, 'slow.bin'));
      world.emulator.shape({ latency: 6_000 });
      assert.equal(await nfs.client.read(file, 0, 1000), nfsStatus.jukebox);
      world.emulator.shape({ latency: 0 });
      let bytes = await nfs.client.read(file, 0, 1000);
      if (bytes === nfsStatus.jukebox) bytes = await nfs.client.read(file, 0, 1000);
      assert.equal((bytes as Buffer).length, 1000);
      // Meanwhile a name that is known here is answered at once.
      assert.ok(Buffer.isBuffer(await nfs.client.lookup(archive, 'slow.bin')));
    } finally {
      await nfs.close();
    }
  });
});
