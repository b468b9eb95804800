import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fsPromises, {
  mkdir,
  mkdtemp,
  readdir,
  readFile as readLocal,
  readlink,
  rm,
  stat as statLocal,
  symlink,
  writeFile as writeLocal,
} from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { putFile, readFile, writeFile } from '../../../src/drive/files/content.ts';
import { copy } from '../../../src/drive/files/copy.ts';
import { download } from '../../../src/drive/files/download.ts';
import { lookup, stat } from '../../../src/drive/files/entries.ts';
import { createFolder, remove, rename } from '../../../src/drive/files/names.ts';
import { upload } from '../../../src/drive/files/upload.ts';
import { type FilesWorld, home, refused, testInFilesWorld } from '../../support/filesSupport.ts';
import { md5 } from '../../support/md5.ts';

let world: FilesWorld;
let local: string;
let count: number;
/** A folder of its own for each test. */
let dir: string;

testInFilesWorld((place) => {
  ({ world, local, dir, count } = place);
});

const base64 = (text: string) => Buffer.from(text).toString('base64');
const resolve = (path: string) => world.drive.session().vfs.resolve(1, path.split('/').filter(Boolean));
const inDir = (name: string) => `${dir.slice(home.length + 1)}/${name}`;
const mountOf = (source: string, readOnly: boolean, mountPoint = '/nowhere') =>
  ({ mountPoint, source, readOnly, status: 'mounted' }) as const;

describe('writing a file', () => {
  it('creates, overwrites and refuses as the flags say', async () => {
    const path = `${dir}/a.txt`;
    const write = (text: string, create: boolean, overwrite: boolean) =>
      writeFile(world.context, { path, content: base64(text), create, overwrite }, world.signal);
    await refused('notFound', write('x', false, true));
    await write('one', true, false);
    await refused('alreadyExists', write('two', true, false));
    await write('two', false, true);
    assert.equal(await world.text(inDir('a.txt')), 'two');
    await refused(
      'isFolder',
      writeFile(world.context, { path: dir, content: '', create: true, overwrite: true }, world.signal),
    );
    await refused(
      'notFound',
      writeFile(world.context, { path: `${dir}/none/a`, content: '', create: true, overwrite: true }, world.signal),
    );
  });

  it('makes one revision of a shorter content, however much there was', async () => {
    await world.save(inDir('a.txt'), 'long '.repeat(1000));
    await world.drive.settle();
    await world.save(inDir('a.txt'), 'short');
    await world.drive.settle();
    const item = world.drive.emulator.tree().find(({ path }) => path.endsWith(inDir('a.txt')));
    assert.equal(item?.md5, md5('short'));
    assert.equal(item?.revision, 2);
  });

  it('takes the content of a local file', async () => {
    const file = join(local, 'content.bin');
    const bytes = Buffer.alloc(3_000_001, 'jotta');
    await writeLocal(file, bytes);
    await putFile(
      world.context,
      { path: `${dir}/big.bin`, localFile: file, create: true, overwrite: false },
      world.signal,
    );
    const { size } = await stat(world.context, `${dir}/big.bin`);
    assert.equal(size, bytes.length);
    const tail = await readFile(world.context, { path: `${dir}/big.bin`, offset: 9_000_000, length: 100 });
    assert.deepEqual(Buffer.from(tail.content, 'base64'), bytes.subarray(9_000_000));
  });

  it('answers a new version stamp after every change', async () => {
    const read = () => readFile(world.context, { path: `${dir}/v.txt`, offset: 0, length: 10 });
    await world.save(inDir('v.txt'), 'one');
    const first = await read();
    assert.equal((await read()).version, first.version);
    await world.save(inDir('v.txt'), 'two');
    assert.notEqual((await read()).version, first.version);
  });
});

describe('names', () => {
  it('are renamed and moved, onto a taken one only when asked', async () => {
    await world.save(inDir('a'), 'a');
    await world.save(inDir('b'), 'b');
    await createFolder(world.context, `${dir}/sub`);
    await refused('alreadyExists', rename(world.context, { from: `${dir}/a`, to: `${dir}/b`, overwrite: false }));
    await rename(world.context, { from: `${dir}/a`, to: `${dir}/sub/c`, overwrite: false });
    await rename(world.context, { from: `${dir}/b`, to: `${dir}/sub/c`, overwrite: true });
    assert.deepEqual(await world.names(inDir('')), ['sub']);
    assert.equal(await world.text(inDir('sub/c')), 'b');
  });

  it('go to the trash one by one, or a folder with all it holds', async () => {
    await world.save(inDir('sub/inner/x'), 'x').catch(() => undefined);
    await createFolder(world.context, `${dir}/sub`);
    await createFolder(world.context, `${dir}/sub/inner`);
    await world.save(inDir('sub/inner/x'), 'x');
    await world.save(inDir('sub/y'), 'y');
    await world.drive.settle();
    await refused('folderNotEmpty', remove(world.context, { path: `${dir}/sub`, recursive: false }, world.signal));
    await remove(world.context, { path: `${dir}/sub`, recursive: true }, world.signal);
    await world.drive.settle();
    assert.deepEqual(await world.names(inDir('')), []);
    assert.deepEqual(
      Object.keys(world.server()).filter((path) => path.startsWith(inDir('sub'))),
      [],
    );
    await refused('notFound', remove(world.context, { path: `${dir}/sub`, recursive: true }, world.signal));
  });

  it('of folders that hold something which cannot be shown stay, and tell so', async () => {
    const inner = `${dir}/sub/inner`;
    await createFolder(world.context, `${dir}/sub`);
    await createFolder(world.context, inner);
    await world.drive.settle();
    await world.drive.emulator.put(`${inner}/a.txt`, 'not seen here');
    world.drive.emulator.garble(`${inner}/a.txt`, { size: 'NaN' });
    await world.drive.session().folders.refresh((await resolve(inner)).ino);
    const removing = remove(world.context, { path: `${dir}/sub`, recursive: true }, world.signal);
    await assert.rejects(removing, { code: 'folderNotEmpty', args: { path: inner, unusable: '1' } });
    assert.equal((await stat(world.context, inner)).unusable, 1);
    assert.equal((await stat(world.context, `${dir}/sub`)).unusable, undefined);
  });

  it('of devices and mountpoints stay', async () => {
    for (const path of ['/Jotta', home]) {
      await refused('notChangeable', remove(world.context, { path, recursive: true }, world.signal));
      await refused('notChangeable', rename(world.context, { from: path, to: `${dir}/x`, overwrite: false }));
    }
    await refused('notChangeable', createFolder(world.context, '/Jotta/New'));
    await refused('notChangeable', createFolder(world.context, '/'));
  });

  it('below a read-only mount cannot be changed, unless a closer one allows it', async () => {
    await world.save(inDir('a'), 'a');
    world.mounts = [mountOf(home, true)];
    await refused('readOnly', world.save(inDir('a'), 'b'));
    await refused('readOnly', createFolder(world.context, `${dir.toUpperCase()}/sub`));
    await refused('readOnly', rename(world.context, { from: `${dir}/a`, to: `${dir}/b`, overwrite: false }));
    await refused('readOnly', remove(world.context, { path: `${dir}/a`, recursive: false }, world.signal));
    assert.equal((await stat(world.context, `${dir}/a`)).readOnly, true);
    world.mounts = [mountOf(home, true), mountOf(dir, false)];
    await world.save(inDir('a'), 'b');
    assert.equal((await stat(world.context, `${dir}/a`)).readOnly, false);
  });
});

describe('a lookup', () => {
  it('answers what is known and asks the server nothing', async () => {
    await world.save(inDir('known'), 'x');
    await world.drive.settle();
    world.drive.emulator.resetStats();
    const [known, unknown] = lookup(world.context, [`${dir}/KNOWN`, `${dir}/unknown/deep`]);
    assert.equal(known?.name, 'known');
    assert.equal(known?.sync, 'cached');
    assert.equal(unknown, null);
    assert.equal(world.drive.emulator.stats().requests.list, undefined);
  });
});

describe('a copy', () => {
  it('of a file the server has shares its content: nothing is sent', async () => {
    await world.save(inDir('a.txt'), 'shared bytes');
    await world.drive.settle();
    world.drive.emulator.resetStats();
    const request = { from: `${dir}/a.txt`, to: `${dir}/b.txt`, collision: 'fail' } as const;
    assert.equal(await copy(world.context, request, world.signal), `${dir}/b.txt`);
    await world.drive.settle();
    assert.equal(world.server()[inDir('b.txt')], md5('shared bytes'));
    assert.equal(world.drive.emulator.stats().requests.upload, undefined);
    await refused('alreadyExists', copy(world.context, request, world.signal));
    assert.equal(await copy(world.context, { ...request, collision: 'keepBoth' }, world.signal), `${dir}/b (2).txt`);
  });

  it('of a file that was not sent yet has its newest bytes', async () => {
    world.drive.session().pusher.setPaused(true);
    await world.save(inDir('new'), 'unsent');
    await copy(world.context, { from: `${dir}/new`, to: `${dir}/new copy`, collision: 'fail' }, world.signal);
    assert.equal(await world.text(inDir('new copy')), 'unsent');
    world.drive.session().pusher.setPaused(false);
  });

  it('of a file that is being written has what was written, of the same size too', async () => {
    await world.save(inDir('open.txt'), 'as it was');
    await world.drive.settle();
    const { vfs } = world.drive.session();
    const { ino } = await resolve(`${dir}/open.txt`);
    const fh = await vfs.open(ino, { writing: true, append: false, truncate: false });
    await vfs.write(fh, Buffer.from('is'), 3);
    await copy(world.context, { from: `${dir}/open.txt`, to: `${dir}/copy.txt`, collision: 'fail' }, world.signal);
    assert.equal(await world.text(inDir('copy.txt')), 'as is was');
    await vfs.release(fh);
  });

  it('of a folder has all it holds; into itself it is refused', async () => {
    await createFolder(world.context, `${dir}/from`);
    await createFolder(world.context, `${dir}/from/sub`);
    await world.save(inDir('from/sub/x'), 'x');
    await copy(world.context, { from: `${dir}/from`, to: `${dir}/to`, collision: 'fail' }, world.signal);
    assert.equal(await world.text(inDir('to/sub/x')), 'x');
    await refused(
      'invalidName',
      copy(world.context, { from: `${dir}/from`, to: `${dir}/from/sub/again`, collision: 'fail' }, world.signal),
    );
  });
});

describe('an upload', () => {
  it('takes files and folders, links as links', async () => {
    const tree = join(local, `tree${count}`);
    await mkdir(join(tree, 'sub'), { recursive: true });
    await writeLocal(join(tree, 'sub', 'æøå.txt'), 'inner');
    await symlink('sub/æøå.txt', join(tree, 'link'));
    const made = await upload(world.context, { localPaths: [tree], folder: dir, collision: 'fail' }, world.signal);
    assert.deepEqual(made, [`${dir}/tree${count}`]);
    assert.equal(await world.text(inDir(`tree${count}/sub/æøå.txt`)), 'inner');
    assert.equal((await stat(world.context, `${dir}/tree${count}/link`)).link, true);
    assert.equal(await world.text(inDir(`tree${count}/link`)), 'inner');
    await world.drive.settle();
    assert.equal(world.server()[inDir(`tree${count}/sub/æøå.txt`)], md5('inner'));
  });

  it('keeps both, replaces or refuses where a name is taken', async () => {
    const file = join(local, 'taken.txt');
    await world.save(inDir('taken.txt'), 'old');
    await writeLocal(file, 'new');
    const send = (collision: 'fail' | 'replace' | 'keepBoth') =>
      upload(world.context, { localPaths: [file], folder: dir, collision }, world.signal);
    await refused('alreadyExists', send('fail'));
    assert.deepEqual(await send('keepBoth'), [`${dir}/taken (2).txt`]);
    assert.equal(await world.text(inDir('taken.txt')), 'old');
    await send('replace');
    assert.equal(await world.text(inDir('taken.txt')), 'new');
  });

  it('of what lies in a mount of ours copies inside the account and never opens it', async () => {
    await world.save(inDir('here'), 'here');
    await createFolder(world.context, `${dir}/target`);
    // Nothing is there on this computer: opening it would fail.
    world.mounts = [mountOf(dir, false, '/mnt/of ours')];
    await symlink('/mnt/of ours', join(local, `into${count}`));
    for (const [index, path] of ['/mnt/of ours/here', join(local, `into${count}`, 'here')].entries()) {
      const folder = `${dir}/target`;
      const made = await upload(world.context, { localPaths: [path], folder, collision: 'keepBoth' }, world.signal);
      assert.deepEqual(made, [index === 0 ? `${folder}/here` : `${folder}/here (2)`]);
    }
    assert.equal(await world.text(inDir('target/here (2)')), 'here');
  });

  it('of a missing local file says so, and makes nothing', async () => {
    const localPaths = [join(local, 'missing')];
    await refused('notFound', upload(world.context, { localPaths, folder: dir, collision: 'fail' }, world.signal));
    assert.deepEqual(await world.names(inDir('')), []);
  });
});

describe('a download', () => {
  it('saves files and folders with their times, links as links', async () => {
    await createFolder(world.context, `${dir}/out`);
    await world.save(inDir('out/a.txt'), 'content');
    const { vfs } = world.drive.session();
    const folder = await resolve(`${dir}/out`);
    await vfs.setTimes((await vfs.lookup(folder.ino, 'a.txt')).ino, { sec: 1_600_000_000, nsec: 0 });
    await vfs.symlink(folder.ino, 'link', 'a.txt');
    const localFolder = await mkdtemp(join(local, 'down-'));
    const request = { paths: [`${dir}/out`], localFolder, collision: 'fail' } as const;
    assert.deepEqual(await download(world.context, request, world.signal), [join(localFolder, 'out')]);
    assert.equal(await readLocal(join(localFolder, 'out', 'a.txt'), 'utf8'), 'content');
    assert.equal((await statLocal(join(localFolder, 'out', 'a.txt'))).mtimeMs, 1_600_000_000_000);
    assert.equal(await readlink(join(localFolder, 'out', 'link')), 'a.txt');
    await refused('alreadyExists', download(world.context, request, world.signal));
  });

  it('never leaves the chosen folder through a link, and numbers names that fall together here', async () => {
    const outside = await mkdtemp(join(local, 'outside-'));
    await createFolder(world.context, `${dir}/out`);
    const { vfs } = world.drive.session();
    const folder = await resolve(`${dir}/out`);
    // On this disk the folder's name becomes that of the link.
    await vfs.symlink(folder.ino, 'way_out', outside);
    await createFolder(world.context, `${dir}/out/way\\out`);
    await world.save(inDir('out/way\\out/file'), 'inside');
    const localFolder = await mkdtemp(join(local, 'down-'));
    const request = { paths: [`${dir}/out`], localFolder, collision: 'replace' } as const;
    await download(world.context, request, world.signal);
    assert.deepEqual(await readdir(outside), []);
    assert.deepEqual((await readdir(join(localFolder, 'out'))).sort(), ['way_out', 'way_out (2)']);
    assert.equal(await readLocal(join(localFolder, 'out/way_out (2)/file'), 'utf8'), 'inside');
    // A link that is there already is not followed either.
    await rm(join(localFolder, 'out'), { recursive: true });
    await symlink(outside, join(localFolder, 'out'));
    await refused('alreadyExists', download(world.context, request, world.signal));
    assert.deepEqual(await readdir(outside), []);
  });

  it('saves a link as the file that it is on the server where the disk takes none', async (test) => {
    await createFolder(world.context, `${dir}/out`);
    const { vfs } = world.drive.session();
    await vfs.symlink((await resolve(`${dir}/out`)).ino, 'link', 'a.txt');
    const localFolder = await mkdtemp(join(local, 'down-'));
    const refusal = Object.assign(new Error('operation not permitted'), { code: 'EPERM' });
    test.mock.method(fsPromises, 'symlink', () => Promise.reject(refusal));
    syncBuiltinESMExports();
    try {
      await download(world.context, { paths: [`${dir}/out`], localFolder, collision: 'fail' }, world.signal);
    } finally {
      test.mock.restoreAll();
      syncBuiltinESMExports();
    }
    assert.deepEqual(await readdir(join(localFolder, 'out')), ['link.rclonelink']);
    assert.equal(await readLocal(join(localFolder, 'out', 'link.rclonelink'), 'utf8'), 'a.txt');
  });

  it('makes no link that was made elsewhere and leads out of what is downloaded', async () => {
    const { emulator } = world.drive;
    await world.drive.settle();
    // Both stay in the account.
    await emulator.put(`${dir}/project/deep/up.rclonelink`, '../../.profile');
    await emulator.put(`${dir}/project/deep/near.rclonelink`, '../beside');
    await world.drive.session().folders.refresh((await resolve(dir)).ino);
    const localFolder = await mkdtemp(join(local, 'down-'));
    const save = (path: string) =>
      download(world.context, { paths: [`${dir}/${path}`], localFolder, collision: 'replace' }, world.signal);
    await save('project');
    assert.deepEqual((await readdir(join(localFolder, 'project/deep'))).sort(), ['near', 'up.rclonelink']);
    assert.equal(await readlink(join(localFolder, 'project/deep/near')), '../beside');
    assert.equal(await readLocal(join(localFolder, 'project/deep/up.rclonelink'), 'utf8'), '../../.profile');
    await save('project/deep');
    assert.deepEqual((await readdir(join(localFolder, 'deep'))).sort(), ['near.rclonelink', 'up.rclonelink']);
    assert.deepEqual(await save('project/deep/near'), [join(localFolder, 'near.rclonelink')]);
  });

  it('is repeated when what came in parts is not what the server promised, and fails when it never is', async () => {
    const { emulator } = world.drive;
    await world.drive.settle();
    const bytes = randomBytes(5_000_000);
    await emulator.put(`${dir}/x`, bytes);
    await world.drive.session().folders.refresh((await resolve(dir)).ino);
    const localFolder = await mkdtemp(join(local, 'down-'));
    const request = { paths: [`${dir}/x`], localFolder, collision: 'fail' } as const;
    emulator.setFaults([{ match: { kind: 'download' }, nth: 1, times: 1000, action: { type: 'corrupt' } }]);
    await assert.rejects(download(world.context, request, world.signal));
    assert.deepEqual(await readdir(localFolder), []);
    // The parts that are in the cache by then are wrong.
    emulator.setFaults([{ match: { kind: 'download' }, nth: 2, action: { type: 'corrupt' } }]);
    await download(world.context, request, world.signal);
    assert.ok((await readLocal(join(localFolder, 'x'))).equals(bytes));
    assert.deepEqual(await readdir(localFolder), ['x']);
    emulator.setFaults([]);
  });

  it('that fails in the middle leaves no half of a file, and all that was there', async () => {
    const { emulator } = world.drive;
    await world.drive.settle();
    await emulator.put(`${dir}/x`, Buffer.alloc(9_000_000, 'x'));
    await world.drive.session().folders.refresh((await resolve(dir)).ino);
    const localFolder = await mkdtemp(join(local, 'down-'));
    await writeLocal(join(localFolder, 'x.part'), 'of the user');
    const request = { paths: [`${dir}/x`], localFolder, collision: 'fail' } as const;
    // The first two are for the first part and a question beside it.
    const action = { type: 'status', status: 403 } as const;
    emulator.setFaults([{ match: { kind: 'download' }, nth: 3, times: 100, action }]);
    await assert.rejects(download(world.context, request, world.signal));
    assert.ok((emulator.faults()[0]?.hits.length ?? 0) > 0);
    emulator.setFaults([]);
    assert.deepEqual(await readdir(localFolder), ['x.part']);
    await download(world.context, request, world.signal);
    assert.equal((await statLocal(join(localFolder, 'x'))).size, 9_000_000);
    assert.equal(await readLocal(join(localFolder, 'x.part'), 'utf8'), 'of the user');
  });
});
