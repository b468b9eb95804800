import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, symlink, writeFile as writeLocal } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { putFile } from '../../../src/drive/files/content.ts';
import { locate } from '../../../src/drive/files/context.ts';
import { copy } from '../../../src/drive/files/copy.ts';
import { fillFile } from '../../../src/drive/files/fill.ts';
import { createFolder, remove, rename } from '../../../src/drive/files/names.ts';
import { upload } from '../../../src/drive/files/upload.ts';
import { rootIno } from '../../../src/store/nodeRow.ts';
import { type FilesWorld, home, refused, testInFilesWorld } from '../../support/filesSupport.ts';
import { md5 } from '../../support/md5.ts';
import { openSessionWorld, signIn } from '../../support/sessionWorld.ts';

/** A piece read at a time, and a file of five of them. */
const pieceBytes = 1024 * 1024;
const bigBytes = 5 * pieceBytes;
let world: FilesWorld;
let local: string;
let count: number;
let dir: string;

testInFilesWorld((place) => {
  ({ world, local, dir, count } = place);
});

const inDir = (name: string) => `${dir.slice(home.length + 1)}/${name}`;
const stateDir = () => join(dirname(world.drive.mountPoint), 'state');
async function stagingFiles(): Promise<string[]> {
  const [account = ''] = await readdir(join(stateDir(), 'accounts'));
  return readdir(join(stateDir(), 'accounts', account, 'staging'));
}

/** A signal that aborts once a transfer has moved more than `bytes`. */
function abortAfter(bytes: number): AbortSignal {
  const controller = new AbortController();
  const { jobs } = world.drive.session();
  jobs.changed.on(() => {
    if (jobs.getRunning().some(({ done }) => done > bytes)) controller.abort();
  });
  return controller.signal;
}

/** The file of that name is as it was when the server got its first revision, here and there, and no fragment lies about. */
async function isUnchanged(name: string, text: string): Promise<void> {
  assert.equal((await world.text(inDir(name))).slice(0, 20), text);
  await world.drive.settle();
  const item = world.drive.emulator.tree().find(({ path }) => path.endsWith(`/${inDir(name)}`));
  assert.deepEqual([item?.md5, item?.revision], [md5(text), 1]);
  assert.deepEqual(await stagingFiles(), []);
}

describe('new content of a file is there whole or not at all', () => {
  it('when an upload is stopped by its row in the middle', async () => {
    const file = join(local, 'stopped.bin');
    await writeLocal(file, Buffer.alloc(bigBytes, 'new '));
    await world.save(inDir('stopped.bin'), 'old');
    await world.drive.settle();
    const { jobs } = world.drive.session();
    const forget = jobs.changed.on(() => {
      for (const { id, done } of jobs.getRunning()) if (done > 2 * pieceBytes) jobs.stop(id);
    });
    const request = { localPaths: [file], folder: dir, collision: 'replace' } as const;
    await refused('stopped', upload(world.context, request, world.signal));
    forget();
    await isUnchanged('stopped.bin', 'old');
  });

  it('when an upload is cancelled in the middle', async () => {
    const file = join(local, 'doc.bin');
    await writeLocal(file, Buffer.alloc(bigBytes, 'new '));
    await world.save(inDir('doc.bin'), 'old');
    await world.drive.settle();
    const request = { localPaths: [file], folder: dir, collision: 'replace' } as const;
    await assert.rejects(upload(world.context, request, abortAfter(2 * pieceBytes)), { name: 'DriveError' });
    await isUnchanged('doc.bin', 'old');
  });

  it('when an upload of a new file is cancelled in the middle', async () => {
    const file = join(local, 'new.bin');
    await writeLocal(file, Buffer.alloc(bigBytes, 'new '));
    const request = { localPaths: [file], folder: dir, collision: 'fail' } as const;
    await assert.rejects(upload(world.context, request, abortAfter(2 * pieceBytes)), { name: 'DriveError' });
    assert.deepEqual(await world.names(inDir('')), []);
    await world.drive.settle();
    assert.deepEqual(
      Object.keys(world.server()).filter((path) => path.startsWith(inDir(''))),
      [],
    );
    assert.deepEqual(await stagingFiles(), []);
  });

  it('when what it is read from fails in the middle', async () => {
    await world.save(inDir('doc.bin'), 'old');
    await world.drive.settle();
    async function* failing() {
      yield Buffer.alloc(pieceBytes, 'new ');
      throw Object.assign(new Error('the disk is broken'), { code: 'EIO' });
    }
    const place = await locate(world.context, `${dir}/doc.bin`);
    await assert.rejects(fillFile(world.context, place, bigBytes, failing(), replacing), { code: 'EIO' });
    await isUnchanged('doc.bin', 'old');
  });

  it('when a save by way of a local file is cancelled', async () => {
    const file = join(local, 'put.bin');
    await writeLocal(file, Buffer.alloc(bigBytes, 'new '));
    await world.save(inDir('doc.bin'), 'old');
    await world.drive.settle();
    const request = { path: `${dir}/doc.bin`, localFile: file, create: true, overwrite: true };
    await assert.rejects(putFile(world.context, request, AbortSignal.abort()));
    await isUnchanged('doc.bin', 'old');
  });

  it('when a copy cannot read the rest of its source', async () => {
    const { emulator, session } = world.drive;
    // Changed in part: the rest is only on the server.
    await emulator.put(`${dir}/part`, Buffer.alloc(3 * pieceBytes, 'base '));
    await world.save(inDir('target'), 'old');
    await world.drive.settle();
    const { vfs, folders, pusher } = session();
    await folders.refresh((await locate(world.context, `${dir}/x`)).parent);
    pusher.setPaused(true);
    try {
      const { ino } = await vfs.resolve(rootIno, `${dir}/part`.split('/').filter(Boolean));
      const fh = await vfs.open(ino, { writing: true, append: false, truncate: false });
      await vfs.write(fh, Buffer.alloc(pieceBytes, 'edit '), 0);
      await vfs.flushHandle(fh);
      await vfs.release(fh);
      emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'status', status: 403 }, times: 100 }]);
      const request = { from: `${dir}/part`, to: `${dir}/target`, collision: 'replace' } as const;
      await assert.rejects(copy(world.context, request, world.signal));
      assert.ok((emulator.faults()[0]?.hits.length ?? 0) > 0, 'the rest was asked for');
    } finally {
      emulator.setFaults([]);
      pusher.setPaused(false);
    }
    await isUnchanged('target', 'old');
  });

  it('when the process ends in the middle', async () => {
    await world.save(inDir('doc.bin'), 'old');
    await world.drive.settle();
    const frozen = await mkdtemp(join(local, 'killed-'));
    /** All that a death of the process at this moment would leave. */
    async function* stopping() {
      yield Buffer.alloc(pieceBytes, 'new ');
      await cp(stateDir(), join(frozen, 'state'), { recursive: true });
      yield Buffer.alloc(pieceBytes, 'new ');
    }
    const place = await locate(world.context, `${dir}/doc.bin`);
    await fillFile(world.context, place, 2 * pieceBytes, stopping(), replacing);
    const { emulator } = world.drive;
    const next = await openSessionWorld(emulator, {
      tokens: signIn(emulator),
      stateDir: join(frozen, 'state'),
    });
    try {
      assert.equal(await next.readText(`${dir}/doc.bin`), 'old');
      assert.equal(next.session().rescued, null, 'a fragment is nothing to tell of');
      assert.equal(next.session().nodes.countPending().pending, 0);
    } finally {
      await next.close();
    }
    assert.equal((await world.text(inDir('doc.bin'))).length, 1_000_000);
  });

  it('also where a link is replaced by one, and never where one is a link and the other a file', async () => {
    const { vfs } = world.drive.session();
    const { parent } = await locate(world.context, `${dir}/x`);
    const target = async (name: string) => vfs.readlink((await vfs.lookup(parent, name)).ino);
    await vfs.symlink(parent, 'link', 'old target');
    await vfs.symlink(parent, 'other', 'other target');
    const tree = join(local, `dir ${count}`);
    await mkdir(tree);
    await symlink('new target', join(tree, 'link'));
    await upload(world.context, { localPaths: [tree], folder: home, collision: 'replace' }, world.signal);
    assert.equal(await target('link'), 'new target');
    const replace = (from: string, to: string) =>
      copy(world.context, { from: `${dir}/${from}`, to: `${dir}/${to}`, collision: 'replace' }, world.signal);
    await replace('other', 'link');
    assert.equal(await target('link'), 'other target');
    await world.save(inDir('file'), 'text');
    await refused('alreadyExists', replace('file', 'other'));
    await refused('alreadyExists', replace('other', 'file'));
    assert.equal(await target('other'), 'other target');
    assert.equal(await world.text(inDir('file')), 'text');
    await world.drive.settle();
    assert.deepEqual(await stagingFiles(), []);
  });
});

describe('a change that is made while new content is on its way', () => {
  const fill = async (name: string, act: () => Promise<unknown>, overwrite = true) => {
    async function* pieces() {
      yield Buffer.from('first ');
      await act();
      yield Buffer.from('second');
    }
    const place = await locate(world.context, `${dir}/${name}`);
    await fillFile(world.context, place, 12, pieces(), { ...replacing, overwrite });
  };

  it('counts: nothing is put into a folder that was removed', async () => {
    await createFolder(world.context, `${dir}/sub`);
    await world.drive.settle();
    const removal = () => remove(world.context, { path: `${dir}/sub`, recursive: false }, world.signal);
    await refused('notFound', fill('sub/a', removal));
    await world.drive.settle();
    assert.deepEqual(await world.names(inDir('')), []);
    assert.equal(world.drive.session().nodes.countPending().pending, 0);
    assert.deepEqual(await stagingFiles(), []);
  });

  it('counts: a name that was taken is replaced only where that was asked for', async () => {
    await refused(
      'alreadyExists',
      fill('a', () => world.save(inDir('a'), 'theirs'), false),
    );
    assert.equal(await world.text(inDir('a')), 'theirs');
    await fill('b', () => world.save(inDir('b'), 'theirs'));
    assert.equal(await world.text(inDir('b')), 'first second');
    await refused(
      'isFolder',
      fill('c', () => createFolder(world.context, `${dir}/c`)),
    );
  });

  it('counts: a file that was renamed keeps its content, and the name gets a new file', async () => {
    await world.save(inDir('a'), 'old');
    const paths = { from: `${dir}/a`, to: `${dir}/b`, overwrite: false };
    await fill('a', () => rename(world.context, paths));
    assert.deepEqual([await world.text(inDir('a')), await world.text(inDir('b'))], ['first second', 'old']);
  });
});

describe('new content of a file that is open', () => {
  it('is what its readers and writers go on with', async () => {
    await world.save(inDir('doc'), 'old content');
    await world.drive.settle();
    const { vfs } = world.drive.session();
    const { ino } = await vfs.resolve(rootIno, `${dir}/doc`.split('/').filter(Boolean));
    const reader = await vfs.open(ino, { writing: false, append: false, truncate: false });
    const writer = await vfs.open(ino, { writing: true, append: true, truncate: false });
    await vfs.write(writer, Buffer.from(' and more'), 0);
    await world.save(inDir('doc'), 'new');
    assert.equal(String(await vfs.read(reader, 0, 100)), 'new');
    assert.equal(vfs.getAttr(ino).size, 3);
    await vfs.write(writer, Buffer.from('er'), 0);
    await vfs.flushHandle(writer);
    await vfs.release(writer);
    await vfs.release(reader);
    assert.equal(await world.text(inDir('doc')), 'newer');
    await world.drive.settle();
    assert.equal(world.server()[inDir('doc')], md5('newer'));
    assert.deepEqual(await stagingFiles(), []);
  });
});

const replacing = { create: true, overwrite: true, signal: new AbortController().signal };
