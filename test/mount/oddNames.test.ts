import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { md5 } from '../support/md5.ts';
import { oddNames as allOddNames, longestName, percentNames, storedName } from '../support/oddNames.ts';
import { until } from '../support/until.ts';
import { createWorld, digestTree, type Headless, remoteFiles, type World } from './support.ts';

/** U+FFFD stands for bytes that are not UTF-8 in what the kernel says: no new name holds it (SEMANTICS.md). */
const oddNames = allOddNames.filter((name) => !name.includes('\uFFFD'));

/** A file of every odd name, one in a folder of every odd name, and a few below chains of such folders. */
const paths = [
  ...oddNames.flatMap((name) => [name, `folders/${name}/${name}`]),
  ...oddNames.flatMap((_, at) => (at % 4 === 0 ? [`nested/${oddNames.slice(at, at + 3).join('/')}/file`] : [])),
  longestName,
];

/** Of each writer its own, because known content would come from the cache instead of the server. */
const contentOf = (path: string, writer = 'us') => `${path} by ${writer}`;
const digests = (writer: string) => new Map(paths.map((path) => [path, md5(contentOf(path, writer))]));
const sorted = (map: ReadonlyMap<string, string>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

async function writePaths(folder: string, of: readonly string[], writer?: string): Promise<void> {
  for (const path of of) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), contentOf(path, writer));
  }
}

describe('odd names on the mount', { timeout: 180_000 }, () => {
  let world: World;
  let drive: Headless;
  before(async () => {
    world = await createWorld();
    drive = await world.start({ loginToken: world.emulator.newLoginToken() });
  });
  after(() => world.close());

  const onServer = (folder: string) =>
    [...remoteFiles(world.emulator).keys()].filter((path) => path.startsWith(folder));

  it('come up as rclone would have brought them: it finds no difference to a local mirror', async () => {
    const mirror = join(world.dir, 'mirror');
    await writePaths(mirror, paths);
    await writePaths(join(drive.mountPoint, 'ours'), paths);
    await until('all are up', () => onServer('ours/').length === paths.length, 60_000);
    const answer = await world.rclone('check', '--download', mirror, 'remote:ours');
    assert.match(answer, new RegExp(`: 0 differences found.*: ${paths.length} matching files`, 's'));
    const stored = new Set(onServer('ours/'));
    for (const name of oddNames) {
      // The drive makes new names NFC; rclone compares them so.
      const wire = storedName(name).normalize('NFC');
      assert.ok(stored.has(`ours/folders/${wire}/${wire}`), wire);
    }
  });

  it('are shown and read under the names they were written with, but composed', async () => {
    const seen = await digestTree(join(drive.mountPoint, 'ours'));
    const expected = [...digests('us')].map(([path, digest]): [string, string] => [path.normalize('NFC'), digest]);
    assert.deepEqual(sorted(seen), sorted(new Map(expected)));
  });

  it('are found in every spelling that means the same', async () => {
    const spelled = join(drive.mountPoint, 'ours');
    assert.equal(await readFile(join(spelled, 'cafe\u0301 decomposed'), 'utf8'), contentOf('cafe\u0301 decomposed'));
    assert.equal(await readFile(join(spelled, 'caf\u00e9 decomposed'), 'utf8'), contentOf('cafe\u0301 decomposed'));
    assert.equal(await readFile(join(spelled, 'æøå ÆØÅ'), 'utf8'), contentOf('ÆØÅ æøå'));
  });

  it('come down as rclone would have brought them, composed or not', async () => {
    await writePaths(join(world.dir, 'their mirror'), paths, 'rclone');
    await world.rclone('copy', join(world.dir, 'their mirror'), 'remote:theirs');
    world.emulator.resetStats();
    await until('the poll shows them', async () => (await readdir(drive.mountPoint)).includes('theirs'));
    const folder = join(drive.mountPoint, 'theirs');
    await until('the folder is whole', async () => (await readdir(folder)).length === oddNames.length + 3);
    assert.deepEqual(sorted(await digestTree(folder)), sorted(digests('rclone')));
    assert.equal(world.emulator.stats().requests.download, paths.length);
  });

  it('that rclone wrote are renamed and removed here, and there', async () => {
    const { mountPoint } = drive;
    await mkdir(join(mountPoint, 'renamed'));
    for (const name of oddNames) await rename(join(mountPoint, 'theirs', name), join(mountPoint, 'renamed', name));
    for (const name of oddNames) await rm(join(mountPoint, 'theirs/folders', name), { recursive: true });
    await until('they have moved', () => onServer('renamed/').length === oddNames.length, 60_000);
    await until('they are gone', () => onServer('theirs/folders/').length === 0, 60_000);
    const mirror = join(world.dir, 'renamed');
    await writePaths(mirror, oddNames, 'rclone');
    await until('the contents are those of a mirror', async () => {
      const answer = await world.rclone('check', '--download', mirror, 'remote:renamed');
      return answer.includes(`: ${oddNames.length} matching files`);
    });
  });

  it('with a percent sign are another name for rclone 1.60.1: it shows the look-alike', async () => {
    await writePaths(join(drive.mountPoint, 'percent'), percentNames);
    await until('all are up', () => onServer('percent/').length === percentNames.length);
    await world.rclone('copy', 'remote:percent', join(world.dir, 'percent'));
    const shown = await readdir(join(world.dir, 'percent'));
    assert.deepEqual(shown.sort(), percentNames.map((name) => name.replaceAll('%', '％')).sort());
    assert.deepEqual((await readdir(join(drive.mountPoint, 'percent'))).sort(), percentNames.toSorted());
  });

  it('with a raw percent sign are listed, and reading them is EOPNOTSUPP, because the service refuses every request with the name', async () => {
    const source = join(world.dir, 'raw percent');
    await writePaths(source, ['100%', 'plain'], 'a raw writer');
    await world.rclone('copy', source, 'remote:raw percent');
    const folder = join(drive.mountPoint, 'raw percent');
    await until('the poll shows it', async () => (await readdir(drive.mountPoint)).includes('raw percent'));
    await until('it is whole', async () => (await readdir(folder)).length === 2);
    assert.equal(await readFile(join(folder, 'plain'), 'utf8'), contentOf('plain', 'a raw writer'));
    assert.equal((await stat(join(folder, '100%'))).size, contentOf('100%', 'a raw writer').length);
    await assert.rejects(readFile(join(folder, '100%')), { code: 'ENOTSUP' });
  });

  it('that differ only in case or normalisation are one file here', async () => {
    const folder = join(drive.mountPoint, 'twins');
    await mkdir(folder);
    for (const name of ['Name', 'name', 'caf\u00e9', 'cafe\u0301']) await writeFile(join(folder, name), `by ${name}`);
    assert.deepEqual((await readdir(folder)).sort(), ['Name', 'caf\u00e9']);
    await until('they are up', () => onServer('twins/').length === 2);
    await until('the last bytes are up', () => {
      return remoteFiles(world.emulator).get('twins/caf\u00e9')?.md5 === md5('by cafe\u0301');
    });
    assert.equal(await world.rclone('cat', 'remote:twins/Name'), 'by name');
  });

  it('that differ only in case or normalisation on the server are all there, and stay when one goes', async () => {
    const { emulator } = world;
    const twins = ['caf\u00e9', 'cafe\u0301', 'cafe\u0301\u200b'];
    for (const name of twins) await emulator.put(`/Jotta/Archive/server twins/${name}.txt`, name);
    await until('the poll shows them', async () => (await readdir(drive.mountPoint)).includes('server twins'));
    const folder = join(drive.mountPoint, 'server twins');
    const shown = await readdir(folder);
    const read = (names: readonly string[]) => Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    assert.deepEqual((await read(shown)).sort(), twins.toSorted());
    const [standIn, ...none] = shown.filter((name) => /~[0-9a-f]{8}\.txt$/.test(name));
    assert.ok(standIn !== undefined && none.length === 0, shown.join());
    const of = await readFile(join(folder, standIn), 'utf8');
    const other = shown.find((name) => name !== standIn && name.normalize('NFC') === 'caf\u00e9.txt') as string;
    await rm(join(folder, other));
    await until('the other is gone', () => onServer('server twins/').length === 2);
    await emulator.put('/Jotta/Archive/server twins/more', 'more');
    await until('the folder was listed again', async () => (await readdir(folder)).includes('more'));
    assert.equal(await readFile(join(folder, standIn), 'utf8'), of);
    await rename(join(folder, standIn), join(folder, 'plain'));
    await until('it has moved', () => onServer('server twins/').includes('server twins/plain'));
    await rm(folder, { recursive: true });
    await until('all is gone', () => onServer('server twins/').length === 0);
  });

  it('of more than 255 bytes are shown under a stand-in, and are read, moved and removed by it', async () => {
    const { emulator } = world;
    const long = ['a', 'b'].map((last) => `${'\u8a9e'.repeat(90)}${last}.txt`);
    for (const name of long) await emulator.put(`/Jotta/Archive/long/${name}`, name);
    await emulator.put(`/Jotta/Archive/long/${long[0]}.folder/inner`, 'inner');
    await until('the poll shows them', async () => (await readdir(drive.mountPoint)).includes('long'));
    const folder = join(drive.mountPoint, 'long');
    const shown = await readdir(folder);
    assert.equal(shown.length, 3);
    for (const name of shown) {
      assert.ok(Buffer.byteLength(name) <= 255 && /^\u8a9e{60,}~[0-9a-f]{8}\.(txt|folder)$/.test(name), name);
    }
    const files = shown.filter((name) => name.endsWith('.txt'));
    const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
    assert.deepEqual(texts.sort(), long);
    const [first, second] = files as [string, string];
    const inner = shown.find((name) => name.endsWith('.folder')) as string;
    assert.equal(await readFile(join(folder, inner, 'inner'), 'utf8'), 'inner');
    await mkdir(join(drive.mountPoint, 'long moved'));
    await rename(join(folder, first), join(drive.mountPoint, 'long moved', first));
    await until('it has moved, under its own name', () =>
      onServer('long moved/').some((path) => long.includes(path.slice('long moved/'.length))),
    );
    await rename(join(folder, second), join(folder, 'short'));
    await until('it is renamed', () => onServer('long/').includes('long/short'));
    await rm(folder, { recursive: true });
    await rm(join(drive.mountPoint, 'long moved', first));
    await until('all is gone', () => onServer('long').length === 0);
  });

  it('of litter stay here, and rclone sees none of them', async () => {
    const folder = join(drive.mountPoint, 'litter');
    await mkdir(folder);
    for (const name of ['~$report.docx', '._photo', '.DS_Store', '.~lock.x#']) await writeFile(join(folder, name), 'x');
    await writeFile(join(folder, '~not litter'), 'x');
    await until('the other is up', () => onServer('litter/').length === 1);
    assert.equal(await world.rclone('lsf', 'remote:litter'), '~not litter\n');
    assert.equal((await readdir(folder)).length, 5);
  });

  it('of 256 letters are refused before anything is sent', async () => {
    await assert.rejects(writeFile(join(drive.mountPoint, `${longestName}x`), 'x'), { code: 'ENAMETOOLONG' });
    await assert.rejects(mkdir(join(drive.mountPoint, 'é'.repeat(128))), { code: 'ENAMETOOLONG' });
  });
});
