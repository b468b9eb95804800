import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { remoteFiles } from '../mount/support.ts';
import { md5 } from '../support/md5.ts';
import { nfsStatus } from './client.ts';
import { type NfsWorld, openNfsWorld } from './world.ts';

/** What Finder keeps of a file where there are no extended attributes: AppleDouble, beside it. */
const companionBytes = Buffer.concat([Buffer.from('0005160700020000', 'hex'), Buffer.alloc(4_088, 7)]);
const transfer = 512 * 1024;

const asHandle = (answer: Buffer | number): Buffer => {
  assert.ok(Buffer.isBuffer(answer), `NFS status ${answer}`);
  return answer;
};

describe('Finder on a volume that is served by NFS', () => {
  let nfs: NfsWorld;
  let folder: Buffer;
  let count = 0;
  before(async () => {
    nfs = await openNfsWorld();
  });
  after(() => nfs.close());
  beforeEach(async () => {
    count += 1;
    folder = asHandle(await nfs.client.mkdir(nfs.archive, `folder ${count}`));
  });

  /** Names, sizes and times of this test's folder as another device sees them. */
  const remote = () => {
    const files = [...remoteFiles(nfs.world.emulator)].map(([name, file]) => [name.split('/'), file] as const);
    const ours = files.filter(([[first]]) => first === `folder ${count}`);
    return ours.map(([[, ...names], file]) => [names.join('/'), file] as const);
  };
  const names = async (where = folder) =>
    (await nfs.client.list(where)).map(({ name }) => name).filter((name) => name !== '.' && name !== '..');

  /** As the kernel of macOS passes on what copyfile(3) does: O_EXCL, the attributes, parts, a COMMIT at the close. */
  const copyIn = async (where: Buffer, name: string, bytes: Buffer, mtimeSec: number) => {
    const { client } = nfs;
    assert.equal(await client.lookup(where, name), nfsStatus.noent);
    assert.equal(await client.lookup(where, `._${name}`), nfsStatus.noent);
    const { uid, gid } = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const file = asHandle(await client.create(where, name, randomBytes(8)));
    assert.equal(await client.setattr(file, { mode: 0o600, uid, gid }), nfsStatus.ok);
    for (let at = 0; at < bytes.length; at += transfer) {
      asHandle(await client.write(file, at, bytes.subarray(at, at + transfer)));
    }
    const companion = asHandle(await client.create(where, `._${name}`, randomBytes(8)));
    assert.equal(await client.setattr(companion, { mode: 0o644, uid, gid }), nfsStatus.ok);
    asHandle(await client.write(companion, 0, companionBytes));
    assert.equal(await client.commit(companion), nfsStatus.ok);
    assert.equal(await client.setattr(file, { mode: 0o644 }), nfsStatus.ok);
    assert.equal(await client.setattr(file, { mtimeSec }), nfsStatus.ok);
    assert.equal(await client.commit(file), nfsStatus.ok);
    return file;
  };

  it('copies a file in: the account has its bytes and its time, once, and the companion stays here', async () => {
    const bytes = randomBytes(3 * transfer + 17);
    const file = await copyIn(folder, 'photo.jpg', bytes, 1_600_000_000);
    const found = await nfs.client.getattr(file);
    assert.ok(typeof found === 'object');
    assert.deepEqual([found.size, found.mode, found.mtimeSec], [bytes.length, 0o644, 1_600_000_000]);
    await nfs.world.drain();
    const [[name, item] = [], ...others] = remote();
    assert.deepEqual([name, item?.md5, item?.mtime, others.length], ['photo.jpg', md5(bytes), 1_600_000_000_000, 0]);
    assert.deepEqual((await names()).sort(), ['._photo.jpg', 'photo.jpg']);
    const companion = asHandle(await nfs.client.lookup(folder, '._photo.jpg'));
    assert.deepEqual(await nfs.client.read(companion, 0, transfer), companionBytes);
  });

  it('replaces a document by a safe-save: it keeps its name and history, and nothing of the way there is uploaded', async () => {
    const { client, world } = nfs;
    await copyIn(folder, 'letter.txt', Buffer.from('first'), 1_600_000_000);
    await world.drain();
    const before = remote()[0]?.[1];
    world.emulator.resetStats();
    // A folder beside it takes the new document, which is then moved over the old one.
    const place = asHandle(await client.mkdir(folder, 'letter.txt.sb-6f1d3d2c-Q1w2E3'));
    await copyIn(place, 'letter.txt', Buffer.from('second'), 1_700_000_000);
    assert.equal(await client.rename(place, 'letter.txt', folder, 'letter.txt'), nfsStatus.ok);
    assert.equal(await client.rename(place, '._letter.txt', folder, '._letter.txt'), nfsStatus.ok);
    assert.equal(await client.rmdir(folder, 'letter.txt.sb-6f1d3d2c-Q1w2E3'), nfsStatus.ok);
    await world.drain();
    const [[name, item] = [], ...others] = remote();
    assert.deepEqual([name, item?.md5, others.length], ['letter.txt', md5('second'), 0]);
    assert.ok((item?.revision ?? 0) > (before?.revision ?? 0), 'it is a new revision of the same file');
    const told = world.emulator.requests().map((request) => JSON.stringify(request));
    assert.ok(!told.some((request) => request.includes('.sb-')), 'the server heard of the folder in between');
  });

  it('replaces a document through a backup, as programs without a folder of their own do', async () => {
    const { client, world } = nfs;
    await copyIn(folder, 'sheet.numbers', Buffer.from('first'), 1_600_000_000);
    await world.drain();
    await copyIn(folder, 'sheet.numbers.sb-0a1b2c3d-X9y8Z7', Buffer.from('second'), 1_700_000_000);
    assert.equal(await client.rename(folder, 'sheet.numbers', folder, 'sheet.numbers~'), nfsStatus.ok);
    assert.equal(
      await client.rename(folder, 'sheet.numbers.sb-0a1b2c3d-X9y8Z7', folder, 'sheet.numbers'),
      nfsStatus.ok,
    );
    assert.equal(await client.remove(folder, 'sheet.numbers~'), nfsStatus.ok);
    await world.drain();
    const files = remote().map(([name, { md5: sum }]) => [name, sum]);
    assert.deepEqual(files, [['sheet.numbers', md5('second')]]);
  });

  it('renames a file with its companion, and a folder with all that is in it', async () => {
    const { client, world, archive } = nfs;
    const file = await copyIn(folder, 'old.txt', Buffer.from('bytes'), 1_600_000_000);
    await world.drain();
    assert.equal(await client.rename(folder, 'old.txt', folder, 'New.txt'), nfsStatus.ok);
    assert.equal(await client.rename(folder, '._old.txt', folder, '._New.txt'), nfsStatus.ok);
    assert.deepEqual((await names()).sort(), ['._New.txt', 'New.txt']);
    // Only the case: Finder does it in one step.
    assert.equal(await client.rename(folder, 'New.txt', folder, 'new.txt'), nfsStatus.ok);
    assert.equal(await client.rename(folder, '._New.txt', folder, '._new.txt'), nfsStatus.ok);
    assert.deepEqual(await client.lookup(folder, 'new.txt'), file);
    assert.equal(await client.rename(archive, `folder ${count}`, archive, `folder ${count}b`), nfsStatus.ok);
    assert.equal(await client.rename(archive, `folder ${count}b`, archive, `folder ${count}`), nfsStatus.ok);
    await world.drain();
    assert.deepEqual(
      remote().map(([name]) => name),
      ['new.txt'],
    );
  });

  it('deletes a folder: what is in it, its companions and its .DS_Store', async () => {
    const { client, world, archive } = nfs;
    await copyIn(folder, 'one.txt', Buffer.from('1'), 1_600_000_000);
    await copyIn(folder, 'two.txt', Buffer.from('2'), 1_600_000_000);
    const store = asHandle(await client.create(folder, '.DS_Store', randomBytes(8)));
    asHandle(await client.write(store, 0, Buffer.alloc(6_148, 1)));
    assert.equal(await client.commit(store), nfsStatus.ok);
    await world.drain();
    for (const name of await names()) assert.equal(await client.remove(folder, name), nfsStatus.ok);
    // Finder looks at a folder once more while it deletes it, and notes that in another .DS_Store.
    asHandle(await client.create(folder, '.DS_Store', randomBytes(8)));
    assert.equal(await client.rmdir(archive, `folder ${count}`), nfsStatus.ok);
    assert.equal(await client.getattr(folder), nfsStatus.stale);
    await world.drain();
    assert.ok(!world.emulator.tree().some(({ path }) => path.startsWith(`/Jotta/Archive/folder ${count}`)));
  });

  it('ejects: what was committed is uploaded, and the volume can be mounted again', async () => {
    const { world, exportPath } = nfs;
    await copyIn(folder, 'last.txt', Buffer.from('the last one'), 1_600_000_000);
    await nfs.client.umount(exportPath);
    nfs.client.close();
    await world.drain();
    const files = remote().map(([name, { md5: sum }]) => [name, sum]);
    assert.deepEqual(files, [['last.txt', md5('the last one')]]);
    await nfs.restartServer();
    assert.deepEqual(await nfs.client.mount(`${exportPath}/Jotta/Archive`), nfs.archive);
    assert.deepEqual(await names(), ['last.txt', '._last.txt']);
  });

  it('was no error to the drive', () => {
    assert.deepEqual([...nfs.complaints, ...nfs.world.complaints], []);
  });
});
