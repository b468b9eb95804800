import { at, list, storeFresh } from '../../contract/client/acts.ts';
import { md5 } from '../../support/md5.ts';
import {
  describe,
  isTombstone,
  jfs,
  type PartOfQuirks,
  type ProbeWorld,
  type RawAnswer,
  succeeded,
  targetOf,
} from '../probe.ts';

type Moves =
  | 'moveOntoLive'
  | 'moveOntoTrashed'
  | 'moveFolderOntoLive'
  | 'moveFolderOntoTrashed'
  | 'moveMakesParents'
  | 'moveAnswer'
  | 'caseRename'
  | 'copyOntoLive'
  | 'copyOntoTrashed';

/** One mv, mvDir or cp as it is, without the looks and repetitions of the client. */
function command(world: ProbeWorld, name: 'mv' | 'mvDir' | 'cp', from: string, ...to: string[]): Promise<RawAnswer> {
  return world.send('POST', jfs(world, at(world, from), targetOf(name, world, at(world, ...to))));
}

/** Moves; resolves with the refusal, or undefined when the source is gone: what a move answers is no proof (§2.3). */
async function move(world: ProbeWorld, name: 'mv' | 'mvDir', from: string, ...to: string[]) {
  const answer = await command(world, name, from, ...to);
  const names = await list(world, world.folder);
  return names.includes(name === 'mv' ? from : `${from}/`) ? answer : undefined;
}

/** A refusal in the word that the quirks have for it; the status it really has is a question of its own. */
function refusal(answer: RawAnswer): string {
  return answer.status >= 400 && answer.status < 500 ? '409' : describe(answer);
}

async function whatBecameOf(world: ProbeWorld, name: string, bytes: Buffer): Promise<string> {
  const [newest, ...older] = await world.client.fetchRevisions(at(world, name), world.signal);
  if (newest?.md5 !== md5(bytes)) return 'accepted, but the target keeps its content';
  return older.length > 0 ? 'new-revision' : 'replaced without history';
}

/** mv, mvDir and cp onto names that are taken, live or trashed (PROTOCOL.md §2.3, §5). */
export const moveProbes: PartOfQuirks<Moves> = {
  moveOntoLive: {
    question: 'mv onto an existing live file',
    async ask(world) {
      const bytes = await storeFresh(world, at(world, 'a'));
      await storeFresh(world, at(world, 'b'));
      const refused = await move(world, 'mv', 'a', 'b');
      return refused === undefined ? whatBecameOf(world, 'b', bytes) : refusal(refused);
    },
  },
  moveOntoTrashed: {
    question: 'mv onto the name of a trashed file',
    async ask(world) {
      await storeFresh(world, at(world, 'a'));
      await storeFresh(world, at(world, 'b'));
      await world.client.trashFile(at(world, 'b'), world.signal);
      const refused = await move(world, 'mv', 'a', 'b');
      if (refused !== undefined) return refusal(refused);
      return (await list(world, world.folder)).includes('b') ? 'live' : 'stays-trashed';
    },
  },
  moveFolderOntoLive: {
    question: 'mvDir onto an existing live folder',
    async ask(world) {
      await storeFresh(world, at(world, 'F', 'x'));
      await storeFresh(world, at(world, 'G', 'y'));
      const refused = await move(world, 'mvDir', 'F', 'G');
      if (refused !== undefined) return refusal(refused);
      const names = await list(world, at(world, 'G'));
      return names.join(' ') === 'x y' ? 'merge' : `accepted, then the target holds ${names.length} of 2 files`;
    },
  },
  moveFolderOntoTrashed: {
    question: 'mvDir onto the name of a trashed folder',
    async ask(world) {
      await storeFresh(world, at(world, 'F', 'x'));
      await storeFresh(world, at(world, 'G', 'y'));
      await world.client.trashFolder(at(world, 'G'), world.signal);
      const refused = await move(world, 'mvDir', 'F', 'G');
      if (refused !== undefined) return refusal(refused);
      return (await list(world, world.folder)).includes('G/') ? 'live' : 'accepted, but nothing is live there';
    },
  },
  moveMakesParents: {
    question: 'mv into a folder that is missing',
    async ask(world) {
      await storeFresh(world, at(world, 'a'));
      const refused = await move(world, 'mv', 'a', 'new', 'a');
      if (refused !== undefined) return refused.status === 404 ? '404' : describe(refused);
      return (await list(world, world.folder)).includes('new/') ? 'yes' : 'accepted, but no folder is there';
    },
  },
  moveAnswer: {
    question: 'answer of a plain mv',
    async ask(world) {
      await storeFresh(world, at(world, 'a'));
      const answer = await command(world, 'mv', 'a', 'b');
      const done = (await list(world, world.folder)).join() === 'b';
      if (succeeded(answer)) return done ? '200' : 'accepted, but not done';
      return done ? `${answer.status}-though-done` : describe(answer);
    },
  },
  caseRename: {
    question: 'mv that only changes the case of a name',
    async ask(world) {
      await storeFresh(world, at(world, 'case'));
      const refused = await move(world, 'mv', 'case', 'CASE');
      if (refused !== undefined) {
        return succeeded(refused) ? 'accepted, but the name is as it was' : refusal(refused);
      }
      return (await list(world, world.folder)).includes('CASE') ? 'allowed' : 'accepted, but the file is gone';
    },
  },
  copyOntoLive: {
    question: 'cp onto an existing live file',
    async ask(world) {
      const bytes = await storeFresh(world, at(world, 'a'));
      await storeFresh(world, at(world, 'b'));
      const answer = await command(world, 'cp', 'a', 'b');
      return succeeded(answer) ? whatBecameOf(world, 'b', bytes) : refusal(answer);
    },
  },
  copyOntoTrashed: {
    question: 'cp onto the name of a trashed file',
    async ask(world) {
      await storeFresh(world, at(world, 'a'));
      await storeFresh(world, at(world, 'b'));
      await world.client.trashFile(at(world, 'b'), world.signal);
      const answer = await command(world, 'cp', 'a', 'b');
      if (!succeeded(answer)) return describe(answer);
      return isTombstone(answer) ? 'stays-trashed' : 'live';
    },
  },
};
