import { statfs } from 'node:fs/promises';
import { ErrnoError } from '../base/errno.ts';
import { cacheLimits } from './limits.ts';

/** Room on the local disk for bytes that are about to be accepted. */
export interface Room {
  /** ENOSPC when accepting that many bytes would leave less than the floor free. */
  ensure(bytes: number): Promise<void>;
  /** ENOSPC when the disk is all but full, whatever the floor: for what must not be cut in the middle. */
  ensureAny(): Promise<void>;
}

export interface RoomOptions {
  /** Folder on the disk that staging files go to. */
  readonly dir: string;
  /** Bytes that stay free, so that the database and the journal of what is pending can always be written. */
  readonly getFloor: () => number;
  /** Frees up to that many bytes of clean content; resolves when they are off the disk. */
  readonly evict: (bytes: number) => Promise<unknown>;
}

/**
 * Refuses a write before it is accepted, rather than its close. The disk is asked now and then: what was free is spent
 * by the bytes accepted since.
 */
export function createRoom({ dir, getFloor, evict }: RoomOptions): Room {
  let credit = 0;
  let askedAt = Number.NEGATIVE_INFINITY;
  const ask = async () => {
    const disk = await statfs(dir);
    credit = disk.bavail * disk.bsize - getFloor();
    askedAt = performance.now();
  };
  return {
    ensure: async (bytes) => {
      const old = performance.now() - askedAt > cacheLimits.freeSpaceCheckMs;
      if (old || credit < bytes) await ask();
      if (credit < bytes) {
        await evict(bytes - credit);
        await ask();
      }
      if (credit < bytes) throw new ErrnoError('ENOSPC', 'the local disk has no room left');
      credit -= bytes;
    },
    ensureAny: async () => {
      const { bavail, bsize } = await statfs(dir);
      if (bavail * bsize < cacheLimits.lastBytes) throw new ErrnoError('ENOSPC', 'the local disk is full');
    },
  };
}
