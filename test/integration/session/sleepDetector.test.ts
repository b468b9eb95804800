import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { watchForSleep } from '../../../src/drive/lifecycle/sleepDetector.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld } from '../../support/sessionWorld.ts';
import { TestClock } from '../../support/testClock.ts';

const top = '/Jotta/Archive';
const lookMs = 5_000;
const nightMs = 8 * 3_600_000;

describe('a clock that is set back', () => {
  it('does not make a removal trust a listing from before', async () => {
    const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
    const clock = new TestClock();
    const world = await openSessionWorld(emulator, { clock, settleMs: 1_000 });
    try {
      await emulator.put(`${top}/a.txt`, 'first');
      assert.equal(await world.readText(`${top}/a.txt`), 'first');
      clock.jump(-3_600_000);
      await emulator.put(`${top}/a.txt`, 'edited elsewhere');
      await world.unlink(`${top}/a.txt`);
      await world.until('the removal is settled', () => world.session().nodes.countPending().pending === 0);
      assert.equal((await emulator.read(`${top}/a.txt`)).toString(), 'edited elsewhere');
    } finally {
      await world.close();
      await emulator.close();
    }
  });
});

describe('a computer that wakes', () => {
  it('is noticed by a clock that jumped, and by nothing less', (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    const clock = new TestClock();
    let woke = 0;
    const onWake = () => {
      woke += 1;
    };
    const stop = watchForSleep(clock.now, onWake, assert.ifError);
    const look = (ms: number) => {
      clock.jump(ms);
      context.mock.timers.tick(lookMs);
    };
    look(lookMs);
    // A busy moment.
    look(lookMs + 3_000);
    assert.equal(woke, 0);
    look(nightMs);
    assert.equal(woke, 1);
    look(lookMs);
    // The clock was put back.
    look(-nightMs);
    assert.equal(woke, 1);
    stop();
    look(nightMs);
    assert.equal(woke, 1);
  });

  it('goes on at once: with new connections, with what waited, and with what changed meanwhile', async (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
    const clock = new TestClock();
    const world = await openSessionWorld(emulator, { clock, settleMs: 1_000, random: () => 1 });
    try {
      await world.find(top);
      await world.session().vfs.readdir(await world.find(top));
      await emulator.outage(true);
      await world.save(`${top}/ours.txt`, 'from before');
      let probes = 0;
      world.session().pusher.finished.on(({ outcome }) => {
        probes += outcome === 'offline' ? 1 : 0;
      });
      await world.until('the waits are long', () => probes >= 7);
      clock.jump(nightMs);
      await emulator.outage(false);
      await emulator.put(`${top}/theirs.txt`, 'from the night');
      const wokeAt = clock.now();
      context.mock.timers.tick(lookMs);
      await world.until('ours is up', () => emulator.tree().some(({ path }) => path === `${top}/ours.txt`));
      assert.ok(clock.now() - wokeAt < 1_000, `${clock.now() - wokeAt} ms`);
      await world.until('theirs is here', () => {
        const { nodes } = world.session();
        return nodes.findByName('theirs.txt', 1).length === 1;
      });
      assert.ok(clock.now() - wokeAt < 5_000, `${clock.now() - wokeAt} ms`);
    } finally {
      await world.close();
      await emulator.close();
    }
  });

  it('after it fell asleep in the middle of planning sends the next change as soon as ever', async () => {
    const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
    const clock = new TestClock();
    const world = await openSessionWorld(emulator, { clock, settleMs: 1_000 });
    try {
      await world.find(top);
      const { nodes, pusher } = world.session();
      const getPendingInos = nodes.getPendingInos.bind(nodes);
      let slept = false;
      nodes.getPendingInos = (after, limit) => {
        if (!slept) clock.jump(nightMs);
        slept = true;
        return getPendingInos(after, limit);
      };
      pusher.nudge();
      await world.until('it slept', () => slept);
      const savedAt = clock.now();
      await world.save(`${top}/morning.txt`, 'morning');
      await world.until('it is up', () => emulator.tree().some(({ path }) => path === `${top}/morning.txt`));
      assert.ok(clock.now() - savedAt < 5_000, `${clock.now() - savedAt} ms`);
    } finally {
      await world.close();
      await emulator.close();
    }
  });
});
