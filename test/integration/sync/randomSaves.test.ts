import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { showServer, showTree, withWorld } from '../../support/sessionWorld.ts';
import { RandomSaves } from './randomSaves.ts';
import { settle } from './settle.ts';

const top = '/Jotta/Archive';
const steps = 60;
const seeds = Array.from({ length: 16 }, (_, index) => `npm-test-${index}`);

describe('files that this computer alone saves, renames and removes at random, with a server that fails', () => {
  for (const seed of seeds) {
    it(`are what was saved last, here and on the server: ${seed}`, { timeout: 60_000 }, () =>
      withWorld({}, { settleMs: 0 }, async (world, emulator) => {
        const saves = new RandomSaves(world, top, seed);
        try {
          await world.session().vfs.readdir(await world.find(top));
          for (let step = 0; step < steps; step += 1) await saves.step();
          await saves.end();
          await settle(world);
          const expected = Object.fromEntries([...saves.expected].sort(([a], [b]) => (a < b ? -1 : 1)));
          assert.deepEqual(await showServer(emulator, top), expected);
          assert.deepEqual(await showTree(world, top), expected);
        } catch (error) {
          console.log(saves.trace.join('\n'));
          throw error;
        }
      }),
    );
  }
});
