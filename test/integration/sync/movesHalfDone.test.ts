import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FaultAction } from '../../emulator/faults.ts';
import { type SessionWorld, showServer, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';

/** A file goes to a name that the trash has: the server takes it there by its content only, and the old place is given up after that. */
describe('a move by content that is cut between its two steps', () => {
  const cuts: readonly (readonly [string, FaultAction])[] = [
    ['refused', { type: 'status', status: 403 }],
    ['locked out', { type: 'status', status: 403, body: 'Account is locked' }],
    ['broken off', { type: 'reset' }],
  ];
  for (const [how, action] of cuts) {
    const cut = async (work: (world: SessionWorld) => Promise<void>, wanted: Record<string, string>) => {
      await withWorld({ quirks: { moveOntoTrashed: '409' } }, {}, async (world, emulator) => {
        await emulator.put(`${top}/note~`, 'old backup');
        emulator.remove(`${top}/note~`);
        await emulator.put(`${top}/note`, 'text');
        assert.equal(await world.readText(`${top}/note`), 'text');
        emulator.setFaults([{ match: { kind: 'dl' }, nth: 1, action }]);
        await world.rename(`${top}/note`, `${top}/note~`);
        const { pusher } = world.session();
        const over = new Promise((resolve) => pusher.finished.on(resolve));
        await Promise.race([world.drain().catch(() => {}), over]);
        world.session().link.set('ok');
        emulator.setFaults([]);
        await work(world);
        pusher.retryFailed();
        await world.drain();
        await world.poll();
        await world.drain();
        assert.deepEqual(await showServer(emulator, top), wanted);
      });
    };

    it(`${how}, is finished`, () => cut(async () => {}, { 'note~': 'text' }));
    it(`${how}, leaves nothing behind when the file is removed then`, () =>
      cut((world) => world.unlink(`${top}/note~`), {}));
  }
});
