import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { list } from '../../../src/drive/files/entries.ts';
import { Search } from '../../../src/drive/files/search.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { createFilesWorld, home } from '../../support/filesSupport.ts';
import { openSessionWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
const hour = 3_600_000;
const year = 365 * 24 * hour;
const jumps = { 'three hours back': -3 * hour, 'ten years on': 10 * year, 'twenty years back': -20 * year };

describe('a clock that is set', () => {
  for (const [name, jumpMs] of Object.entries(jumps)) {
    it(`${name} while the drive runs stops nothing`, async () => {
      let offset = 0;
      const clock: Clock = { now: () => Date.now() + offset, sleep: systemClock.sleep };
      const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
      const world = await openSessionWorld(emulator, { clock, clientClock: clock, settleMs: 50 });
      const isUp = (path: string) => emulator.tree().some((item) => item.path === `${top}/${path}`);
      try {
        await emulator.put(`${top}/there`, 'first');
        await world.readText(`${top}/there`);
        // One is sent at once and one waits for its next try when the clock is set.
        emulator.setFaults([{ match: { kind: 'allocate' }, times: 1, action: { type: 'status', status: 503 } }]);
        await world.save(`${top}/waits`, 'waits');
        await world.until('it failed once', () => emulator.faults().some(({ matched }) => matched > 0));
        offset = jumpMs;
        await world.save(`${top}/new`, 'new');
        await world.until('both are up', () => isUp('waits') && isUp('new'));
        // A token that the server takes no more, though by the clock it has years to go.
        emulator.setFaults([{ match: { kind: 'list' }, nth: 1, action: { type: 'expire-token' } }]);
        await emulator.put(`${top}/there`, 'second');
        await world.poll();
        await world.poll();
        assert.equal(await world.readText(`${top}/there`), 'second');
        await world.unlink(`${top}/new`);
        await world.until('it is gone', () => !isUp('new'));
        // And back to what it was.
        offset = 0;
        await world.save(`${top}/back`, 'back');
        await world.until('it is up', () => isUp('back'));
      } finally {
        await world.close();
        await emulator.close();
      }
    });
  }
});

it('a search asks the server again after the clock was set back', async () => {
  let offset = 0;
  const world = await createFilesWorld();
  try {
    const { session } = world.context;
    const clock = { ...session.clock, now: () => Date.now() + offset };
    const context = { ...world.context, session: { ...session, clock } };
    const search = new Search();
    const find = async () =>
      (await search.search(context, { folder: home, text: 'needle', deep: true, limit: 10 }, world.signal)).hits.length;
    await list(world.context, home, false);
    assert.equal(await find(), 0);
    await world.drive.emulator.put(`${home}/deep/needle`, 'x');
    offset = -year;
    assert.equal(await find(), 1);
  } finally {
    await world.drive.close();
  }
});
