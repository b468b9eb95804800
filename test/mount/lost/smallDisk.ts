import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../support.ts';

/** An ext4 file system of its own size. */
export interface SmallDisk {
  readonly dir: string;
  freeBytes(): Promise<number>;
  remount(mode: 'ro' | 'rw'): Promise<void>;
  close(): Promise<void>;
}

/** Mounts a new image of `bytes` by loop. Answers why not where this computer does not allow it. */
export async function createSmallDisk(base: string, name: string, bytes: number): Promise<SmallDisk | string> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'loop mounts need root on Linux';
  const image = join(base, `${name}.img`);
  const dir = join(base, name);
  try {
    await mkdir(dir);
    const file = await open(image, 'w');
    await file.truncate(bytes);
    await file.close();
    await run('mkfs.ext4', ['-q', '-F', '-m', '0', image]);
    await run('mount', ['-o', 'loop', image, dir]);
  } catch (error) {
    return `no loop mount: ${error instanceof Error ? error.message : error}`;
  }
  return {
    dir,
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(dir);
      return bavail * bsize;
    },
    remount: async (mode) => {
      await run('mount', ['-o', `remount,${mode}`, dir]);
    },
    close: async () => {
      await run('umount', ['-l', dir]);
      await rm(image);
    },
  };
}
