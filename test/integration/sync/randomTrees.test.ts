import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultLocalNames, LocalNames } from '../../../src/vfs/localNames.ts';
import { pickQuirks } from '../../chaos/quirks.ts';
import { createRandom } from '../../chaos/random.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld, showServer, showTree } from '../../support/sessionWorld.ts';
import { ignoredNames, RandomTrees } from './randomTrees.ts';
import { settle } from './settle.ts';

const top = '/Jotta/Archive';
const steps = 150;
const seeds = Array.from({ length: 16 }, (_, index) => `npm-test-${index}`);

/** Lists every folder as the server has it now: what is found in one may be a folder nobody has looked at. */
async function listAll(world: SessionWorld, folder: string): Promise<void> {
  const ino = await world.find(folder);
  await world.session().vfs.readdir(ino);
  await world.session().folders.refresh(ino);
  for (const { kind, name } of world.session().nodes.getChildren(ino)) {
    if (kind !== 'file') await listAll(world, `${folder}/${name}`);
  }
}

/** What the server is to have of a tree, and the files that are only here. */
function splitTree(tree: Record<string, string>): [Record<string, string>, string[]] {
  const local = new LocalNames([...defaultLocalNames, ...ignoredNames]);
  const isKept = (path: string) => path.split('/').some((name) => local.matches(name));
  const sent = Object.entries(tree).filter(([path]) => !isKept(path));
  return [Object.fromEntries(sent), Object.keys(tree).filter((path) => isKept(path) && !path.endsWith('/'))];
}

describe('a tree that two devices change at random, with a server that fails', () => {
  for (const seed of seeds) {
    it(`is the same on both sides in the end: ${seed}`, { timeout: 120_000 }, async () => {
      const quirks = pickQuirks(createRandom(`${seed}/quirks`));
      const emulator = await startEmulator({ quirks: { ...quirks, eventSocket: 'no-token' } });
      const world = await openSessionWorld(emulator, {
        settleMs: 0,
        pollMs: 50,
        localNames: [...defaultLocalNames, ...ignoredNames],
      });
      const trees = new RandomTrees(world, top, seed);
      try {
        await world.session().vfs.readdir(await world.find(top));
        for (let step = 0; step < steps; step += 1) await trees.step();
        emulator.setFaults([]);
        await trees.end();
        await settle(world);
        await listAll(world, top);
        await settle(world);
        const [sent, kept] = splitTree(await showTree(world, top));
        assert.deepEqual(sent, await showServer(emulator, top));
        await emulator.outage(true);
        for (const path of kept) await world.readText(`${top}/${path}`);
      } catch (error) {
        console.log(JSON.stringify(quirks));
        console.log(trees.trace.join('\n'));
        throw error;
      } finally {
        emulator.setFaults([]);
        await world.close();
        await emulator.close();
      }
    });
  }
});
