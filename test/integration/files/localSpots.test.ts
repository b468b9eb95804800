import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { truncateSync } from 'node:fs';
import fsPromises, { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { putFile } from '../../../src/drive/files/content.ts';
import { download } from '../../../src/drive/files/download.ts';
import { createFolder } from '../../../src/drive/files/names.ts';
import { upload } from '../../../src/drive/files/upload.ts';
import type { Collision } from '../../../src/protocol/fileMessages.ts';
import { type FilesWorld, home, refused, testInFilesWorld } from '../../support/filesSupport.ts';
import { until } from '../../support/until.ts';

let world: FilesWorld;
let local: string;
let dir: string;

testInFilesWorld((place) => {
  ({ world, local, dir } = place);
});

const inDir = (name: string) => `${dir.slice(home.length + 1)}/${name}`;
const save = (path: string, localFolder: string, collision: Collision) =>
  download(world.context, { paths: [`${dir}/${path}`], localFolder, collision }, world.signal);

/** Content of every file below, by its path. */
async function readTree(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const read = paths.sort().map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'utf8')]);
  return Object.fromEntries(await Promise.all(read));
}

/** What came to `a` in a new folder while it was downloaded there, and what that ended in. */
async function downloadMeanwhile(collision: Collision): Promise<{ folder: string; work: Promise<string[]> }> {
  const { emulator, session, settle } = world.drive;
  await settle();
  // Known nowhere here yet.
  await emulator.put(`${dir}/a`, `theirs, ${collision}`);
  const { vfs, folders } = session();
  await folders.refresh((await vfs.resolve(1, dir.split('/').filter(Boolean))).ino);
  const folder = await mkdtemp(join(local, 'down-'));
  emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'delay', ms: 300 } }]);
  const work = save('a', folder, collision);
  work.catch(() => {});
  await until('bytes are on their way', async () => (await readdir(folder)).length === 1);
  await writeFile(join(folder, 'a'), 'mine');
  return { folder, work };
}

describe('what comes to the place of a download while bytes are on their way', () => {
  it('stays as it is where a taken name is to be refused', async () => {
    const { folder, work } = await downloadMeanwhile('fail');
    await refused('alreadyExists', work);
    assert.deepEqual(await readTree(folder), { a: 'mine' });
  });

  it('stays beside it where both are to be kept', async () => {
    const { folder, work } = await downloadMeanwhile('keepBoth');
    assert.deepEqual(await work, [join(folder, 'a (2)')]);
    assert.deepEqual(await readTree(folder), { a: 'mine', 'a (2)': 'theirs, keepBoth' });
  });

  it('gives way where it is to be replaced', async () => {
    const { folder, work } = await downloadMeanwhile('replace');
    assert.deepEqual(await work, [join(folder, 'a')]);
    assert.deepEqual(await readTree(folder), { a: 'theirs, replace' });
  });
});

describe('two downloads of one name into one folder', () => {
  for (const [way, take] of [
    ['where files can have two names', undefined],
    ['where they cannot', 'link'],
  ] as const) {
    it(`are both there, files and folders, ${way}`, async (test) => {
      for (const side of ['one', 'two']) {
        await createFolder(world.context, `${dir}/${side}`);
        await createFolder(world.context, `${dir}/${side}/sub`);
        await world.save(inDir(`${side}/a`), side);
        await world.save(inDir(`${side}/sub/b`), side);
      }
      const folder = await mkdtemp(join(local, 'down-'));
      const refusal = Object.assign(new Error('operation not permitted'), { code: 'EPERM' });
      if (take !== undefined) test.mock.method(fsPromises, take, () => Promise.reject(refusal));
      syncBuiltinESMExports();
      try {
        await Promise.all(['one/a', 'two/a', 'one/sub', 'two/sub'].map((path) => save(path, folder, 'keepBoth')));
      } finally {
        test.mock.restoreAll();
        syncBuiltinESMExports();
      }
      const tree = await readTree(folder);
      assert.deepEqual(Object.keys(tree), ['a', 'a (2)', 'sub (2)/b', 'sub/b']);
      assert.deepEqual(Object.values(tree).sort(), ['one', 'one', 'two', 'two']);
    });
  }
});

describe('a download that cannot be written', () => {
  it('names the file, and not the partial one', async () => {
    await world.save(inDir('a'), 'x');
    const localFolder = join(local, 'nowhere');
    await assert.rejects(save('a', localFolder, 'fail'), { code: 'notFound', args: { path: join(localFolder, 'a') } });
  });
});

describe('a local file that is taken', () => {
  it('is refused by its name when it is a pipe, which has no content', async () => {
    const pipe = join(local, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const request = { localPaths: [pipe], folder: dir, collision: 'fail' } as const;
    await refused('localAccess', upload(world.context, request, world.signal));
    assert.deepEqual(await world.names(inDir('')), []);
  });

  it('is not taken in part when it is cut while it is read', async () => {
    const localFile = join(local, 'cut');
    await world.save(inDir('cut'), 'as it was');
    const { jobs } = world.drive.session();
    const cut = () => {
      if (jobs.getRunning().some(({ done }) => done > 0)) truncateSync(localFile, 10);
    };
    await writeFile(localFile, Buffer.alloc(3_000_000, 'x'));
    jobs.changed.on(cut);
    const request = { localPaths: [localFile], folder: dir, collision: 'replace' } as const;
    await refused('sourceChanged', upload(world.context, request, world.signal));
    assert.equal(await world.text(inDir('cut')), 'as it was');
    const put = { path: `${dir}/cut`, localFile, create: true, overwrite: true };
    await putFile(world.context, put, world.signal);
    assert.equal(await world.text(inDir('cut')), 'x'.repeat(10));
  });
});
