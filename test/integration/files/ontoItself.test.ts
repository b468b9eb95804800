import assert from 'node:assert/strict';
import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { putFile } from '../../../src/drive/files/content.ts';
import { copy } from '../../../src/drive/files/copy.ts';
import { download } from '../../../src/drive/files/download.ts';
import { resolveLocal } from '../../../src/drive/files/localPaths.ts';
import { createFolder } from '../../../src/drive/files/names.ts';
import { upload } from '../../../src/drive/files/upload.ts';
import { type FilesWorld, home, refused, testInFilesWorld } from '../../support/filesSupport.ts';
import { md5 } from '../../support/md5.ts';

/** Nothing is there on this computer: whoever opens a path below it fails. */
const mountPoint = '/mnt/of ours';
let world: FilesWorld;
let local: string;
let count: number;
/** A folder of its own for each test, shown by a mount. */
let dir: string;

testInFilesWorld((place) => {
  ({ world, local, dir, count } = place);
  world.mounts = [{ mountPoint, source: dir, readOnly: false, status: 'mounted' }];
});

const inDir = (name: string) => `${dir.slice(home.length + 1)}/${name}`;
const revisionOf = (name: string) =>
  world.drive.emulator.tree().find(({ path }) => path.endsWith(`/${inDir(name)}`))?.revision;
const replace = 'replace' as const;

/** Every way in which `dir/NAME` can be copied onto itself. */
const ways: Record<string, (name: string) => Promise<unknown>> = {
  'copied in the account': (name) =>
    copy(world.context, { from: `${dir}/${name}`, to: `${dir}/${name}`, collision: replace }, world.signal),
  'copied in the account in another spelling': (name) =>
    copy(
      world.context,
      { from: `${dir}/${name}`, to: `${dir}/${name.toUpperCase()}`, collision: replace },
      world.signal,
    ),
  'uploaded from its mount': (name) =>
    upload(world.context, { localPaths: [`${mountPoint}/${name}`], folder: dir, collision: replace }, world.signal),
  'uploaded from its mount by way of a link': async (name) => {
    const link = join(local, `way ${count}`);
    await symlink(mountPoint, link);
    await upload(world.context, { localPaths: [join(link, name)], folder: dir, collision: replace }, world.signal);
  },
  'downloaded into its mount': (name) =>
    download(world.context, { paths: [`${dir}/${name}`], localFolder: mountPoint, collision: replace }, world.signal),
};

describe('a file onto itself', () => {
  const all = {
    ...ways,
    'put from its mount': (name: string) =>
      putFile(
        world.context,
        { path: `${dir}/${name}`, localFile: `${mountPoint}/${name}`, create: true, overwrite: true },
        world.signal,
      ),
  };
  for (const [way, act] of Object.entries(all)) {
    it(`is as it was when ${way}, sent or not`, async () => {
      await world.save(inDir('sent.txt'), 'what the server has');
      await world.drive.settle();
      await world.save(inDir('new.txt'), 'only here yet');
      await act('sent.txt');
      assert.equal(await world.text(inDir('sent.txt')), 'what the server has');
      await rm(join(local, `way ${count}`), { force: true });
      await act('new.txt');
      assert.equal(await world.text(inDir('new.txt')), 'only here yet');
      await world.drive.settle();
      assert.equal(world.server()[inDir('new.txt')], md5('only here yet'));
      assert.deepEqual([revisionOf('sent.txt'), revisionOf('new.txt')], [1, 1]);
    });
  }
});

describe('a folder onto itself', () => {
  for (const [way, act] of Object.entries(ways)) {
    it(`is as it was when ${way}`, async () => {
      await createFolder(world.context, `${dir}/tree`);
      await createFolder(world.context, `${dir}/tree/sub`);
      await world.save(inDir('tree/a.txt'), 'above');
      await world.save(inDir('tree/sub/b.txt'), 'below');
      await act('tree');
      assert.equal(await world.text(inDir('tree/a.txt')), 'above');
      assert.equal(await world.text(inDir('tree/sub/b.txt')), 'below');
      assert.deepEqual(await world.names(inDir('')), ['tree']);
    });
  }
});

describe('a folder into what it holds', () => {
  const into: Record<string, (name: string, folder: string) => Promise<unknown>> = {
    'copied in the account': (name, folder) =>
      copy(world.context, { from: `${dir}/${name}`, to: `${dir}/${folder}/${name}`, collision: replace }, world.signal),
    'uploaded from its mount': (name, folder) => {
      const localPaths = [`${mountPoint}/${name}`];
      return upload(world.context, { localPaths, folder: `${dir}/${folder}`, collision: replace }, world.signal);
    },
    'downloaded into its mount': (name, folder) => {
      const localFolder = `${mountPoint}/${folder}`;
      return download(world.context, { paths: [`${dir}/${name}`], localFolder, collision: replace }, world.signal);
    },
  };
  for (const [way, act] of Object.entries(into)) {
    it(`is refused and nothing is made when ${way}`, async () => {
      await createFolder(world.context, `${dir}/tree`);
      await createFolder(world.context, `${dir}/tree/sub`);
      await world.save(inDir('tree/a.txt'), 'a');
      // The old endless copy ends, too.
      const stop = AbortSignal.timeout(5_000);
      for (const folder of ['tree', 'tree/sub']) {
        await refused('invalidName', Promise.race([act('tree', folder), aborted(stop)]));
      }
      assert.deepEqual(await world.names(inDir('tree')), ['a.txt', 'sub']);
      assert.deepEqual(await world.names(inDir('tree/sub')), []);
    });
  }
});

describe('a file of a mount of ours', () => {
  it('is put without being opened on this computer', async () => {
    await world.save(inDir('from'), 'through the account');
    const put = (localFile: string) =>
      putFile(world.context, { path: `${dir}/to`, localFile, create: true, overwrite: true }, world.signal);
    await put(`${mountPoint}/from`);
    assert.equal(await world.text(inDir('to')), 'through the account');
    await refused('notFound', put(`${mountPoint}/none`));
    await refused('isFolder', put(mountPoint));
    assert.equal(await world.text(inDir('to')), 'through the account');
  });
});

describe('a path of this computer', () => {
  it('leads into a mount in any spelling where the system takes any', async () => {
    const spelling = mountPoint.toUpperCase();
    assert.deepEqual(await resolveLocal(`${spelling}/a`, world.mounts), { kind: 'local', path: `${spelling}/a` });
    const { platform } = process;
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    try {
      const [inMount, beside] = [`${spelling}/sub/a`, `${spelling}2/a`];
      assert.deepEqual(await resolveLocal(inMount, world.mounts), { kind: 'mounted', path: `${dir}/sub/a` });
      assert.deepEqual(await resolveLocal(beside, world.mounts), { kind: 'local', path: beside });
    } finally {
      Object.defineProperty(process, 'platform', { value: platform });
    }
  });
});

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
