import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isRemoteError } from '../../../src/sync/tree/remote.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import type { FaultRule } from '../../emulator/faults.ts';
import { openSessionWorld, type SessionWorld, showServer, showTree, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
const isOffline = (error: unknown) => isRemoteError(error, 'offline');
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

it('a file that was moved on after an upload and a move of it were carried out without an answer is where it went last', () =>
  withWorld({}, {}, async (world, emulator) => {
    const lose = async (kind: 'upload' | 'mv') => {
      const look = { method: 'GET', pathIncludes: '/b.txt' };
      emulator.setFaults([
        { match: { kind }, action: { type: 'duplicate', answer: 'reset' } },
        { match: look, nth: 2, times: 9, action: { type: 'reset' } },
      ]);
      await assert.rejects(world.drain(), isOffline);
      emulator.setFaults([]);
      // A new session does not know that the network was gone.
      await world.restart();
    };
    await world.save(`${top}/a.txt`, 'text');
    await lose('upload');
    await world.rename(`${top}/a.txt`, `${top}/b.txt`);
    await lose('mv');
    await world.rename(`${top}/b.txt`, `${top}/c.txt`);
    await world.drain();
    await world.poll();
    assert.deepEqual(await showServer(emulator, top), { 'c.txt': 'text' });
    assert.deepEqual(await showTree(world, top), { 'c.txt': 'text' });
  }));
