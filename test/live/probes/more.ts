import { at, list, storeFresh } from '../../contract/client/acts.ts';
import type { NotAsked, Probe } from '../probe.ts';

/** Open questions of PROTOCOL.md for which the emulator has no switch. */
export const moreProbes: readonly (Probe | NotAsked)[] = [
  {
    question: 'two names that differ in Unicode normalisation only',
    async ask(world) {
      await storeFresh(world, at(world, 'caf\u00e9'));
      await storeFresh(world, at(world, 'cafe\u0301'));
      const { length } = await list(world, world.folder);
      return length === 2 ? 'two files' : 'one file';
    },
  },
  {
    question: 'a name with a space at its end, and one with a dot',
    async ask(world) {
      await storeFresh(world, at(world, 'space '));
      await storeFresh(world, at(world, 'dot.'));
      return (await list(world, world.folder)).join('|') === 'dot.|space ' ? 'kept' : 'changed';
    },
  },
  { question: 'whether dedup crosses accounts', because: 'it would need a second account' },
  { question: 'how long an upload URL lives', because: 'it would take days' },
];
