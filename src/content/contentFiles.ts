import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalFile } from '../base/localFile.ts';
import type { Log } from '../base/log.ts';
import { blockSum, blockSumBytes } from './blockSum.ts';
import { cacheLimits } from './limits.ts';

/**
 * Clean content on the disk. `<dir>/ab/<md5>.<n>` is the n-th block of a content: its checksum, then its bytes.
 * `<dir>/ab/<md5>` is a whole content: its bytes, then the checksum of each block in turn.
 */
const { blockBytes } = cacheLimits;
const md5Length = 32;
const contentName = /^[0-9a-f]{32}(?:\.\d+)?$/;

export interface ContentFile {
  readonly name: string;
  readonly bytes: number;
  /** ms since the epoch. */
  readonly writtenAt: number;
}

export function blockName(md5: string, index: number): string {
  return `${md5}.${index}`;
}

/** md5 of the content that a file of this name holds, or a block of. */
export function md5Of(name: string): string {
  return name.slice(0, md5Length);
}

export function contentFolder(dir: string, name: string): string {
  return join(dir, name.slice(0, 2));
}

/** Answers the size of the file. In place: one cut short by a crash fails its checksum. */
export async function writeBlockFile(path: string, body: Buffer): Promise<number> {
  const sum = blockSum(body);
  const file = new LocalFile(path, 'w');
  try {
    await file.writeParts([sum, body], 0);
  } finally {
    await file.close();
  }
  return sum.length + body.length;
}

/** Fills `block`; false when the file is damaged. Rejects as the disk does. */
export async function tryReadBlockFile(path: string, block: Buffer): Promise<boolean> {
  const sum = Buffer.allocUnsafe(blockSumBytes);
  const file = new LocalFile(path, 'r');
  try {
    return (await file.readParts([sum, block], 0)) && blockSum(block).equals(sum);
  } finally {
    await file.close();
  }
}

/** Makes a whole content of a file of `size` bytes by its `blockSums`. Answers the size of the file. */
export async function sealWholeFile(path: string, size: number, blockSums: Uint8Array): Promise<number> {
  const file = new LocalFile(path, 'r+');
  try {
    // The file may end in a hole that it is too short for: it becomes as long as its content by this.
    await file.writeFully(Buffer.from(blockSums), size);
  } finally {
    await file.close();
  }
  return size + blockSums.length;
}

/** Fills `block` with block `index` of a whole content of `size` bytes; false when it is damaged. Rejects as the disk does. */
export async function tryReadWholeFile(path: string, index: number, size: number, block: Buffer): Promise<boolean> {
  const sum = Buffer.allocUnsafe(blockSumBytes);
  const file = new LocalFile(path, 'r');
  try {
    if (!(await file.readParts([block], index * blockBytes))) return false;
    return (await file.readParts([sum], size + index * blockSumBytes)) && blockSum(block).equals(sum);
  } finally {
    await file.close();
  }
}

/** What is in the folder, oldest first. What else is in it is deleted where possible: it was not finished. */
export async function listContentFiles(dir: string, log: Log): Promise<ContentFile[]> {
  const found: ContentFile[] = [];
  for (const folder of await readdir(dir)) {
    for (const name of await listFolder(join(dir, folder), log)) {
      const path = join(dir, folder, name);
      try {
        const file = await lstat(path);
        const isContent = file.isFile() && contentName.test(name) && path === join(contentFolder(dir, name), name);
        if (isContent) found.push({ name, bytes: file.size, writtenAt: file.mtimeMs });
        else await unlink(path);
      } catch (error) {
        log.warn('a file in the cache folder is left alone', { path, error });
      }
    }
  }
  return found.sort((a, b) => a.writtenAt - b.writtenAt);
}

async function listFolder(path: string, log: Log): Promise<string[]> {
  try {
    if ((await lstat(path)).isDirectory()) return await readdir(path);
    await unlink(path);
  } catch (error) {
    log.warn('a folder in the cache folder is left alone', { path, error });
  }
  return [];
}
