import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Emulator } from '../../emulator/emulator.ts';
import type { FaultAction } from '../../emulator/faults.ts';
import { type SessionWorld, showServer, withWorld } from '../../support/sessionWorld.ts';
import { TestClock } from '../../support/testClock.ts';

const top = '/Jotta/Archive';
const path = `${top}/large.bin`;
const size = 12 * 1024 * 1024;

const bytesIn = (emulator: Emulator) => emulator.stats().bytesIn;

/** All requests that carry content. */
function answerUploads(emulator: Emulator, ...actions: FaultAction[]): void {
  emulator.setFaults(actions.map((action, index) => ({ match: { kind: 'upload' }, nth: index + 1, action })));
}

/** Waits until all is there, whatever becomes of the connection meanwhile. */
async function settle(world: SessionWorld): Promise<void> {
  await world.until('all is pushed', () => world.session().nodes.countPending().pending === 0);
}

/** Saves, and answers how many times the content went over the line until it was there. */
async function push(world: SessionWorld, emulator: Emulator, content: Buffer): Promise<number> {
  const before = bytesIn(emulator);
  await world.save(path, content);
  await settle(world);
  assert.ok((await emulator.read(path)).equals(content));
  return (bytesIn(emulator) - before) / size;
}

// Each waits for a server of its own most of the time.
describe('a large upload of which the server says nothing in time', { concurrency: 4 }, () => {
  for (const [what, action] of Object.entries<FaultAction>({
    'a 502 of what is in front of it': { type: 'duplicate', answer: 502, late: 2_500 },
    'a 504': { type: 'duplicate', answer: 504, late: 2_500 },
    'a cut connection': { type: 'duplicate', answer: 'reset', late: 2_500 },
    'a 502, though all was done': { type: 'duplicate', answer: 502 },
  })) {
    it(`is not sent again after ${what}: a new file, and its next revision`, () =>
      withWorld({}, { settleMs: 0 }, async (world, emulator) => {
        answerUploads(emulator, action);
        assert.equal(Math.round(await push(world, emulator, randomBytes(size))), 1);
        answerUploads(emulator, action);
        assert.equal(Math.round(await push(world, emulator, randomBytes(size))), 1);
        await world.poll();
        assert.deepEqual(Object.keys(await showServer(emulator, top)), ['large.bin']);
        assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 0, failed: 0 });
      }));
  }

  for (const edits of [false, true]) {
    it(`is not sent again after a restart of the drive: ${edits ? 'the next revision' : 'a new file'}`, () =>
      withWorld({}, { settleMs: 0 }, async (world, emulator) => {
        if (edits) await push(world, emulator, randomBytes(size));
        emulator.resetStats();
        answerUploads(emulator, { type: 'duplicate', answer: 'stall', late: 3_000 });
        const content = randomBytes(size);
        await world.save(path, content);
        await world.until('all of it was sent', () => bytesIn(emulator) >= size);
        await world.restart();
        await settle(world);
        assert.ok((await emulator.read(path)).equals(content));
        assert.equal(Math.round(bytesIn(emulator) / size), 1);
        await world.poll();
        assert.deepEqual(Object.keys(await showServer(emulator, top)), ['large.bin']);
      }));
  }

  it('goes on where it was after a restart in the middle', () =>
    withWorld({}, { settleMs: 0 }, async (world, emulator) => {
      emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: { type: 'stall', after: size / 2 } }]);
      const content = randomBytes(size);
      await world.save(path, content);
      await world.until('half of it was sent', () => bytesIn(emulator) >= size / 2);
      await world.restart();
      await settle(world);
      assert.ok((await emulator.read(path)).equals(content));
    }));

  it('is waited for over minutes, and sent again when nothing comes of it', () => {
    const clock = new TestClock();
    return withWorld({}, { clock, settleMs: 0 }, async (world, emulator) => {
      answerUploads(emulator, { type: 'duplicate', answer: 502, late: 3_600_000 });
      const uploads = () => emulator.stats().requests.upload ?? 0;
      await world.save(path, randomBytes(size));
      await world.until('it is sent', () => uploads() === 1);
      const sentAt = clock.now();
      const ticking = setInterval(() => clock.advanceToNext(30_000), 5);
      await world.until('it is sent again', () => uploads() === 2).finally(() => clearInterval(ticking));
      const waitedMs = clock.now() - sentAt;
      assert.ok(waitedMs > 300_000 && waitedMs < 1_200_000, `${waitedMs} ms`);
      await settle(world);
      assert.equal((await emulator.read(path)).length, size);
    });
  });

  it('goes on from where it was cut when only a part has arrived', () =>
    withWorld({}, { settleMs: 0 }, async (world, emulator) => {
      answerUploads(emulator, { type: 'truncate', after: size - 1_000_000 });
      assert.ok((await push(world, emulator, randomBytes(size))) < 1.2);
    }));

  it('keeps a save that was made meanwhile, as the next revision', () =>
    withWorld({}, { settleMs: 0 }, async (world, emulator) => {
      answerUploads(emulator, { type: 'duplicate', answer: 502, late: 3_000 });
      await world.save(path, randomBytes(size));
      await world.until('the server is asked', () => emulator.stats().requests.upload === 1);
      const newest = randomBytes(size);
      await world.save(path, newest);
      await settle(world);
      assert.ok((await emulator.read(path)).equals(newest));
      await world.poll();
      assert.deepEqual(Object.keys(await showServer(emulator, top)), ['large.bin']);
    }));
});
