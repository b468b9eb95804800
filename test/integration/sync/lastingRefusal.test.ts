import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withWorld } from '../../support/sessionWorld.ts';

describe('a server that refuses every token', () => {
  it('is asked for one more, not for one with each request', () =>
    withWorld({}, {}, async (world, emulator) => {
      emulator.setFaults([{ match: { kind: 'list' }, action: { type: 'status', status: 401 } }]);
      emulator.resetStats();
      for (let round = 0; round < 5; round += 1) {
        await assert.rejects(world.session().client.fetchFolder(['Jotta', 'Archive'], AbortSignal.timeout(60_000)));
      }
      assert.equal(emulator.stats().requests.token, 1);
    }));

  it('is asked for a few when it refuses one thing only', () =>
    withWorld({}, {}, async (world, emulator) => {
      const { client } = world.session();
      emulator.setFaults([{ match: { kind: 'list' }, action: { type: 'status', status: 401 } }]);
      emulator.resetStats();
      for (let round = 0; round < 9; round += 1) {
        await assert.rejects(client.fetchFolder(['Jotta', 'Archive'], AbortSignal.timeout(60_000)));
        await client.fetchAccount(AbortSignal.timeout(60_000)).catch(() => {});
        await client.fetchCustomer(AbortSignal.timeout(60_000));
      }
      assert.ok((emulator.stats().requests.token ?? 0) <= 3, `${emulator.stats().requests.token} refreshes`);
    }));
});
