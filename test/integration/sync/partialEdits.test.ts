import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cacheLimits } from '../../../src/content/limits.ts';
import { exportFailed } from '../../../src/drive/failed.ts';
import type { NodeRow } from '../../../src/store/nodeRow.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld, showServer, showTree, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
const reading = { writing: false, append: false, truncate: false };

async function append(world: SessionWorld, path: string, text: string): Promise<void> {
  const { vfs } = world.session();
  const fh = await vfs.open(await world.find(path), { writing: true, append: true, truncate: false });
  await vfs.write(fh, Buffer.from(text), 0);
  await vfs.flushHandle(fh);
  await vfs.release(fh);
}

/** A new file, or the whole of one that is there, shares what `from` holds. */
async function clone(world: SessionWorld, from: string, to: string): Promise<void> {
  const { vfs, nodes } = world.session();
  const source = await vfs.open(await world.find(from), reading);
  const options = { writing: true, append: false, truncate: true, exclusive: false };
  const { fh } = await vfs.create(await world.find(top), to, 0o644, options);
  const size = nodes.get(await world.find(from))?.size ?? 0;
  assert.equal(await vfs.copyRange({ fh: source, position: 0 }, { fh, position: 0 }, size), size);
  await vfs.flushHandle(fh);
  await vfs.release(fh);
  await vfs.release(source);
}

/** What happens to the only file on the server that holds the other part of an edit. */
const losses: Record<string, { act: (world: SessionWorld) => Promise<unknown>; after: Record<string, string> }> = {
  'is replaced by the file it trades places with': {
    act: async (world) => {
      await append(world, `${top}/b.txt`, ' and more');
      await world.rename(`${top}/a.txt`, `${top}/t.txt`);
      await world.rename(`${top}/b.txt`, `${top}/a.txt`);
      await world.rename(`${top}/t.txt`, `${top}/b.txt`);
    },
    after: { 'a.txt': 'what b held and more', 'b.txt': 'a', 'z.txt': 'z' },
  },
  'is removed': {
    act: async (world) => {
      await clone(world, `${top}/b.txt`, 'c.txt');
      await append(world, `${top}/c.txt`, ' and more');
      await world.unlink(`${top}/b.txt`);
    },
    after: { 'a.txt': 'a', 'c.txt': 'what b held and more', 'z.txt': 'z' },
  },
  'is written anew': {
    act: async (world) => {
      await clone(world, `${top}/b.txt`, 'c.txt');
      await append(world, `${top}/c.txt`, ' and more');
      await world.save(`${top}/b.txt`, 'anew');
    },
    after: { 'a.txt': 'a', 'b.txt': 'anew', 'c.txt': 'what b held and more', 'z.txt': 'z' },
  },
  'is written anew, for a file that the server has': {
    act: async (world) => {
      await clone(world, `${top}/b.txt`, 'z.txt');
      await append(world, `${top}/z.txt`, ' and more');
      await world.save(`${top}/b.txt`, 'anew');
    },
    after: { 'a.txt': 'a', 'b.txt': 'anew', 'z.txt': 'what b held and more' },
  },
  'is removed, for a file that the server has': {
    act: async (world) => {
      await clone(world, `${top}/b.txt`, 'z.txt');
      await append(world, `${top}/z.txt`, ' and more');
      await world.unlink(`${top}/b.txt`);
    },
    after: { 'a.txt': 'a', 'z.txt': 'what b held and more' },
  },
  'is changed elsewhere, for a file that the server has': {
    act: async (world) => {
      await clone(world, `${top}/b.txt`, 'z.txt');
      await append(world, `${top}/z.txt`, ' and more');
      await world.emulator.put(`${top}/b.txt`, 'theirs');
      await world.poll();
    },
    after: { 'a.txt': 'a', 'b.txt': 'theirs', 'z.txt': 'what b held and more' },
  },
  'is removed elsewhere, for a file that the server has': {
    act: async (world) => {
      await clone(world, `${top}/b.txt`, 'z.txt');
      await append(world, `${top}/z.txt`, ' and more');
      world.emulator.remove(`${top}/b.txt`);
      await world.poll();
    },
    after: { 'a.txt': 'a', 'z.txt': 'what b held and more' },
  },
  'is moved elsewhere and removed there': {
    act: async (world) => {
      await clone(world, `${top}/b.txt`, 'c.txt');
      await append(world, `${top}/c.txt`, ' and more');
      await removeFarAway(world, `${top}/b.txt`);
    },
    after: { 'a.txt': 'a', 'c.txt': 'what b held and more', 'z.txt': 'z' },
  },
  'is moved elsewhere and removed there, for a file that the server has': {
    act: async (world) => {
      await clone(world, `${top}/b.txt`, 'z.txt');
      await append(world, `${top}/z.txt`, ' and more');
      await removeFarAway(world, `${top}/b.txt`);
    },
    after: { 'a.txt': 'a', 'z.txt': 'what b held and more' },
  },
  'is moved elsewhere and removed there, for a file that is changed elsewhere too': {
    act: async (world) => {
      await clone(world, `${top}/b.txt`, 'z.txt');
      await append(world, `${top}/z.txt`, ' and more');
      await removeFarAway(world, `${top}/b.txt`);
      await world.emulator.put(`${top}/z.txt`, 'theirs');
    },
    after: { 'a.txt': 'a', [copyName('z.txt')]: 'what b held and more', 'z.txt': 'theirs' },
  },
  'is moved elsewhere and removed there, for a file with the name of a folder in the trash': {
    act: async (world) => {
      world.emulator.mkdir(`${top}/c.txt`);
      world.emulator.remove(`${top}/c.txt`);
      await clone(world, `${top}/b.txt`, 'c.txt');
      await append(world, `${top}/c.txt`, ' and more');
      await removeFarAway(world, `${top}/b.txt`);
    },
    after: { 'a.txt': 'a', 'c.txt': 'what b held and more', 'z.txt': 'z' },
  },
};

function copyName(name: string): string {
  const [stem, extension] = name.split('.');
  return `${stem} (conflicted copy ${hostname()} ${new Date().toISOString().slice(0, 10)}).${extension}`;
}

/** It goes to the trash from where nobody here has seen it: only the server can find it there. */
async function removeFarAway({ emulator, poll }: SessionWorld, path: string): Promise<void> {
  emulator.move(path, `${top}/far.txt`);
  emulator.remove(`${top}/far.txt`);
  await poll();
}

describe('a file changed in part, whose other part only the server has', () => {
  for (const [what, { act, after }] of Object.entries(losses)) {
    it(`arrives whole when what has that ${what}`, async () => {
      const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
      await emulator.put(`${top}/a.txt`, 'a');
      await emulator.put(`${top}/b.txt`, 'what b held');
      await emulator.put(`${top}/z.txt`, 'z');
      const world = await openSessionWorld(emulator);
      try {
        world.session().pusher.setParallel(1);
        await world.find(`${top}/a.txt`);
        await act(world);
        await world.drain();
        assert.deepEqual(await showServer(emulator, top), after);
        assert.deepEqual(await showTree(world, top), after);
        assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 0, failed: 0 });
      } finally {
        await world.close();
        await emulator.close();
      }
    });
  }
});

describe('a file changed in part, whose other part is nowhere any more', () => {
  const large = Buffer.alloc(3 * 1024 * 1024, 'what b held ');
  let emulator: Emulator;
  let world: SessionWorld;
  let failed: NodeRow;

  before(async () => {
    emulator = await startEmulator({ quirks: { eventSocket: 'no-token', dedup: 'off' } });
    await emulator.put(`${top}/b.bin`, large);
    await emulator.put(`${top}/z.bin`, 'z');
    world = await openSessionWorld(emulator);
    const fh = await world.session().vfs.open(await world.find(`${top}/b.bin`), reading);
    await world.session().vfs.read(fh, 0, 1);
    await world.session().vfs.release(fh);
    await clone(world, `${top}/b.bin`, 'z.bin');
    await append(world, `${top}/z.bin`, ' and more');
    await removeFarAway(world, `${top}/b.bin`);
    await world.save(`${top}/other.txt`, 'goes on');
    await world.drain();
    [failed] = world.session().nodes.getFailed() as [NodeRow];
  });
  after(async () => {
    await world.close();
    await emulator.close();
  });

  it('is refused as vanished, over a restart, and the rest goes on', async () => {
    assert.deepEqual([failed.name, failed.failure], ['z.bin', 'vanished']);
    assert.deepEqual(await showServer(emulator, top), { 'other.txt': 'goes on', 'z.bin': 'z' });
    await world.restart();
    assert.equal(world.session().nodes.get(failed.ino)?.failure, 'vanished');
    await assert.rejects(world.readText(`${top}/z.bin`), { code: 'ESTALE' });
  });

  it('is exported with what there is of it', async () => {
    const to = join(world.dir, 'copy');
    const context = { session: world.session(), getMounts: () => [], mountsTold: async () => {} };
    const { missing } = await exportFailed(context, String(failed.ino), to);
    const wasRead = large.subarray(0, cacheLimits.blockBytes);
    assert.equal(missing, large.length - wasRead.length);
    assert.deepEqual(await readFile(to), Buffer.concat([wasRead, Buffer.alloc(missing), Buffer.from(' and more')]));
  });

  it('arrives whole when the rest is there again', async () => {
    await emulator.put(`${top}/b again.bin`, large);
    await world.poll();
    world.session().pusher.retryFailed(failed.ino);
    await world.drain();
    assert.deepEqual(await emulator.read(`${top}/z.bin`), Buffer.concat([large, Buffer.from(' and more')]));
    assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 0, failed: 0 });
  });
});

describe('a large file changed here whose revision is nowhere on the server any more', () => {
  const mebibyte = 1024 * 1024;
  const content = randomBytes(8 * mebibyte);
  const edits: Record<string, { size: number; edit: (world: SessionWorld, fh: number) => Promise<unknown> }> = {
    'it was cut to that': {
      size: mebibyte,
      edit: async (world, fh) => world.session().vfs.truncateHandle(fh, mebibyte),
    },
    'the rest of it was written over': {
      size: content.length,
      edit: async (world, fh) =>
        world.session().vfs.write(fh, Buffer.from(content.subarray(mebibyte)).reverse(), mebibyte),
    },
  };
  for (const [what, { size, edit }] of Object.entries(edits)) {
    it(`is sent where what it still shows of that is on this computer, as ${what}`, () =>
      withWorld({ quirks: { dedup: 'off' } }, {}, async (world, emulator) => {
        await emulator.put(`${top}/a.bin`, content);
        const { vfs, nodes } = world.session();
        const ino = await world.find(`${top}/a.bin`);
        const fh = await vfs.open(ino, { writing: true, append: false, truncate: false });
        await vfs.read(fh, 0, mebibyte);
        await edit(world, fh);
        const expected = await vfs.read(fh, 0, content.length);
        assert.equal(expected.length, size);
        await vfs.flushHandle(fh);
        await vfs.release(fh);
        emulator.remove(`${top}/a.bin`);
        emulator.emptyTrash();
        await world.poll();
        await world.drain();
        assert.equal(nodes.get(ino)?.failure, null);
        assert.ok((await emulator.read(`${top}/a.bin`)).equals(expected));
      }));
  }
});

describe('a large file changed in part, whose other part is spoilt on its way here', () => {
  it('is sent only once all of it has come as it is', async () => {
    const content = randomBytes(5 * 1024 * 1024);
    await withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/a.bin`, content);
      const { vfs } = world.session();
      const fh = await vfs.open(await world.find(`${top}/a.bin`), { writing: true, append: false, truncate: false });
      await vfs.write(fh, Buffer.from('edited'), 3 * 1024 * 1024);
      await vfs.flushHandle(fh);
      await vfs.release(fh);
      emulator.setFaults([{ match: { kind: 'download' }, nth: 1, action: { type: 'corrupt' } }]);
      emulator.resetStats();
      await world.drain();
      assert.equal(emulator.stats().requests.upload, 1);
      const expected = Buffer.from(content);
      expected.write('edited', 3 * 1024 * 1024);
      assert.ok((await emulator.read(`${top}/a.bin`)).equals(expected));
    });
  });
});
