import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openVfsBesideLocal } from '../../posix/besideLocal.ts';
import { caseInsensitive, caseSensitive, createModelDriver } from '../../posix/model/model.ts';
import { type GeneratorOptions, generateOperations } from '../../posix/random/generate.ts';
import { type Contestant, describeFailure, race } from '../../posix/random/race.ts';
import { shrink } from '../../posix/random/shrink.ts';

const seeds = [1, 2, 3, 4];

describe('random operations', () => {
  const { local, volume } = openVfsBesideLocal();

  async function compare(contestants: readonly Contestant[], options: GeneratorOptions): Promise<void> {
    const failure = await race(contestants, options);
    if (failure !== undefined) assert.fail(describeFailure(options, failure));
  }

  for (const seed of seeds) {
    it(`do on the VFS object and in the model what they do in a local folder: seed ${seed}`, async () => {
      const model = createModelDriver(caseSensitive);
      const contestants = [
        { name: 'the local folder', driver: local() },
        { name: 'the model', driver: model },
        { name: 'the VFS object', driver: volume() },
      ];
      await compare(contestants, { seed, operations: 1_500, withoutKernel: true, remounts: true });
    });

    it(`find names in every spelling, as the model does: seed ${seed}`, async () => {
      const contestants = [
        { name: 'the model', driver: createModelDriver(caseInsensitive) },
        { name: 'the VFS object', driver: volume() },
      ];
      await compare(contestants, { seed, operations: 1_500, withoutKernel: true, otherCases: true });
    });
  }

  it('are the same for the same seed, and others for another', () => {
    const options = { seed: 1, operations: 300 };
    assert.deepEqual(generateOperations(options), generateOperations(options));
    assert.notDeepEqual(generateOperations(options), generateOperations({ ...options, seed: 2 }));
  });

  it('that fail are brought down to the few that matter', async () => {
    const items = Array.from({ length: 500 }, (_, index) => index);
    const needed = [3, 77, 78, 401];
    const fails = async (some: readonly number[]) => needed.every((item) => some.includes(item));
    assert.deepEqual(await shrink(items, fails, 10_000), needed);
  });
});
