import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { showServer, withWorld } from '../../support/sessionWorld.ts';
import { TestClock } from '../../support/testClock.ts';

const top = '/Jotta/Archive';

/** As the real one: its timers take whole milliseconds, and it may go on between two looks at it. */
class RunningClock extends TestClock {
  /** The look after a timer at which the next millisecond begins. */
  ticksAt = 0;
  #looks = 0;

  protected override look(): number {
    this.#looks += 1;
    if (this.#looks === this.ticksAt) this.jump(1);
    return super.look();
  }

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await super.sleep(Math.max(1, Math.trunc(ms)), signal);
    this.#looks = 0;
  }
}

describe('what waits', () => {
  // What looks at the clock now and then would help out.
  beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }));
  afterEach(() => mock.timers.reset());

  it('for its next try is tried, though the timer comes a fraction of a millisecond early', async () => {
    const clock = new RunningClock();
    // Of the wait: a fraction of a millisecond more than its timer takes.
    await withWorld({}, { clock, random: () => 0.5003, settleMs: 100 }, async (world, emulator) => {
      for (let look = 1; look <= 8; look += 1) {
        clock.ticksAt = look;
        emulator.setFaults([{ match: { kind: 'allocate' }, nth: 1, action: { type: 'status', status: 503 } }]);
        await world.save(`${top}/${look}.txt`, `${look}`);
        await world.until(`${look}.txt is up`, () => world.session().nodes.countPending().pending === 0);
      }
    });
  });

  it('for its turn, and is written anew meanwhile, is sent when it is quiet again', async () => {
    const clock = new TestClock();
    await withWorld({}, { clock, settleMs: 1_000 }, async (world, emulator) => {
      const { pusher, nodes } = world.session();
      pusher.setParallel(1);
      emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: { type: 'delay', ms: 300 } }]);
      await world.save(`${top}/first.txt`, 'first');
      await world.save(`${top}/second.txt`, 'second');
      await world.until('the first is being sent', () => pusher.getRunning().length === 1);
      clock.advance(500);
      await world.save(`${top}/second.txt`, 'written anew');
      // What this asks for comes while the first is still being sent.
      clock.advance(100);
      await world.until('both are sent', () => nodes.countPending().pending === 0);
      assert.deepEqual(await showServer(emulator, top), { 'first.txt': 'first', 'second.txt': 'written anew' });
    });
  });
});
