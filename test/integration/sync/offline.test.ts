import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, showServer, showTree } from '../../support/sessionWorld.ts';
import { until } from '../../support/until.ts';

const top = '/Jotta/Archive';
/** Far below the deadlines of a listing and of a read: nothing waited for them. ms. */
const fastMs = 5_000;

describe('a start without a network', () => {
  it('shows, reads, saves, moves and removes what is known, fails fast at what is not, and catches up by itself', async () => {
    const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
    for (const name of ['read.txt', 'moved.txt', 'removed.txt', 'never read.txt', 'never listed/a.txt']) {
      await emulator.put(`${top}/${name}`, name);
    }
    const world = await openSessionWorld(emulator, { settleMs: 0 });
    try {
      await world.readText(`${top}/read.txt`);
      await emulator.outage(true);
      await world.restart();

      const names = (await world.session().vfs.readdir(await world.find(top))).map(({ name }) => name);
      assert.deepEqual(names.sort(), ['moved.txt', 'never listed', 'never read.txt', 'read.txt', 'removed.txt']);
      assert.equal(await world.readText(`${top}/read.txt`), 'read.txt');
      const begun = performance.now();
      await assert.rejects(world.readText(`${top}/never read.txt`), { code: 'ETIMEDOUT' });
      await assert.rejects(world.find(`${top}/never listed/a.txt`), { code: 'ETIMEDOUT' });
      assert.ok(performance.now() - begun < fastMs, `${performance.now() - begun} ms`);

      await world.save(`${top}/read.txt`, 'edited');
      await world.mkdir(`${top}/made`);
      await world.rename(`${top}/moved.txt`, `${top}/made/moved.txt`);
      await world.unlink(`${top}/removed.txt`);
      await world.save(`${top}/made/new.txt`, 'new');
      const wanted = {
        'made/': '',
        'made/moved.txt': 'moved.txt',
        'made/new.txt': 'new',
        'never listed/': '',
        'never listed/a.txt': 'never listed/a.txt',
        'never read.txt': 'never read.txt',
        'read.txt': 'edited',
      };

      await emulator.outage(false);
      await world.until('all is pushed', () => world.session().nodes.countPending().pending === 0);
      assert.equal(world.session().nodes.countPending().failed, 0);
      assert.deepEqual(await showServer(emulator, top), wanted);
      assert.deepEqual(await showTree(world, top), wanted);
    } finally {
      await world.close();
      await emulator.close();
    }
  });
});

describe('a network that goes away', () => {
  it('is noticed as soon as the event socket is cut, though nobody asks for anything and no poll is due', async () => {
    const emulator = await startEmulator();
    await emulator.put(`${top}/read.txt`, 'read');
    const world = await openSessionWorld(emulator);
    try {
      const { link, poller } = world.session();
      await world.readText(`${top}/read.txt`);
      await until('events come', () => poller.lastPollAt !== null);
      await emulator.outage(true);
      await until('it is noticed', () => link.health === 'offline');
      await emulator.outage(false);
      await until('it is back', () => link.health === 'ok');
    } finally {
      await world.close();
      await emulator.close();
    }
  });
});
