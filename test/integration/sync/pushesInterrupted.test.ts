import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Ino } from '../../../src/store/nodeRow.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import type { RequestKind } from '../../emulator/stats.ts';
import { md5 } from '../../support/md5.ts';
import { openSessionWorld, type SessionWorld, showServer, showTree } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
/** Longer than a listing takes. */
const delayMs = 300;

let emulator: Emulator;

before(async () => {
  emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
});
after(() => emulator.close());

interface Play {
  readonly place: string;
  /** What is asked of the server. */
  readonly command: RequestKind;
  readonly change: (world: SessionWorld) => Promise<unknown>;
  /** Done once the drive has heard of the other device. */
  readonly then?: (world: SessionWorld) => Promise<unknown>;
}

/**
 * `change` is pushed, and while the server has its command before it and does nothing yet, another device moves the folder
 * `parent` away, and the drive hears of that. Answers what both sides hold in the end.
 */
async function play({ place, command, change, then }: Play): Promise<Record<string, string>> {
  const world = await open(place);
  try {
    await change(world);
    emulator.resetStats();
    emulator.setFaults([{ match: { kind: command }, nth: 1, times: 1, action: { type: 'delay', ms: delayMs } }]);
    const drained = world.drain();
    await world.until(`${command} is asked for`, () => (emulator.stats().requests[command] ?? 0) > 0);
    emulator.move(`${place}/parent`, `${place}/taken`);
    await world.poll();
    await then?.(world);
    await drained;
    await world.drain();
    await world.poll();
    const server = await showServer(emulator, place);
    assert.deepEqual(await showTree(world, place), server, 'the volume shows what the server has');
    assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 0, failed: 0 });
    return server;
  } finally {
    await world.close();
  }
}

async function open(place: string): Promise<SessionWorld> {
  await emulator.put(`${place}/parent/still.txt`, 'still');
  await emulator.put(`${place}/folder/inner.txt`, 'inner');
  const world = await openSessionWorld(emulator);
  for (const folder of ['', '/parent', '/folder']) {
    await world.session().vfs.readdir(await world.find(`${place}${folder}`));
  }
  return world;
}

describe('a push into a folder that goes away meanwhile', () => {
  it('of a new folder: it is there with all that was put into it', async () => {
    const place = `${top}/made`;
    const change = async (world: SessionWorld) => {
      await world.mkdir(`${place}/parent/new`);
      await world.save(`${place}/parent/new/ours.txt`, 'ours');
    };
    assert.deepEqual(await play({ place, command: 'mkDir', change }), {
      'folder/': '',
      'folder/inner.txt': 'inner',
      'parent/': '',
      'parent/new/': '',
      'parent/new/ours.txt': 'ours',
      'taken/': '',
      'taken/still.txt': 'still',
    });
  });

  it('of a moved folder: it is there with all that was put into it', async () => {
    const place = `${top}/moved`;
    const change = async (world: SessionWorld) => {
      await world.rename(`${place}/folder`, `${place}/parent/folder`);
      await world.save(`${place}/parent/folder/ours.txt`, 'ours');
    };
    assert.deepEqual(await play({ place, command: 'mvDir', change }), {
      'parent/': '',
      'parent/folder/': '',
      'parent/folder/inner.txt': 'inner',
      'parent/folder/ours.txt': 'ours',
      'taken/': '',
      'taken/still.txt': 'still',
    });
  });

  it('of a folder that is moved on before that is known: it is where it went last', async () => {
    const place = `${top}/back`;
    const change = (world: SessionWorld) => world.rename(`${place}/folder`, `${place}/parent/folder`);
    const then = async (world: SessionWorld) => {
      await world.rename(`${place}/parent/folder`, `${place}/last`);
      await world.rmdir(`${place}/parent`);
      await world.save(`${place}/last/ours.txt`, 'ours');
    };
    const server = await play({ place, command: 'mvDir', change, then });
    assert.equal(server['last/ours.txt'], 'ours');
    assert.ok(Object.values(server).includes('inner'), 'what was in it is somewhere');
    assert.equal(server['taken/still.txt'], 'still');
  });
});

describe('a mountpoint that a listing leaves out', () => {
  const path = `${top}/left out.txt`;
  const emptyDevice = '<device time="" host=""><name>Jotta</name><mountPoints></mountPoints></device>';

  /** A file waits in a mountpoint that is gone as far as the drive knows; until the faults are cleared the server tells of none. */
  async function loseMountPoint(world: SessionWorld): Promise<void> {
    await world.session().vfs.readdir(await world.find(top));
    await world.save(path, 'ours');
    const answer = { type: 'status', status: 200, body: emptyDevice } as const;
    emulator.setFaults([{ match: { method: 'GET', pathIncludes: '/Jotta' }, times: 100, action: answer }]);
    await world.poll();
    const archive = world.session().nodes.get(await world.find(top));
    assert.equal(archive?.synced, null);
  }

  it('is found again before anything is sent to it', async () => {
    const world = await openSessionWorld(emulator);
    try {
      await loseMountPoint(world);
      emulator.setFaults([]);
      await world.drain();
      assert.equal(String(await emulator.read(path)), 'ours');
      assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 0, failed: 0 });
    } finally {
      await world.close();
    }
  });

  it('keeps what waits in it as refused for as long as it is gone', async () => {
    const world = await openSessionWorld(emulator);
    try {
      await loseMountPoint(world);
      await world.drain();
      assert.equal(world.session().nodes.countPending().failed, 1);
      emulator.setFaults([]);
      await world.poll();
      await world.drain();
      assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 0, failed: 0 });
    } finally {
      await world.close();
    }
  });
});

describe('a file that is written to while it is uploaded', () => {
  /** `B` is written over the start of `base`, and `A` behind it while the server lets `slow` wait. */
  async function writeTwice(
    name: string,
    slow: RequestKind,
    between: (world: SessionWorld, ino: Ino) => Promise<void>,
  ) {
    const path = `${top}/${name}/file.txt`;
    await emulator.put(path, 'base');
    const world = await openSessionWorld(emulator);
    try {
      await world.session().vfs.readdir(await world.find(`${top}/${name}`));
      const { vfs } = world.session();
      const ino = await world.find(path);
      const fh = await vfs.open(ino, { writing: true, append: false, truncate: false });
      await vfs.write(fh, Buffer.from('B'), 0);
      await vfs.flushHandle(fh);
      emulator.resetStats();
      emulator.setFaults([{ match: { kind: slow }, times: 1, action: { type: 'delay', ms: delayMs } }]);
      const drained = assert.rejects(world.drain(), 'the session ends before');
      await world.until(`${slow} is asked for`, () => (emulator.stats().requests[slow] ?? 0) > 0);
      await vfs.write(fh, Buffer.from('A'), 1);
      await between(world, ino);
      await vfs.flushHandle(fh);
      await vfs.release(fh);
      await world.restart();
      await drained;
      assert.equal(await world.readText(path), 'BAse');
      await world.drain();
      assert.equal(String(await emulator.read(path)), 'BAse');
    } finally {
      await world.close();
    }
  }

  it('still knows where the rest of its bytes are', async () => {
    await writeTwice('rest', 'upload', async (world, ino) => {
      const { nodes } = world.session();
      await world.until('the upload has ended', () => nodes.get(ino)?.synced?.md5 === md5('Base'));
      // Until the next flush the staging file on record lacks what it has from there.
      assert.notEqual(nodes.facts.getFormerPlace(md5('base')), undefined);
    });
  });

  it('keeps its staging file: what is not flushed is not taken for what was', async () => {
    await writeTwice('kept', 'download', async (world) => {
      await world.until('the push has ended', () => world.session().pusher.getRunning().length === 0);
    });
  });
});
