import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isBeyondNfs } from '../../posix/nfsDifferences.ts';
import { type MountRace, startMountRace } from '../../posix/random/mountRace.ts';
import type { Machine } from '../vm/machine.ts';
import { mountDrive } from '../vm/place.ts';
import { checkByRclone } from './checkByRclone.ts';

/** `npm run fuzz -- --nfs` takes more of them, and longer ones; every night in CI. */
const seeds = [1, 2];

export function testRandomOperations(machine: () => Machine): void {
  describe('does what a local folder does when random operations meet uploads and polls', { concurrency: 1 }, () => {
    const folder = '/mnt/random';
    let race: MountRace;
    before(async () => {
      race = await startMountRace((drive) => mountDrive(machine(), drive, folder));
    });
    after(async () => {
      await machine().unmount(folder);
      await race.close();
    });

    for (const seed of seeds) {
      it(`seed ${seed}`, () => race.run({ seed, operations: 2_000, remounts: true, without: isBeyondNfs }));
    }

    it('the server is as the mount is afterwards, byte by byte', async () => {
      await race.compareServer();
      await checkByRclone(machine(), folder, race.emulator);
    });

    it('nothing of all this was an error to the drive', () => {
      assert.deepEqual(
        race.complaints.filter((line) => line.includes(' ERROR ')),
        [],
      );
    });
  });
}
