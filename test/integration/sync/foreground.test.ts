import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Foreground } from '../../../src/base/foreground.ts';
import { withWorld } from '../../support/sessionWorld.ts';

const never = new AbortController().signal;
const home = '/Jotta/Archive';

/** Time that passes only while somebody sleeps; `during` happens in each ms of it. */
function createForeground(during: (foreground: Foreground) => void) {
  let now = 0;
  const foreground: Foreground = new Foreground({
    now: () => now,
    sleep: async (ms) => {
      // Whoever goes on does so before time passes for the next.
      await new Promise((resolve) => setImmediate(resolve));
      for (const end = now + ms; now < end; now += 1) during(foreground);
    },
  });
  return { foreground, now: () => now };
}

describe("the drive's own work", () => {
  it('goes on at once while little is asked of the volume, such as the lines of a log', async () => {
    const { foreground, now } = createForeground(() => {});
    for (let at = 0; at < 10; at += 1) foreground.note();
    for (let turn = 0; turn < 50; turn += 1) await foreground.turn(never);
    assert.equal(now(), 0);
  });

  it('takes turns in order with rests between while many operations come, and is never kept from them', async () => {
    const { foreground, now } = createForeground((each) => each.note());
    for (let at = 0; at < 100; at += 1) foreground.note();
    const times: number[] = [];
    await Promise.all(Array.from({ length: 5 }, () => foreground.turn(never).then(() => times.push(now()))));
    assert.deepEqual(times, [0, 100, 200, 300, 400]);
  });

  it('goes on at full speed soon after the last operation', async () => {
    const { foreground, now } = createForeground(() => {});
    for (let at = 0; at < 100; at += 1) foreground.note();
    for (let turn = 0; turn < 50; turn += 1) await foreground.turn(never);
    assert.ok(now() <= 500, `${now()} ms`);
  });

  it('begins one change in a turn while somebody is busy with files, and sends all of them in the end', async () => {
    await withWorld({}, { settleMs: 0 }, async (world, emulator) => {
      const { pusher, vfs } = world.session();
      const begunAt = new Map<number, number>();
      pusher.changed.on(() => {
        for (const { ino } of pusher.getRunning()) if (!begunAt.has(ino)) begunAt.set(ino, performance.now());
      });
      const arrived = () => emulator.tree().filter(({ path }) => path.startsWith(`${home}/new`)).length;
      const folder = await world.find(home);
      const busy = setInterval(() => {
        for (let at = 0; at < 20; at += 1) void vfs.readdir(folder);
      }, 5);
      try {
        for (let index = 0; index < 12; index += 1) await world.save(`${home}/new ${index}`, `${index}`);
        await world.until('all of them have arrived', () => arrived() === 12);
      } finally {
        clearInterval(busy);
      }
      const times = [...begunAt.values()];
      const gaps = times.slice(1).map((at, index) => at - (times[index] as number));
      // Most of them: a computer that is busy with something else lets the readers pause now and then.
      const median = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] as number;
      assert.ok(median >= 90, `${gaps.map(Math.round)} ms`);
    });
  });
});
