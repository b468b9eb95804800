import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Emulator } from '../../emulator/emulator.ts';
import { md5 } from '../../support/md5.ts';
import { until } from '../../support/until.ts';
import { digestTree, remoteFiles } from '../support.ts';

/** More than is read ahead, and asked for in parts. */
const largeBytes = 1_500_000;
/** An upload of so much is looked at afterwards. */
const watchedBytes = 9_000_000;
/** A part that nothing else touches. */
const pieceBytes = 100_000;
/** Uploads are small, and what is refused once is tried again after a second or two. */
const pushMs = 60_000;
const newTime = new Date('2020-02-02T02:02:02Z');
/** The spelling that the service is sent when it refuses these characters. */
const lookalikes: Readonly<Record<string, string>> = { '＼': '\\', '；': ';', '％': '%' };

/** One folder of a volume, which somebody uses while the service does less than is hoped for. */
export interface Using {
  readonly emulator: Emulator;
  readonly mountPoint: string;
  /** Name of a folder of `/Jotta/Archive` that is not there yet. */
  readonly folder: string;
  /** Whether the time of a file reaches the account. */
  readonly keepsTimes: boolean;
}

type At = (name: string) => string;

/** Puts into the account what is used then. */
export async function seed({ emulator, folder }: Using): Promise<Map<string, Buffer>> {
  const files = new Map(
    Object.entries({
      'small.txt': 500,
      'large.bin': largeBytes,
      'replaced.bin': largeBytes,
      'edited.bin': largeBytes,
      'renamed.txt': 700,
      'name of something trashed.txt': 600,
      'timed.txt': 800,
      'removed.txt': 900,
      'folder/inside.txt': 1_000,
      'folder/below/more.txt': 1_100,
      'removed folder/inside.txt': 1_200,
      'removed folder/below/more.txt': 1_300,
    }).map(([name, size]) => [name, randomBytes(size)] as const),
  );
  for (const [name, content] of files) await emulator.put(`/Jotta/Archive/${folder}/${name}`, content);
  emulator.remove(`/Jotta/Archive/${folder}/name of something trashed.txt`);
  files.delete('name of something trashed.txt');
  return files;
}

/** Reads, writes and waits until all that was written is in the account, and the volume shows it. */
export async function use(using: Using, files: Map<string, Buffer>): Promise<void> {
  const { emulator, mountPoint, folder, keepsTimes } = using;
  const at = (name: string) => join(mountPoint, folder, name);
  await until(`${folder} shows`, async () => (await readdir(mountPoint)).includes(folder));
  await read(using, at, files);
  await write(at, files);
  const expected = describe([...files].map(([name, content]) => [name, md5(content)]));
  const isThere = () => describe(listServer(emulator, folder)) === expected;
  // The comparison tells what is missing.
  await until(`all of ${folder} is in the account`, isThere, pushMs).catch(() => {});
  assert.equal(describe(listServer(emulator, folder)), expected);
  const isTimed = () => remoteFiles(emulator).get(`${folder}/timed.txt`)?.mtime === newTime.getTime();
  if (keepsTimes) {
    await until('the time is in the account', isTimed, pushMs);
    assert.equal((await stat(at('timed.txt'))).mtimeMs, newTime.getTime());
  }
  assert.equal(describe(await digestTree(join(mountPoint, folder))), expected);
}

async function read({ emulator, folder }: Using, at: At, files: Map<string, Buffer>): Promise<void> {
  const get = (name: string) => files.get(name) as Buffer;
  assert.ok((await readFile(at('small.txt'))).equals(get('small.txt')));
  await withFile(at('large.bin'), 'r', async (file) => {
    for (const part of [0.9, 0.5, 0.1]) await checkPiece(file, get('large.bin'), Math.floor(part * largeBytes));
  });
  assert.ok((await readFile(at('large.bin'))).equals(get('large.bin')));
  const newer = randomBytes(largeBytes);
  await withFile(at('replaced.bin'), 'r', async (file) => {
    await checkPiece(file, get('replaced.bin'), 0);
    await emulator.put(`/Jotta/Archive/${folder}/replaced.bin`, newer);
    await checkPiece(file, get('replaced.bin'), largeBytes - pieceBytes);
  });
  files.set('replaced.bin', newer);
  await until('the newer version is read', async () => (await readFile(at('replaced.bin'))).equals(newer));
}

async function write(at: At, files: Map<string, Buffer>): Promise<void> {
  const save = async (name: string, content: Buffer) => {
    await writeFile(at(name), content);
    files.set(name, content);
  };
  const move = async (from: string, to: string) => {
    await rename(at(from), at(to));
    const moved = [...files].filter(([name]) => name === from || name.startsWith(`${from}/`));
    for (const [name, content] of moved) {
      files.delete(name);
      files.set(to + name.slice(from.length), content);
    }
  };
  for (const name of ['a;b.txt', 'c\\d.txt', '100%.txt', 'new.txt', 'small.txt']) await save(name, randomBytes(1_000));
  await save('empty.txt', Buffer.alloc(0));
  await save('new.bin', randomBytes(watchedBytes));
  await save('copy.bin', files.get('large.bin') as Buffer);
  await mkdir(at('new folder'));
  await save('new folder/a;b.txt', randomBytes(1_000));
  await withFile(at('edited.bin'), 'r+', async (file) => {
    const piece = randomBytes(pieceBytes);
    await file.write(piece, 0, pieceBytes, 1_000_000);
    const edited = Buffer.from(files.get('edited.bin') as Buffer);
    piece.copy(edited, 1_000_000);
    files.set('edited.bin', edited);
  });
  await utimes(at('timed.txt'), newTime, newTime);
  await move('renamed.txt', 'name of something trashed.txt');
  await move('folder', 'moved folder');
  await move('moved folder/inside.txt', 'moved folder/Inside.txt');
  await rm(at('removed.txt'));
  await rm(at('removed folder'), { recursive: true });
  for (const name of files.keys()) if (name.startsWith('removed')) files.delete(name);
}

async function checkPiece(file: FileHandle, whole: Buffer, from: number): Promise<void> {
  const piece = Buffer.alloc(pieceBytes);
  const { bytesRead } = await file.read(piece, 0, pieceBytes, from);
  assert.ok(bytesRead === pieceBytes && piece.equals(whole.subarray(from, from + pieceBytes)), `bytes from ${from}`);
}

async function withFile(path: string, flags: string, work: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags);
  try {
    await work(file);
  } finally {
    await file.close();
  }
}

/** Path → md5 of what the account has below the folder, names as they were meant. */
function listServer(emulator: Emulator, folder: string): [string, string][] {
  return [...remoteFiles(emulator)]
    .filter(([path]) => path.startsWith(`${folder}/`))
    .map(([path, { md5: digest }]) => [
      path.slice(folder.length + 1).replace(/[＼；％]/g, (each) => lookalikes[each] as string),
      digest ?? '',
    ]);
}

function describe(digests: Iterable<readonly [string, string]>): string {
  return [...digests]
    .map(([path, digest]) => `${path} ${digest}`)
    .sort()
    .join('\n');
}
