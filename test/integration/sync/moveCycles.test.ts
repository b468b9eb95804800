import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld, showServer, showTree } from '../../support/sessionWorld.ts';

const patienceMs = 20_000;

let emulator: Emulator;
let rows = 0;

before(async () => {
  emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
});
after(() => emulator.close());

/** What a user does with `a/in.txt`, `a/sub/deep.txt` and `b/x.txt`, all at once, and what both sides hold then. */
const changes: Record<string, { act: (world: SessionWorld, top: string) => Promise<unknown>; expected: object }> = {
  'a folder is put into a new one that gets its name': {
    act: async (world, top) => {
      await world.mkdir(`${top}/new`);
      await world.rename(`${top}/a`, `${top}/new/a`);
      await world.rename(`${top}/new`, `${top}/a`);
    },
    expected: {
      'a/': '',
      'a/a/': '',
      'a/a/in.txt': 'in',
      'a/a/sub/': '',
      'a/a/sub/deep.txt': 'deep',
      'b/': '',
      'b/x.txt': 'x',
    },
  },
  'what is to stay is taken out of a folder that then goes, into a new one of its name': {
    act: async (world, top) => {
      await world.mkdir(`${top}/new`);
      await world.rename(`${top}/a/sub`, `${top}/new/sub`);
      await world.unlink(`${top}/a/in.txt`);
      await world.rmdir(`${top}/a`);
      await world.rename(`${top}/new`, `${top}/a`);
    },
    expected: { 'a/': '', 'a/sub/': '', 'a/sub/deep.txt': 'deep', 'b/': '', 'b/x.txt': 'x' },
  },
  'a folder takes the place of the one it was in': {
    act: async (world, top) => {
      await world.rename(`${top}/a/sub`, `${top}/new`);
      await world.unlink(`${top}/a/in.txt`);
      await world.rmdir(`${top}/a`);
      await world.rename(`${top}/new`, `${top}/a`);
    },
    expected: { 'a/': '', 'a/deep.txt': 'deep', 'b/': '', 'b/x.txt': 'x' },
  },
  'a file takes the place of the folder it was in': {
    act: async (world, top) => {
      await world.rename(`${top}/b/x.txt`, `${top}/new`);
      await world.rmdir(`${top}/b`);
      await world.rename(`${top}/new`, `${top}/b`);
    },
    expected: { 'a/': '', 'a/in.txt': 'in', 'a/sub/': '', 'a/sub/deep.txt': 'deep', b: 'x' },
  },
  'a folder and one in it trade places': {
    act: async (world, top) => {
      await world.rename(`${top}/a/sub`, `${top}/new`);
      await world.rename(`${top}/a`, `${top}/new/sub`);
      await world.rename(`${top}/new`, `${top}/a`);
    },
    expected: { 'a/': '', 'a/deep.txt': 'deep', 'a/sub/': '', 'a/sub/in.txt': 'in', 'b/': '', 'b/x.txt': 'x' },
  },
  'two folders trade places': {
    act: async (world, top) => {
      await world.rename(`${top}/a`, `${top}/new`);
      await world.rename(`${top}/b`, `${top}/a`);
      await world.rename(`${top}/new`, `${top}/b`);
    },
    expected: { 'a/': '', 'a/x.txt': 'x', 'b/': '', 'b/in.txt': 'in', 'b/sub/': '', 'b/sub/deep.txt': 'deep' },
  },
};

describe('changes that wait for each other', () => {
  for (const [what, { act, expected }] of Object.entries(changes)) {
    it(`are all sent: ${what}`, async () => {
      rows += 1;
      const top = `/Jotta/Archive/ring ${rows}`;
      await emulator.put(`${top}/a/in.txt`, 'in');
      await emulator.put(`${top}/a/sub/deep.txt`, 'deep');
      await emulator.put(`${top}/b/x.txt`, 'x');
      const world = await openSessionWorld(emulator);
      try {
        for (const folder of ['', '/a', '/a/sub', '/b']) {
          await world.session().vfs.readdir(await world.find(`${top}${folder}`));
        }
        const revisions = countUploads();
        await act(world, top);
        await world.session().pusher.drain(AbortSignal.timeout(patienceMs));
        assert.deepEqual(await showServer(emulator, top), expected);
        assert.equal(countUploads(), revisions, 'everything was moved, nothing sent anew');
        await world.poll();
        assert.deepEqual(await showTree(world, top), expected);
      } finally {
        await world.close();
      }
    });
  }

  it('are all sent when the answer to the move to a temporary name was lost', async () => {
    const top = '/Jotta/Archive/ring lost';
    await emulator.put(`${top}/a/in.txt`, 'in');
    const world = await openSessionWorld(emulator);
    try {
      for (const folder of ['', '/a']) await world.session().vfs.readdir(await world.find(`${top}${folder}`));
      await world.mkdir(`${top}/new`);
      await world.rename(`${top}/a`, `${top}/new/a`);
      await world.rename(`${top}/new`, `${top}/a`);
      emulator.setFaults([{ match: { kind: 'mvDir' }, times: 1, action: { type: 'duplicate', answer: 'stall' } }]);
      const drained = assert.rejects(world.drain(), 'the session ends before');
      await world.until('it is carried out', () => emulator.faults().some(({ hits }) => hits.length > 0));
      await world.restart();
      await drained;
      emulator.setFaults([]);
      await world.session().pusher.drain(AbortSignal.timeout(patienceMs));
      assert.deepEqual(await showServer(emulator, top), { 'a/': '', 'a/a/': '', 'a/a/in.txt': 'in' });
    } finally {
      await world.close();
    }
  });
});

function countUploads(): number {
  return emulator.stats().requests.allocate ?? 0;
}
