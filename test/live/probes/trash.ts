import { formatJfsTime } from '../../../src/jottacloud/times.ts';
import { at, fresh, list, requestOf, someTime, store, storeFresh } from '../../contract/client/acts.ts';
import { md5 } from '../../support/md5.ts';
import { describe, isTombstone, jfs, type PartOfQuirks, statusOf, succeeded, targetOf } from '../probe.ts';

type Trash =
  | 'dlOnFolder'
  | 'dlOnMountPoint'
  | 'dlOfTrashed'
  | 'trashedCase'
  | 'rmDirRecreated'
  | 'mkDirUntrashes'
  | 'trashedChildren'
  | 'trashPaths'
  | 'unfinishedRevisions'
  | 'cphash'
  | 'sameContent';

/** One that mvDir refuses to make leaves the question without meaning. */
export const noNamesake = 'nothing, such folders cannot be made';

/** What goes to the trash and comes back, and what becomes a revision (PROTOCOL.md §2.3, §2.5, §2.6). */
export const trashProbes: PartOfQuirks<Trash> = {
  dlOnFolder: {
    question: 'dl (the command for files) on a folder',
    async ask(world) {
      await storeFresh(world, at(world, 'F', 'x'));
      const answer = await world.send('POST', jfs(world, at(world, 'F'), '?dl=true'));
      const after = await world.send('GET', jfs(world, at(world, 'F')));
      if (!succeeded(answer)) return answer.status === 404 && !isTombstone(after) ? '404' : describe(answer);
      if (after.status === 404) return 'vanishes';
      return isTombstone(after) ? 'trash' : 'accepted, but the folder is there';
    },
  },
  dlOnMountPoint: {
    question: 'dl on a mountpoint',
    because: 'it would need a mountpoint besides those of the account',
  },
  dlOfTrashed: {
    question: 'dl on a file that is in the trash',
    async ask(world) {
      await storeFresh(world, at(world, 'a'));
      await world.client.trashFile(at(world, 'a'), world.signal);
      const answer = await world.send('POST', jfs(world, at(world, 'a'), '?dl=true'));
      return succeeded(answer) ? '200' : answer.status === 404 ? '404' : describe(answer);
    },
  },
  trashedCase: {
    question: 'spelling of a file uploaded onto a trashed name in other case',
    async ask(world) {
      await storeFresh(world, at(world, 'a'));
      await world.client.trashFile(at(world, 'a'), world.signal);
      await storeFresh(world, at(world, 'A'));
      return (await list(world, world.folder)).join() === 'A' ? 'new' : 'old';
    },
  },
  rmDirRecreated: {
    question: 'rmDir on a path with a live folder and a trashed one',
    async ask(world) {
      await storeFresh(world, at(world, 'F', 'old'));
      await world.client.trashFolder(at(world, 'F'), world.signal);
      await storeFresh(world, at(world, 'G', 'new'));
      // The only way to a namesake that surely leaves the trashed one alone.
      await world.send('POST', jfs(world, at(world, 'G'), targetOf('mvDir', world, at(world, 'F'))));
      if (!(await list(world, world.folder)).includes('F/')) return noNamesake;
      const answer = await world.send('POST', jfs(world, at(world, 'F'), '?rmDir=true'));
      if (!succeeded(answer)) return describe(answer);
      const after = await world.send('GET', jfs(world, at(world, 'F')));
      if (after.status === 404) return 'all';
      return isTombstone(after) ? 'live-only' : 'accepted, but the folder is there';
    },
  },
  mkDirUntrashes: {
    question: 'mkDir on a trashed folder',
    async ask(world) {
      await storeFresh(world, at(world, 'F', 'x'));
      await world.client.trashFolder(at(world, 'F'), world.signal);
      const answer = await world.send('POST', jfs(world, at(world, 'F'), '?mkDir=true'));
      if (!succeeded(answer)) return describe(answer);
      if (!(await list(world, world.folder)).includes('F/')) return 'off';
      return (await list(world, at(world, 'F'))).includes('x') ? 'recursive' : 'on';
    },
  },
  trashedChildren: {
    question: 'listing of a trashed folder: its children',
    async ask(world) {
      await storeFresh(world, at(world, 'F', 'child'));
      await world.client.trashFolder(at(world, 'F'), world.signal);
      const answer = await world.send('GET', jfs(world, at(world, 'F')));
      if (!succeeded(answer)) return describe(answer);
      return answer.text.includes('name="child"') ? 'listed' : 'hidden';
    },
  },
  trashPaths: {
    question: 'GET of an item below /Jotta/Trash',
    async ask(world) {
      const name = `trashed ${Date.now()}`;
      await storeFresh(world, at(world, name));
      await world.client.trashFile(at(world, name), world.signal);
      const answer = await world.send('GET', jfs(world, ['Jotta', 'Trash', name]));
      if (succeeded(answer)) return 'readable';
      return answer.status === 404 ? '404' : describe(answer);
    },
  },
  unfinishedRevisions: {
    question: 'an unfinished revision that another content overtakes',
    async ask(world) {
      await storeFresh(world, at(world, 'a'));
      await world.client.allocate(at(world, 'a'), requestOf(fresh(50)), world.signal);
      await storeFresh(world, at(world, 'a'), 60);
      const { text } = await world.send('GET', jfs(world, at(world, 'a')));
      return /<revisions>.*<state>INCOMPLETE<\/state>/s.test(text) ? 'kept' : 'dropped';
    },
  },
  cphash: {
    question: 'cphash with another time for the content that a file has',
    async ask(world) {
      const bytes = await storeFresh(world, at(world, 'a'));
      const headers = { jsize: `${bytes.length}`, jmd5: md5(bytes), jmodified: formatJfsTime(someTime + 60) };
      const answer = await world.send('POST', jfs(world, at(world, 'a'), '?cphash=true'), { headers });
      if (!succeeded(answer)) return statusOf(answer, ['400', '404']);
      const { modified } = await world.client.fetchFile(at(world, 'a'), world.signal);
      return modified === someTime + 60 ? 'honoured' : 'ignored';
    },
  },
  sameContent: {
    question: 'upload of the content a file has already',
    async ask(world) {
      const bytes = await storeFresh(world, at(world, 'a'));
      await store(world, at(world, 'a'), bytes);
      const { length } = await world.client.fetchRevisions(at(world, 'a'), world.signal);
      return length === 1 ? 'times-only' : 'new-revision';
    },
  },
};
