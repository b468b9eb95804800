import { execFile } from 'node:child_process';
import { cp, mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Large enough for the drive's free-space floor; sparse, so it costs what is written to it. Bytes. */
const imageBytes = 3 * 1024 ** 3;

/** Where the drive keeps its state. */
export interface Disk {
  readonly dir: string;
  /** False: this computer allows no loop mounts, and the disk is never full. */
  readonly canFill: boolean;
  /** Leaves `bytes` free. */
  fill(bytes: number): Promise<void>;
  /** Takes the ballast away. */
  free(): Promise<void>;
  /** Bytes of ballast are on the disk. */
  readonly full: boolean;
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
  let was = false;
  const free = async () => {
    await rm(ballast, { force: true });
    full = false;
  };
  return {
    dir,
    canFill,
    get full() {
      return full;
    },
    wasFull: () => {
      const answer = was;
      was = false;
      return answer;
    },
    fill: async (bytes) => {
      await free();
      const { bavail, bsize } = await statfs(dir);
      const length = bavail * bsize - bytes;
      if (length <= 0) return;
      full = true;
      was = true;
      await run('fallocate', ['--length', String(length), ballast]);
    },
    free,
    close: async (keep) => {
      if (!canFill) return;
      await free();
      if (keep) await cp(dir, join(base, 'disk-content'), { recursive: true });
      await run('umount', [dir]);
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
