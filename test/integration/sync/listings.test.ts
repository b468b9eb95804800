import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld, showServer, showTree } from '../../support/sessionWorld.ts';

let emulator: Emulator;
let world: SessionWorld;
let top: string;
let rows = 0;

before(async () => {
  emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
  world = await openSessionWorld(emulator);
});
after(async () => {
  await world.close();
  await emulator.close();
});
beforeEach(async () => {
  rows += 1;
  top = `/Jotta/Archive/row ${rows}`;
  for (const path of ['one/a.txt', 'one/deep/b.txt', 'two/c.txt', 'two/deep/d.txt']) {
    await emulator.put(`${top}/${path}`, path);
  }
  await world.poll();
  for (const folder of ['', '/one', '/one/deep', '/two', '/two/deep']) {
    await world.session().vfs.readdir(await world.find(`${top}${folder}`));
  }
});

/** Listings are asked for before, and answered after `work`. */
async function whileListing(paths: readonly string[], work: () => Promise<void>): Promise<void> {
  const { remote, folders } = world.session();
  const inos = await Promise.all(paths.map((path) => world.find(`${top}/${path}`)));
  const gate = Promise.withResolvers<void>();
  const fetchEntries = remote.fetchEntries.bind(remote);
  const slow = mock.method(remote, 'fetchEntries', async (...args: Parameters<typeof fetchEntries>) => {
    await gate.promise;
    return fetchEntries(...args);
  });
  const listed = inos.map((ino) => folders.refresh(ino));
  slow.mock.restore();
  await work();
  gate.resolve();
  await Promise.all(listed);
}

async function exchange(from: string, to: string): Promise<void> {
  const parent = await world.find(top);
  await world.session().vfs.rename({ parent, name: from }, { parent, name: to }, 'exchange');
}

/** The volume and the server, after a while, are both of that kind. */
async function assertTree(expected: Record<string, string>): Promise<void> {
  assert.deepEqual(await showTree(world, top), expected);
  for (let round = 0; round < 2; round += 1) {
    await world.drain();
    await world.poll();
  }
  assert.deepEqual(await showTree(world, top), expected);
  assert.deepEqual(await showServer(emulator, top), expected);
}

const swapped = {
  'one/': '',
  'one/c.txt': 'two/c.txt',
  'one/deep/': '',
  'one/deep/d.txt': 'two/deep/d.txt',
  'two/': '',
  'two/a.txt': 'one/a.txt',
  'two/deep/': '',
  'two/deep/b.txt': 'one/deep/b.txt',
};

describe('a listing that is answered when our own pushes have moved the folder', () => {
  it('is not taken for the other folder that stands at its place now', async () => {
    await whileListing(['one', 'two', 'one/deep', 'two/deep'], async () => {
      await exchange('one', 'two');
      await world.drain();
    });
    await assertTree(swapped);
  });

  it('does not make what was removed in it forgotten before it is removed on the server', async () => {
    await whileListing(['one', 'two'], async () => {
      await exchange('one', 'two');
      await world.drain();
      await world.unlink(`${top}/two/a.txt`);
    });
    const { 'two/a.txt': _removed, ...expected } = swapped;
    await assertTree(expected);
  });

  it('does not bring what was renamed in it back to its old name', async () => {
    await whileListing(['one', 'two'], async () => {
      await exchange('one', 'two');
      await world.drain();
      await world.rename(`${top}/two/a.txt`, `${top}/two/renamed.txt`);
    });
    const { 'two/a.txt': text, ...rest } = swapped;
    await assertTree({ ...rest, 'two/renamed.txt': text });
  });

  it('of a folder that is gone from its place is asked for again at the new one', async () => {
    await emulator.put(`${top}/one/from elsewhere.txt`, 'new');
    await whileListing(['one'], async () => {
      await world.rename(`${top}/one`, `${top}/moved`);
      await world.drain();
    });
    assert.equal(await world.readText(`${top}/moved/from elsewhere.txt`), 'new');
  });
});

describe('a folder that is listed for the first time', () => {
  it('keeps whoever comes meanwhile waiting for the targets of its links', async () => {
    await emulator.put(`${top}/linked/up.rclonelink`, '../one/a.txt');
    await world.poll();
    const { vfs, nodes } = world.session();
    const folder = await world.find(`${top}/linked`);
    emulator.shape({ latency: 300 });
    const first = vfs.readdir(folder);
    await world.until('its names are there', () => nodes.getChildren(folder).length > 0);
    const [found, listed] = await Promise.all([vfs.lookup(folder, 'up'), vfs.readdir(folder), first]);
    assert.equal(found.kind, 'file');
    assert.deepEqual(
      listed.map(({ name }) => name),
      ['up'],
    );
    emulator.shape({ latency: 0 });
  });
});
