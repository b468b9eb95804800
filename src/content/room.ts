import { randomBytes } from 'node:crypto';
import { truncateSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { ErrnoError } from '../base/errno.ts';
import type { ContentStore } from './contentStore.ts';
import { getFreeBytes, sharesDisk } from './freeSpace.ts';
import { cacheLimits } from './limits.ts';

/** Room on the local disk for bytes that are about to be accepted. */
export interface Room {
  /** ENOSPC when accepting that many bytes would leave less than the floor free. */
  ensure(bytes: number): Promise<void>;
  /**
   * ENOSPC when the disk is all but full, whatever the floor: for what must not be cut in the middle. From then on a reserve
   * of `cacheLimits.lastBytes` is held.
   */
  ensureAny(): Promise<void>;
  /** Gives the disk what the reserve holds, for a write that must not fail now; the next `ensureAny` takes it again. */
  spendReserve(): void;
}

export interface RoomOptions {
  /** Folder on the disk that staging files go to. */
  readonly dir: string;
  /** File on the disk of the database that holds the reserve. */
  readonly reserve: string;
  /** Bytes that stay free, so that the database and the journal of what is pending can always be written. */
  readonly getFloor: () => number;
  /** Clean content, which gives way where that helps. */
  readonly cache: Pick<ContentStore, 'dir' | 'evictableBytes' | 'evict'>;
}

/** Bytes of the disk that staging leaves free, for a free-space floor of `minFreeBytes`. */
export function getStagingFloor(minFreeBytes: number): number {
  return Math.max(cacheLimits.leastFloorBytes, Math.min(minFreeBytes, cacheLimits.stagingFloorBytes));
}

/**
 * Refuses a write before it is accepted, rather than its close. The disk is asked now and then: what was free is spent
 * by the bytes accepted since.
 */
export function createRoom({ dir, reserve, getFloor, cache }: RoomOptions): Room {
  let credit = 0;
  let askedAt = Number.NEGATIVE_INFINITY;
  let holdsReserve = false;
  const ask = async () => {
    credit = (await getFreeBytes(dir)) - getFloor();
    askedAt = performance.now();
  };
  /** Evicts nothing where that would not make room enough, nor where the cache is on another disk or gone. */
  const tryEvict = async (bytes: number) => {
    if (cache.evictableBytes < bytes || !(await sharesDisk(dir, cache.dir).catch(() => false))) return;
    await cache.evict(bytes);
    await ask();
  };
  return {
    ensure: async (bytes) => {
      const old = performance.now() - askedAt > cacheLimits.freeSpaceCheckMs;
      if (old || credit < bytes) await ask();
      if (credit < bytes) await tryEvict(bytes - credit);
      if (credit < bytes) throw new ErrnoError('ENOSPC', 'the local disk has no room left');
      credit -= bytes;
    },
    ensureAny: async () => {
      if ((await getFreeBytes(dir)) < cacheLimits.lastBytes) throw new ErrnoError('ENOSPC', 'the local disk is full');
      if (holdsReserve) return;
      // Zeros would take no room where the file system compresses.
      await writeFile(reserve, randomBytes(cacheLimits.lastBytes), { mode: 0o600 });
      holdsReserve = true;
    },
    spendReserve: () => {
      holdsReserve = false;
      truncateSync(reserve, 0);
    },
  };
}
