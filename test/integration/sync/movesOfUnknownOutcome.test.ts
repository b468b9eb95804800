import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import type { FaultRule } from '../../emulator/faults.ts';
import { openSessionWorld, type SessionWorld, showServer } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
const forbidden = { type: 'status', status: 403 } as const;
/** The second look at where it goes, which comes after the command. */
const noSecondLook: FaultRule = { match: { method: 'GET', pathIncludes: '/moved' }, nth: 2, action: forbidden };

async function moveFolder(
  faults: readonly FaultRule[],
  work: (world: SessionWorld, emulator: Emulator) => Promise<void>,
): Promise<void> {
  const emulator = await startEmulator({ quirks: { eventSocket: 'no-token', moveAnswer: '404-though-done' } });
  await emulator.put(`${top}/F/in it.txt`, 'in it');
  const world = await openSessionWorld(emulator);
  try {
    const file = await world.find(`${top}/F/in it.txt`);
    emulator.setFaults([...faults]);
    await world.rename(`${top}/F`, `${top}/moved`);
    await work(world, emulator);
    await world.poll();
    assert.equal(await world.find(`${top}/moved/in it.txt`), file, 'it was there all the time');
    assert.deepEqual(await showServer(emulator, top), { 'moved/': '', 'moved/in it.txt': 'in it' });
    assert.equal(emulator.stats().requests.mvDir, 1);
    assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 0, failed: 0 });
  } finally {
    await world.close();
    await emulator.close();
  }
}

/** What is known of it stays as it is, until a look tells. */
describe('a move of which nobody can tell what became', () => {
  it('does not count as refused, whatever the command answered', () =>
    moveFolder([noSecondLook], async (world) => {
      await world.drain();
      assert.ok(world.complaints.some((line) => line.includes('push failed')));
    }));

  it('does not either when the next try cannot look', () =>
    moveFolder([noSecondLook, { ...noSecondLook, nth: 3 }], async (world) => {
      const drained = world.drain();
      const failures = () => world.complaints.filter((line) => line.includes('push failed')).length;
      await world.until('it failed twice', () => failures() === 2);
      await world.poll();
      await drained;
    }));
});
