import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, lstat, mkdir, open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stopDisk } from './powerCut.ts';

const run = promisify(execFile);

/** Large enough for the drive's free-space floor; sparse, so it costs what is written to it. Bytes. */
const imageBytes = 3 * 1024 ** 3;

/** Where the drive keeps its state. */
export interface Disk {
  readonly dir: string;
  /** False: this computer allows no loop mounts; the disk is never full, and has its power all the time. */
  readonly canFill: boolean;
  /** Leaves `bytes` free. */
  fill(bytes: number): Promise<void>;
  /** What was not synced is lost, as when the power is cut. `end` ends whoever has something open there; the disk is back afterwards. */
  cutPower(end: () => Promise<void>): Promise<void>;
  /** Takes the ballast away. */
  free(): Promise<void>;
  /** Bytes of ballast are on the disk. */
  readonly full: boolean;
  /** Times it was filled. */
  readonly fills: number;
  /** Since the last call. */
  wasFull(): boolean;
  /** `keep`: what is on the disk is copied to a folder beside it, for whoever looks into a violation. */
  close(keep: boolean): Promise<void>;
}

/** A small ext4 image mounted by loop where that is allowed (root on Linux), else a plain folder. */
export async function createDisk(base: string): Promise<Disk> {
  const dir = join(base, 'disk');
  await mkdir(dir);
  const image = join(base, 'disk.img');
  const canFill = await tryMountImage(image, dir);
  const ballast = join(dir, 'ballast');
  let full = false;
  let fills = 0;
  let was = false;
  let closed = false;
  let turn: Promise<unknown> = Promise.resolve();
  /** One after the other: nothing can be removed from a disk that is cut off. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };
  const free = async () => {
    await rm(ballast, { force: true });
    full = false;
  };
  const cutPower = async (end: () => Promise<void>) => {
    stopDisk(dir);
    await end();
    await run('umount', [dir]);
    await run('mount', ['-o', 'loop', image, dir]);
    // What was removed right before comes back.
    if (full) full = existsSync(ballast);
    else await rm(ballast, { force: true });
  };
  return {
    dir,
    canFill,
    get full() {
      return full;
    },
    get fills() {
      return fills;
    },
    wasFull: () => {
      const answer = was;
      was = false;
      return answer;
    },
    fill: async (bytes) => {
      if (!canFill || closed) throw new Error('there is no disk of our own to fill');
      await free();
      // Once more, right before: this must never fill a disk that belongs to anyone else.
      const [image, around] = await Promise.all([stat(dir), stat(base)]);
      const { bavail, bsize } = await statfs(dir);
      const length = bavail * bsize - bytes;
      if (image.dev === around.dev || length > imageBytes) throw new Error('the image is not mounted');
      if (length <= 0) return;
      full = true;
      fills += 1;
      was = true;
      // What the drive takes meanwhile makes it fail, with the disk as full as can be.
      await run('fallocate', ['--length', String(length), ballast]).catch(() => undefined);
    },
    cutPower: async (end) => {
      if (!canFill || closed) throw new Error('there is no disk of our own to cut the power of');
      await inTurn(() => cutPower(end));
    },
    free: () => inTurn(free),
    close: async (keep) => {
      closed = true;
      if (!canFill) return;
      try {
        await free();
        const isNoSocket = async (path: string) => !(await lstat(path)).isSocket();
        if (keep) await cp(dir, join(base, 'disk-content'), { recursive: true, filter: isNoSocket });
      } finally {
        // Also one that is cut off: its image stays.
        await run('umount', [dir]);
      }
      await rm(image);
    },
  };
}

async function tryMountImage(image: string, dir: string): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    const file = await open(image, 'w');
    await file.truncate(imageBytes);
    await file.close();
    await run('mkfs.ext4', ['-q', '-F', '-m', '0', image]);
    await run('mount', ['-o', 'loop', image, dir]);
    return true;
  } catch {
    return false;
  }
}
