import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Emulator } from '../emulator/emulator.ts';
import { md5 as md5Of } from '../support/md5.ts';
import type { ShippedDrive } from './shippedDrive.ts';

const run = promisify(execFile);

export interface Checkup {
  readonly emulator: Emulator;
  readonly drive: ShippedDrive;
  /** The mount point. */
  readonly volume: string;
}

type Step = readonly [name: string, run: (checkup: Checkup) => Promise<void>];

const largeBytes = 64 * 1024 * 1024;
/** 2020-02-02 02:02:02 UTC, in seconds. */
const longAgo = 1_580_608_922;

/** In this order, on one volume. */
export const steps: readonly Step[] = [
  ['the volume is mounted', ({ drive }) => drive.start()],
  ['what is written is read back, and arrives at the server', writeAndSend],
  ['a copy keeps times and mode, as Finder’s do', copyWithTimes],
  ['a save by way of a temporary file replaces the old one', saveSafely],
  ['folders are made, renamed and removed with all that is in them', changeFolders],
  ['a name is found in the other spelling of its accents', findOtherSpelling],
  ['64 MiB go in and come out unchanged', moveLargeFile],
  ['a change made elsewhere shows', seeOthers],
  ['a drive that was killed and started again serves the same volume', outliveKill],
  ['the volume goes away with the drive', endVolume],
];

async function writeAndSend({ volume, emulator }: Checkup): Promise<void> {
  await writeFile(path.join(volume, 'first.txt'), 'first\n');
  assert.equal(await readFile(path.join(volume, 'first.txt'), 'utf8'), 'first\n');
  await until('the upload', () => isOnServer(emulator, 'first.txt', 'first\n'));
}

async function copyWithTimes({ volume }: Checkup): Promise<void> {
  const from = path.join(os.tmpdir(), `checkup-${process.pid}.sh`);
  await writeFile(from, '#!/bin/sh\n', { mode: 0o755 });
  await utimes(from, longAgo, longAgo);
  await run('/bin/cp', ['-p', from, path.join(volume, 'copied.sh')]);
  await rm(from);
  const { mtimeMs, mode } = await stat(path.join(volume, 'copied.sh'));
  assert.equal(mtimeMs, longAgo * 1_000);
  assert.equal(mode & 0o777, 0o755);
}

async function saveSafely({ volume, emulator }: Checkup): Promise<void> {
  const folder = path.join(volume, '.first.txt.sb-1a2b3c4d-Xyz123');
  await mkdir(folder);
  await writeFile(path.join(folder, 'first.txt'), 'second\n');
  await rename(path.join(folder, 'first.txt'), path.join(volume, 'first.txt'));
  await rm(folder, { recursive: true });
  assert.equal(await readFile(path.join(volume, 'first.txt'), 'utf8'), 'second\n');
  await until('the upload', () => isOnServer(emulator, 'first.txt', 'second\n'));
}

async function changeFolders({ volume }: Checkup): Promise<void> {
  await mkdir(path.join(volume, 'a', 'b', 'c'), { recursive: true });
  for (let index = 0; index < 50; index += 1) await writeFile(path.join(volume, 'a', 'b', `${index}`), `${index}`);
  await rename(path.join(volume, 'a'), path.join(volume, 'z'));
  assert.equal((await readdir(path.join(volume, 'z', 'b'))).filter((name) => /^\d+$/.test(name)).length, 50);
  await rm(path.join(volume, 'z'), { recursive: true });
  assert.ok(!(await readdir(volume)).includes('z'));
}

async function findOtherSpelling({ volume }: Checkup): Promise<void> {
  await writeFile(path.join(volume, 'Blåbær'.normalize('NFC')), 'blue');
  assert.equal(await readFile(path.join(volume, 'Blåbær'.normalize('NFD')), 'utf8'), 'blue');
}

async function moveLargeFile({ volume }: Checkup): Promise<void> {
  const bytes = randomBytes(largeBytes);
  await writeFile(path.join(volume, 'large'), bytes);
  assert.equal(hash(await readFile(path.join(volume, 'large'))), hash(bytes));
}

async function seeOthers({ volume, emulator }: Checkup): Promise<void> {
  await emulator.put('/Jotta/Archive/from elsewhere.txt', 'elsewhere');
  await until('the file', async () => (await readdir(volume)).includes('from elsewhere.txt'));
  assert.equal(await readFile(path.join(volume, 'from elsewhere.txt'), 'utf8'), 'elsewhere');
}

async function outliveKill({ drive, volume }: Checkup): Promise<void> {
  await drive.kill();
  await drive.start();
  assert.equal(await readFile(path.join(volume, 'first.txt'), 'utf8'), 'second\n');
  assert.equal((await readFile(path.join(volume, 'large'))).length, largeBytes);
}

async function endVolume({ drive, volume }: Checkup): Promise<void> {
  assert.equal(await drive.stop(), 0);
  assert.deepEqual(await readdir(volume), []);
}

function isOnServer(emulator: Emulator, name: string, content: string): boolean {
  const md5 = md5Of(content);
  return emulator.tree().some((item) => item.path === `/Jotta/Archive/${name}` && item.md5 === md5);
}

async function until(what: string, isThere: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await isThere())) {
    if (performance.now() > end) throw new Error(`${what} did not come`);
    await delay(100);
  }
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
