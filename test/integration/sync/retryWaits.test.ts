import assert from 'node:assert/strict';
import { it } from 'node:test';
import { withWorld } from '../../support/sessionWorld.ts';
import { TestClock } from '../../support/testClock.ts';

const top = '/Jotta/Archive';

it('an upload host that cannot be reached is tried with growing waits, though the rest of the service answers', async () => {
  const clock = new TestClock();
  await withWorld({}, { clock, settleMs: 0 }, async (world, emulator) => {
    await world.session().vfs.readdir(await world.find(top));
    emulator.setFaults([{ match: { kind: 'upload' }, action: { type: 'reset' } }]);
    const begun = clock.now();
    for (let n = 0; n < 10; n += 1) await world.save(`${top}/${n}.txt`, `content ${n}`);
    await world.until('ten minutes have passed', () => clock.now() - begun > 600_000);
    // One probe at a time, 1 to 30 s apart: some 25 in ten minutes.
    assert.ok((emulator.faults()[0]?.hits.length ?? 0) < 100, `${emulator.faults()[0]?.hits.length} uploads`);
  });
});

it('one folder whose listing is always cut is asked for a few times in one poll, not once for each other folder', () =>
  withWorld({}, {}, async (world, emulator) => {
    for (let n = 0; n < 60; n += 1) await emulator.put(`${top}/ok ${n}/a.txt`, 'a');
    await emulator.put(`${top}/bad/a.txt`, 'a');
    for (let n = 0; n < 60; n += 1) await world.session().vfs.readdir(await world.find(`${top}/ok ${n}`));
    await world.session().vfs.readdir(await world.find(`${top}/bad`));
    emulator.setFaults([{ match: { kind: 'list', pathIncludes: 'Archive/bad' }, action: { type: 'reset' } }]);
    await world.poll();
    await world.session().folders.settled();
    const asked = emulator.faults()[0]?.hits.length ?? 0;
    assert.ok(asked <= 5, `${asked} times`);
  }));
