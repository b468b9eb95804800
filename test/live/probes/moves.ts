import { at, list, md5Of, storeFresh } from '../../contract/client/acts.ts';
import { describe, isTombstone, jfs, type PartOfQuirks, type ProbeWorld, succeeded, targetOf } from '../probe.ts';

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
function command(world: ProbeWorld, name: 'mv' | 'mvDir' | 'cp', from: readonly string[], to: readonly string[]) {
  return world.send('POST', jfs(world, from, targetOf(name, world, to)));
}

/** mv, mvDir and cp onto names that are taken, live or trashed (jottacloud-protocol.md §2.3, §5). */
export const moveProbes: PartOfQuirks<Moves> = {
  moveOntoLive: {
    question: 'mv onto an existing live file',
    async ask(world) {
      const bytes = await storeFresh(world, at(world, 'a'));
      await storeFresh(world, at(world, 'b'));
      const answer = await command(world, 'mv', at(world, 'a'), at(world, 'b'));
      if (answer.status >= 400) return answer.status < 500 ? '409' : describe(answer);
      const [newest, ...older] = await world.client.fetchRevisions(at(world, 'b'), world.signal);
      if (newest?.md5 !== md5Of(bytes)) return 'accepted, but the target keeps its content';
      return older.length > 0 ? 'new-revision' : 'replaced without history';
    },
  },
  moveOntoTrashed: {
    question: 'mv onto the name of a trashed file',
    async ask(world) {
      await storeFresh(world, at(world, 'a'));
      await storeFresh(world, at(world, 'b'));
      await world.client.trashFile(at(world, 'b'), world.signal);
      const answer = await command(world, 'mv', at(world, 'a'), at(world, 'b'));
      if (answer.status >= 400) return answer.status < 500 ? '409' : describe(answer);
      return (await list(world, world.folder)).includes('b') ? 'live' : 'stays-trashed';
    },
  },
  moveFolderOntoLive: {
    question: 'mvDir onto an existing live folder',
    async ask(world) {
      await storeFresh(world, at(world, 'F', 'x'));
      await storeFresh(world, at(world, 'G', 'y'));
      const answer = await command(world, 'mvDir', at(world, 'F'), at(world, 'G'));
      if (answer.status >= 400) return answer.status < 500 ? '409' : describe(answer);
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
      const answer = await command(world, 'mvDir', at(world, 'F'), at(world, 'G'));
      if (answer.status >= 400) return answer.status < 500 ? '409' : describe(answer);
      return (await list(world, world.folder)).includes('G/') ? 'live' : 'accepted, but nothing is live there';
    },
  },
  moveMakesParents: {
    question: 'mv into a folder that is missing',
    async ask(world) {
      await storeFresh(world, at(world, 'a'));
      const answer = await command(world, 'mv', at(world, 'a'), at(world, 'new', 'a'));
      if (answer.status === 404) return '404';
      if (!succeeded(answer)) return describe(answer);
      return (await list(world, world.folder)).includes('new/') ? 'yes' : 'accepted, but no folder is there';
    },
  },
  moveAnswer: {
    question: 'answer of a plain mv',
    async ask(world) {
      await storeFresh(world, at(world, 'a'));
      const answer = await command(world, 'mv', at(world, 'a'), at(world, 'b'));
      const done = (await list(world, world.folder)).join() === 'b';
      if (succeeded(answer)) return done ? '200' : 'accepted, but not done';
      return done ? `${answer.status}-though-done` : describe(answer);
    },
  },
  caseRename: {
    question: 'mv that only changes the case of a name',
    async ask(world) {
      await storeFresh(world, at(world, 'case'));
      const answer = await command(world, 'mv', at(world, 'case'), at(world, 'CASE'));
      if (answer.status >= 400) return answer.status < 500 ? '409' : describe(answer);
      const [name] = await list(world, world.folder);
      return name === 'CASE' ? 'allowed' : 'accepted, but the name is as it was';
    },
  },
  copyOntoLive: {
    question: 'cp onto an existing live file',
    async ask(world) {
      const bytes = await storeFresh(world, at(world, 'a'));
      await storeFresh(world, at(world, 'b'));
      const answer = await command(world, 'cp', at(world, 'a'), at(world, 'b'));
      if (answer.status >= 400) return answer.status < 500 ? '409' : describe(answer);
      const [newest, ...older] = await world.client.fetchRevisions(at(world, 'b'), world.signal);
      if (newest?.md5 !== md5Of(bytes)) return 'accepted, but the target keeps its content';
      return older.length > 0 ? 'new-revision' : 'replaced without history';
    },
  },
  copyOntoTrashed: {
    question: 'cp onto the name of a trashed file',
    async ask(world) {
      await storeFresh(world, at(world, 'a'));
      await storeFresh(world, at(world, 'b'));
      await world.client.trashFile(at(world, 'b'), world.signal);
      const answer = await command(world, 'cp', at(world, 'a'), at(world, 'b'));
      if (!succeeded(answer)) return describe(answer);
      return isTombstone(answer) ? 'stays-trashed' : 'live';
    },
  },
};
