import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type MountRace, startMountRace } from '../posix/random/mountRace.ts';

/** `npm run fuzz` takes more of them, and longer ones. */
const seeds = [1, 2, 3];

describe('random operations on the mount, while it uploads and polls', () => {
  let mountRace: MountRace;
  before(async () => {
    mountRace = await startMountRace();
  });
  after(() => mountRace.close());

  for (const seed of seeds) {
    it(`do what they do in a local folder: seed ${seed}`, () =>
      mountRace.run({ seed, operations: 1_500, remounts: true }));
  }

  it('end on the server as they are on the mount', () => mountRace.compareServer());

  it('were no error to the drive', () => {
    assert.deepEqual(
      mountRace.complaints.filter((line) => line.includes(' ERROR ')),
      [],
    );
  });
});
