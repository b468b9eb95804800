import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { getFreeBytes } from '../../../src/content/freeSpace.ts';
import { cacheLimits } from '../../../src/content/limits.ts';
import { createRoom, getStagingFloor } from '../../../src/content/room.ts';

const mib = 1024 ** 2;
/** On another disk than that of temporary files, of which some may be in memory. */
const otherDisk = (await isOnDiskOf(tmpdir(), '/dev/shm')) ? import.meta.dirname : '/dev/shm';
const hasOtherDisk = !(await isOnDiskOf(tmpdir(), otherDisk));

let dir: string;
let evicted: number[];
let free: number;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'room-'));
  evicted = [];
  free = await getFreeBytes(dir);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** The disk is down to the floor, but for what a cache of 500 MiB gives up. */
function createFullRoom(cacheDir: string) {
  const evict = async (bytes: number) => {
    evicted.push(bytes);
    return bytes;
  };
  return createRoom({
    dir,
    reserve: join(dir, 'reserve'),
    getFloor: () => (evicted.length === 0 ? free + 100 * mib : 0),
    cache: { dir: cacheDir, evictableBytes: 500 * mib, evict },
  });
}

describe('room for what is written', () => {
  it('is made by eviction', async () => {
    await createFullRoom(dir).ensure(mib);
    assert.equal(evicted.length, 1);
  });

  it('is not made where all of the cache would not be enough', async () => {
    await assert.rejects(createFullRoom(dir).ensure(600 * mib), { code: 'ENOSPC' });
    assert.deepEqual(evicted, []);
  });

  it('is not made by a cache on another disk', { skip: !hasOtherDisk }, async () => {
    await assert.rejects(createFullRoom(otherDisk).ensure(mib), { code: 'ENOSPC' });
    assert.deepEqual(evicted, []);
  });

  it('is not made by a cache whose folder was deleted', async () => {
    await assert.rejects(createFullRoom(join(dir, 'deleted')).ensure(mib), { code: 'ENOSPC' });
  });

  it('ends at the floor of the settings, but not where a save could not be recorded any more', () => {
    assert.equal(getStagingFloor(100 * mib), 100 * mib);
    assert.equal(getStagingFloor(1000 * mib), cacheLimits.stagingFloorBytes);
    assert.equal(getStagingFloor(0), cacheLimits.leastFloorBytes);
  });
});

async function isOnDiskOf(folder: string, other: string): Promise<boolean> {
  return (await stat(folder)).dev === (await stat(other).catch(() => undefined))?.dev;
}
