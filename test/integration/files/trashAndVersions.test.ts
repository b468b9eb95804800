import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  createPublicLink,
  getPublicLink,
  getWebUrl,
  listPublic,
  removePublicLink,
} from '../../../src/drive/files/links.ts';
import { createFolder, remove } from '../../../src/drive/files/names.ts';
import { listRevisions, readRevision, restoreRevision } from '../../../src/drive/files/revisions.ts';
import { Search } from '../../../src/drive/files/search.ts';
import { deleteForever, listTrash, restoreFromTrash } from '../../../src/drive/files/trash.ts';
import { rootIno } from '../../../src/store/nodeRow.ts';
import { createFilesWorld, type FilesWorld, home, refused } from '../../support/filesSupport.ts';
import { md5 } from '../../support/md5.ts';
import { until } from '../../support/until.ts';

let world: FilesWorld;
let count = 0;
let dir: string;

before(async () => {
  world = await createFilesWorld();
});
after(() => world.drive.close());
beforeEach(async () => {
  count += 1;
  dir = `${home}/dir ${count}`;
  world.mounts = [];
  await createFolder(world.context, dir);
});

const inDir = (name: string) => `${dir.slice(home.length + 1)}/${name}`;
const trashed = async () => (await listTrash(world.context, world.signal)).map(({ path }) => path);
const removeNow = async (path: string) => {
  await remove(world.context, { path, recursive: true }, world.signal);
  await world.drive.settle();
};
const saveNow = async (name: string, text: string) => {
  await world.save(inDir(name), text);
  await world.drive.settle();
};

describe('the trash', () => {
  it('lists what was removed, and gives a file back to its folder', async () => {
    await saveNow('a & b.txt', 'content');
    await removeNow(`${dir}/a & b.txt`);
    const entry = (await listTrash(world.context, world.signal)).find(({ path }) => path === `${dir}/a & b.txt`);
    assert.equal(entry?.kind, 'file');
    assert.equal(entry?.size, 7);
    assert.ok(Math.abs((entry?.deletedMs ?? 0) - Date.now()) < 60_000);
    await restoreFromTrash(world.context, `${dir}/a & b.txt`, world.signal);
    assert.equal(await world.text(inDir('a & b.txt')), 'content');
    assert.equal((await trashed()).includes(`${dir}/a & b.txt`), false);
  });

  it('gives a folder back with all it held, empty folders too, but not with what was removed before', async () => {
    await createFolder(world.context, `${dir}/tree`);
    await createFolder(world.context, `${dir}/tree/empty`);
    await createFolder(world.context, `${dir}/tree/sub`);
    await saveNow('tree/sub/x', 'x');
    await saveNow('tree/gone', 'gone');
    await removeNow(`${dir}/tree/gone`);
    // The service tells times in whole seconds.
    const second = Math.floor(Date.now() / 1000);
    await until('the next second', () => Math.floor(Date.now() / 1000) > second);
    await removeNow(`${dir}/tree`);
    await restoreFromTrash(world.context, `${dir}/tree`, world.signal);
    assert.deepEqual(await world.names(inDir('tree')), ['empty', 'sub']);
    assert.equal(await world.text(inDir('tree/sub/x')), 'x');
    assert.equal((await trashed()).includes(`${dir}/tree/gone`), true);
  });

  it('gives nothing back onto a name that is taken', async () => {
    await saveNow('a', 'old');
    await removeNow(`${dir}/a`);
    const before = await trashed();
    await createFolder(world.context, `${dir}/a`);
    await world.drive.settle();
    assert.ok(before.includes(`${dir}/a`));
    await refused('alreadyExists', restoreFromTrash(world.context, `${dir}/a`, world.signal));
    assert.deepEqual(await world.names(inDir('')), ['a']);
  });

  it('lets go of a file and of a folder for good', async () => {
    await saveNow('file', 'x');
    await createFolder(world.context, `${dir}/folder`);
    await saveNow('folder/x', 'y');
    await removeNow(`${dir}/file`);
    await removeNow(`${dir}/folder`);
    await deleteForever(world.context, `${dir}/file`, world.signal);
    await deleteForever(world.context, `${dir}/folder`, world.signal);
    assert.deepEqual(
      (await trashed()).filter((path) => path.startsWith(`${dir}/`)),
      [],
    );
    await refused('notFound', deleteForever(world.context, `${dir}/file`, world.signal));
  });

  it('never lets go of something live that has the path of something trashed', async () => {
    await createFolder(world.context, `${dir}/folder`);
    await saveNow('folder/old', 'old');
    await removeNow(`${dir}/folder`);
    // Another device makes it again; this one has not heard of it yet.
    await world.drive.emulator.put(`${dir}/folder/new`, Buffer.from('new'));
    await assert.rejects(deleteForever(world.context, `${dir}/folder`, world.signal));
    assert.equal(world.server()[inDir('folder/new')], md5('new'));
  });

  it('stays as it is below a read-only mount', async () => {
    await saveNow('a', 'x');
    await removeNow(`${dir}/a`);
    world.mounts = [{ mountPoint: '/nowhere', source: home, readOnly: true, status: 'mounted' }];
    await refused('readOnly', restoreFromTrash(world.context, `${dir}/a`, world.signal));
    await refused('readOnly', deleteForever(world.context, `${dir}/a`, world.signal));
  });
});

describe('the versions of a file', () => {
  it('are listed newest first, read, and brought back as a new one without sending bytes', async () => {
    for (const text of ['one', 'two', 'three']) await saveNow('a.txt', text);
    const path = `${dir}/a.txt`;
    const revisions = await listRevisions(world.context, path, world.signal);
    assert.deepEqual(
      revisions.map(({ revision, size, current }) => [revision, size, current]),
      [
        [3, 5, true],
        [2, 3, false],
        [1, 3, false],
      ],
    );
    const old = await readRevision(world.context, { path, revision: 1, offset: 0, length: 100 }, world.signal);
    assert.equal(Buffer.from(old.content, 'base64').toString(), 'one');
    world.drive.emulator.resetStats();
    await restoreRevision(world.context, { path, revision: 1 }, world.signal);
    assert.equal(await world.text(inDir('a.txt')), 'one');
    await world.drive.settle();
    assert.equal(world.drive.emulator.stats().requests.upload, undefined);
    assert.equal(world.server()[inDir('a.txt')], md5('one'));
    assert.equal((await listRevisions(world.context, path, world.signal)).length, 4);
  });

  it('are not brought back over changes that were not uploaded', async () => {
    await saveNow('a.txt', 'one');
    await saveNow('a.txt', 'two');
    world.drive.session().pusher.setPaused(true);
    await world.save(inDir('a.txt'), 'three');
    await refused(
      'pendingUploads',
      restoreRevision(world.context, { path: `${dir}/a.txt`, revision: 1 }, world.signal),
    );
    assert.equal(await world.text(inDir('a.txt')), 'three');
    world.drive.session().pusher.setPaused(false);
  });

  it('are not brought back over what a program writes and has not saved yet', async () => {
    await saveNow('a.txt', 'one');
    await saveNow('a.txt', 'two');
    const { vfs } = world.drive.session();
    const { ino } = await vfs.resolve(rootIno, `${dir}/a.txt`.split('/').filter(Boolean));
    const fh = await vfs.open(ino, { writing: true, append: false, truncate: false });
    await vfs.write(fh, Buffer.from('edited'), 0);
    await refused(
      'pendingUploads',
      restoreRevision(world.context, { path: `${dir}/a.txt`, revision: 1 }, world.signal),
    );
    await vfs.flushHandle(fh);
    await vfs.release(fh);
    assert.equal(await world.text(inDir('a.txt')), 'edited');
  });

  it('are none for a folder, an unsent file and an unknown number', async () => {
    await refused('isFolder', listRevisions(world.context, dir, world.signal));
    await saveNow('a', 'x');
    const params = { path: `${dir}/a`, revision: 99, offset: 0, length: 1 };
    await refused('notFound', readRevision(world.context, params, world.signal));
    world.drive.session().pusher.setPaused(true);
    await world.save(inDir('unsent'), 'x');
    await refused('pendingUploads', listRevisions(world.context, `${dir}/unsent`, world.signal));
    world.drive.session().pusher.setPaused(false);
  });
});

describe('a public link', () => {
  it('is made once, found again, and removed', async () => {
    await saveNow('a.txt', 'x');
    for (const path of [`${dir}/a.txt`, dir]) {
      assert.equal(await getPublicLink(world.context, path, world.signal), null);
      const link = await createPublicLink(world.context, path, world.signal);
      assert.match(link, /^https:\/\/www\.jottacloud\.com\/s\/[0-9a-f]+$/);
      assert.equal(await createPublicLink(world.context, path, world.signal), link);
      assert.equal(await getPublicLink(world.context, path, world.signal), link);
      await removePublicLink(world.context, path, world.signal);
      assert.equal(await getPublicLink(world.context, path, world.signal), null);
    }
  });

  it('lists the files that anyone may open, but not those in the trash', async () => {
    for (const name of ['æ & b.txt', 'gone.txt', 'own.txt']) await saveNow(name, name);
    for (const name of ['æ & b.txt', 'gone.txt']) await createPublicLink(world.context, `${dir}/${name}`, world.signal);
    await removeNow(`${dir}/gone.txt`);
    const listed = await listPublic(world.context, world.signal);
    assert.deepEqual(
      listed.filter((path) => path.startsWith(`${dir}/`)),
      [`${dir}/æ & b.txt`],
    );
  });

  it('leads to the page of the item on the web where there is one', async () => {
    await saveNow('æ #1.txt', 'x');
    assert.equal(
      await getWebUrl(world.context, `${dir}/æ #1.txt`),
      `https://www.jottacloud.com/web/archive/list/name/dir%20${count}/%C3%A6%20%231.txt`,
    );
    assert.equal(await getWebUrl(world.context, '/Jotta'), 'https://www.jottacloud.com/web/');
  });
});

describe('a search by name', () => {
  it('finds what is known, and below folders that were never looked at when it may ask', async () => {
    await saveNow('Report known.txt', 'x');
    await world.drive.emulator.put(`${dir}/unlisted/deep/REPORT æ.txt`, Buffer.from('y'));
    const search = new Search();
    const ask = async (text: string, deep: boolean, limit = 10) =>
      search.search(world.context, { folder: dir, text, deep, limit }, world.signal);
    assert.deepEqual((await ask('report', false)).hits, [{ path: `${dir}/Report known.txt`, kind: 'file' }]);
    const { hits, limited } = await ask('report', true);
    assert.deepEqual(
      hits.map(({ path }) => path),
      [`${dir}/Report known.txt`, `${dir}/unlisted/deep/REPORT æ.txt`],
    );
    assert.equal(limited, false);
    assert.deepEqual((await ask('deep', true)).hits, [{ path: `${dir}/unlisted/deep`, kind: 'folder' }]);
    const cut = await ask('report', true, 1);
    assert.equal(cut.hits.length, 1);
    assert.equal(cut.limited, true);
  });

  it('finds names that hold all words, in whatever order, and takes a star for anything', async () => {
    for (const name of ['Annual report 2026.pdf', 'report 2025.txt', '100%_sure.txt']) await saveNow(name, 'x');
    await world.drive.emulator.put(`${dir}/far/away/2026 report of others.pdf`, Buffer.from('y'));
    const ask = async (text: string) => {
      const params = { folder: dir, text, deep: true, limit: 10 };
      const { hits } = await new Search().search(world.context, params, world.signal);
      return hits.map(({ path }) => path.slice(dir.length + 1));
    };
    assert.deepEqual(await ask('2026 REPORT'), ['Annual report 2026.pdf', 'far/away/2026 report of others.pdf']);
    assert.deepEqual(await ask('rep*.txt'), ['report 2025.txt']);
    assert.deepEqual(await ask('%_'), ['100%_sure.txt']);
    assert.deepEqual(await ask('nothing of that'), []);
  });

  it('does not show what was removed here, and ends when it is cancelled', async () => {
    await saveNow('needle', 'x');
    world.drive.session().pusher.setPaused(true);
    await remove(world.context, { path: `${dir}/needle`, recursive: false }, world.signal);
    const params = { folder: '/', text: 'needle', deep: true, limit: 10 };
    assert.deepEqual((await new Search().search(world.context, params, world.signal)).hits, []);
    await assert.rejects(new Search().search(world.context, params, AbortSignal.abort()));
    world.drive.session().pusher.setPaused(false);
  });
});
