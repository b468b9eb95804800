import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { showServer, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';

describe('a folder that was made, of which the answer was lost, and is refused then', () => {
  const make = (work: (remove: () => Promise<void>) => Promise<void>, wanted: Record<string, string>) =>
    withWorld({}, {}, async (world, emulator) => {
      const { pusher } = world.session();
      await world.find(top);
      emulator.setFaults([
        { match: { kind: 'mkDir' }, nth: 1, action: { type: 'duplicate', answer: 503 } },
        { match: { kind: 'mkDir' }, nth: 2, action: { type: 'status', status: 403 } },
      ]);
      await world.mkdir(`${top}/made`);
      await world.drain();
      emulator.setFaults([]);
      await work(() => world.rmdir(`${top}/made`));
      pusher.retryFailed();
      await world.drain();
      await world.poll();
      assert.deepEqual(await showServer(emulator, top), wanted);
      assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 0, failed: 0 });
    });

  it('is there', () => make(async () => {}, { 'made/': '' }));
  it('is not there any more when it is removed after that', () => make((remove) => remove(), {}));
});
