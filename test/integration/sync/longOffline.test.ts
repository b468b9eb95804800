import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writebackLimits } from '../../../src/sync/tree/limits.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, showServer } from '../../support/sessionWorld.ts';
import { TestClock } from '../../support/testClock.ts';

const top = '/Jotta/Archive';
const hours = 24;
const hourMs = 3_600_000;
const started = 200;
/** Of the requests that change something, only looks at what is there may fail: anything else was sent too early. */
const changing = new Set(['mkDir', 'dl', 'dlDir', 'mv', 'mvDir', 'cphash', 'allocate', 'upload']);

describe('a day without network', () => {
  it('with 10,000 changes is pushed in the order they need, coalesced', async (context) => {
    const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
    const clock = new TestClock();
    /** What the tree is to hold, by path below `top`. */
    const wanted = new Map<string, string>();
    for (let i = 0; i < started; i += 1) {
      wanted.set(`old/${i}.txt`, `old ${i}`);
      await emulator.put(`${top}/old/${i}.txt`, `old ${i}`);
    }
    const world = await openSessionWorld(emulator, { clock, settleMs: 2_000, random: () => 0.5 });
    try {
      await world.session().vfs.readdir(await world.find(`${top}/old`));
      await emulator.outage(true);
      let changes = 0;
      const each = async (count: number, work: (index: number) => Promise<void>) => {
        for (let at = 0; at < count; at += 50) {
          await Promise.all(Array.from({ length: Math.min(50, count - at) }, (_, index) => work(at + index)));
        }
      };
      const save = async (path: string, text: string) => {
        changes += 1;
        await world.save(`${top}/${path}`, text);
        wanted.set(path, text);
      };
      const move = async (from: string, to: string) => {
        changes += 1;
        await world.rename(`${top}/${from}`, `${top}/${to}`);
        wanted.set(to, wanted.get(from) as string);
        wanted.delete(from);
      };
      const remove = async (path: string) => {
        changes += 1;
        await world.unlink(`${top}/${path}`);
        wanted.delete(path);
      };
      for (let hour = 0; hour < hours; hour += 1) {
        const folder = `hour ${hour}`;
        changes += 2;
        await world.mkdir(`${top}/${folder}`);
        await world.mkdir(`${top}/${folder}/deep`);
        await each(60, (i) => save(`${folder}/new ${i}.txt`, `new ${hour} ${i}`));
        for (let round = 0; round < 5; round += 1)
          await each(20, (i) => save(`old/${i}.txt`, `edit ${hour} ${round} ${i}`));
        await each(60, async (i) => {
          await save(`old/.${i + 20}.saving`, `saved ${hour} ${i}`);
          await move(`old/.${i + 20}.saving`, `old/${i + 20}.txt`);
        });
        await each(40, (i) => move(`${folder}/new ${i}.txt`, `${folder}/deep/moved ${i}.txt`));
        await each(50, async (i) => {
          await save(`${folder}/passing ${i}.txt`, `passing ${hour} ${i}`);
          await remove(`${folder}/passing ${i}.txt`);
        });
        await each(4, (i) => remove(`old/${100 + hour * 4 + i}.txt`));
        // A folder made an hour ago goes elsewhere, with all that is in it.
        if (hour > 0) {
          changes += 1;
          await world.rename(`${top}/hour ${hour - 1}/deep`, `${top}/${folder}/deep of ${hour - 1}`);
          for (const [path, text] of [...wanted]) {
            if (!path.startsWith(`hour ${hour - 1}/deep/`)) continue;
            wanted.delete(path);
            wanted.set(path.replace(`hour ${hour - 1}/deep/`, `${folder}/deep of ${hour - 1}/`), text);
          }
        }
        clock.advance(hourMs);
      }
      assert.ok(changes >= 10_000, `${changes} changes`);
      const { pending, failed } = world.session().nodes.countPending();
      assert.equal(failed, 0);
      emulator.resetStats();
      await emulator.outage(false);
      const { nodes } = world.session();
      await world.until(
        'all is pushed',
        () => nodes.countPending().pending === 0 && world.session().link.health === 'ok',
      );

      const files = Object.entries(await showServer(emulator, top)).filter(([path]) => !path.endsWith('/'));
      assert.deepEqual(new Map(files.sort()), new Map([...wanted].sort()));
      // The creates that run first, side by side, each ask whether the service refuses a taken name: its yes is a refusal.
      const refused = emulator
        .requests()
        .filter(({ kind, status = 0 }) => changing.has(kind) && status >= 400)
        .map(({ kind, status }) => `${kind} ${status}`);
      assert.ok(refused.length <= writebackLimits.parallelPushes, refused.join());
      assert.deepEqual([...new Set(refused)], ['allocate 409']);
      const { requests, mutating } = emulator.stats();
      const heapMb = Math.round(process.memoryUsage().heapUsed / 1024 ** 2);
      context.diagnostic(
        `${changes} changes, ${pending} pending, ${mutating} changing requests, ${JSON.stringify(requests)}, heap ${heapMb} MB`,
      );
      assert.ok(mutating <= pending * 2 + 10, `${mutating} requests for ${pending} pending nodes`);
      assert.ok(mutating < changes / 2, `${mutating} requests for ${changes} changes`);
      assert.ok(heapMb < 500, `${heapMb} MB`);
    } finally {
      await world.close();
      await emulator.close();
    }
  });
});
