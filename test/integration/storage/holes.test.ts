import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Ino } from '../../../src/store/nodeRow.ts';
import { type SessionWorld, withWorld } from '../../support/sessionWorld.ts';

const home = '/Jotta/Archive';
/** Minutes of work for whoever hashes it. */
const hugeBytes = 2 ** 37;
/** What ends within this ends because it was told to. */
const soonMs = 20_000;

/** A file of nothing but a hole. */
async function makeHuge(world: SessionWorld, name: string): Promise<Ino> {
  const ino = await world.save(`${home}/${name}`, '');
  await world.session().vfs.truncate(ino, hugeBytes);
  return ino;
}

const isPushed = (world: SessionWorld, ino: Ino) =>
  world
    .session()
    .pusher.getRunning()
    .some((push) => push.ino === ino);

async function timed(work: () => Promise<unknown>): Promise<void> {
  const begun = performance.now();
  await work();
  const took = performance.now() - begun;
  assert.ok(took < soonMs, `${Math.round(took)} ms`);
}

describe('a huge file of zeros', { timeout: 100_000 }, () => {
  it('does not keep small files waiting, however many of its kind there are', async () => {
    await withWorld({}, { settleMs: 0 }, async (world, emulator) => {
      for (let index = 0; index < 7; index += 1) await makeHuge(world, `huge ${index}`);
      await world.until('as many run as may', () => world.session().pusher.getRunning().length >= 4);
      await timed(async () => {
        await world.save(`${home}/small.txt`, 'small');
        await world.until('the small one has arrived', () =>
          emulator.tree().some(({ path }) => path === `${home}/small.txt`),
        );
      });
    });
  });

  for (const [what, act] of Object.entries({
    removed: (world: SessionWorld) => world.unlink(`${home}/huge`),
    cut: async (world: SessionWorld) => world.session().vfs.truncate(await world.find(`${home}/huge`), 5),
  })) {
    it(`is no work any more once it is ${what}`, async () => {
      await withWorld({}, { settleMs: 0 }, async (world) => {
        const ino = await makeHuge(world, 'huge');
        await world.until('it is worked on', () => isPushed(world, ino));
        await timed(async () => {
          await act(world);
          await world.drain();
        });
        assert.deepEqual(world.complaints, []);
      });
    });
  }

  it('does not keep the drive from ending', async () => {
    await withWorld({}, { settleMs: 0 }, async (world) => {
      const ino = await makeHuge(world, 'huge');
      await world.until('it is worked on', () => isPushed(world, ino));
      await timed(() => world.restart());
      assert.deepEqual(world.complaints, []);
    });
  });
});
