import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startEmulator } from '../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld, showServer } from './sessionWorld.ts';

const top = '/Jotta/Archive';

async function listStaging(world: SessionWorld): Promise<string[]> {
  const accounts = join(world.dir, 'state', 'accounts');
  const [account = ''] = await readdir(accounts);
  return readdir(join(accounts, account, 'staging'));
}

describe('a file that is removed while it is sent', () => {
  for (const [what, remove] of [
    ['removed', (world: SessionWorld) => world.unlink(`${top}/sent.txt`)],
    ['replaced', (world: SessionWorld) => world.rename(`${top}/other.txt`, `${top}/sent.txt`)],
  ] as const) {
    it(`by being ${what}: gives its room on the disk back at once, and does not stay on the server`, async () => {
      const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
      await emulator.put(`${top}/other.txt`, 'other');
      const world = await openSessionWorld(emulator);
      try {
        await world.find(`${top}/other.txt`);
        await world.save(`${top}/sent.txt`, Buffer.alloc(24 * 1024 ** 2, 's'));
        emulator.setFaults([{ match: { kind: 'upload' }, action: { type: 'stall', after: 100_000 } }]);
        const drained = world.drain();
        await world.until('it is being sent', () => emulator.faults().some(({ hits }) => hits.length > 0));
        await remove(world);
        assert.deepEqual(await listStaging(world), []);
        emulator.setFaults([]);
        await drained;
        assert.equal((await showServer(emulator, top))['sent.txt'], what === 'replaced' ? 'other' : undefined);
        assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 0, failed: 0 });
      } finally {
        await world.close();
        await emulator.close();
      }
    });
  }
});
