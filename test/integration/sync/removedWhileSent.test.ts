import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld, showServer, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';

async function listStaging(world: SessionWorld): Promise<string[]> {
  const accounts = join(world.dir, 'state', 'accounts');
  const [account = ''] = await readdir(accounts);
  return readdir(join(accounts, account, 'staging'));
}

/** Files go once their removal is on the disk. */
async function waitUntilEmpty(world: SessionWorld): Promise<void> {
  await world.session().vfs.sync();
  const end = performance.now() + 10_000;
  while ((await listStaging(world)).length > 0 && performance.now() < end) await turn();
  assert.deepEqual(await listStaging(world), []);
}

describe('a file that is removed while it is sent', () => {
  for (const [what, remove] of [
    ['removed', (world: SessionWorld) => world.unlink(`${top}/sent.txt`)],
    ['replaced', (world: SessionWorld) => world.rename(`${top}/other.txt`, `${top}/sent.txt`)],
  ] as const) {
    it(`by being ${what}: gives its room on the disk back, and does not stay on the server`, async () => {
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
        await waitUntilEmpty(world);
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

describe('a push whose node is gone when its answer comes', () => {
  for (const [what, point, status, prepare] of [
    [
      'an upload',
      'uploadNoted',
      { kind: 'allocate', status: 409 },
      (world: SessionWorld) => world.save(`${top}/a.txt`, 'a'),
    ],
    [
      'the making of a folder',
      'begun',
      { kind: 'mkDir', status: 403 },
      (world: SessionWorld) => world.mkdir(`${top}/a`),
    ],
  ] as const) {
    it(`${what}: is over, is not tried again and is no failure`, async () => {
      let gone = () => {};
      const faultPoint = (reached: string) => {
        if (reached === point) gone();
      };
      await withWorld({}, { faultPoint }, async (world, emulator) => {
        emulator.setFaults([{ match: { kind: status.kind }, action: { type: 'status', status: status.status } }]);
        const ino = await prepare(world);
        const outcomes: string[] = [];
        world.session().pusher.finished.on(({ outcome }) => outcomes.push(outcome));
        gone = () => world.session().nodes.remove(ino);
        await world.drain();
        assert.deepEqual(outcomes, ['cancelled']);
        assert.deepEqual(world.complaints, []);
      });
    });
  }
});
