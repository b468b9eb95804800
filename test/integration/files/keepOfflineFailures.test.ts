import assert from 'node:assert/strict';
import { it } from 'node:test';
import { withWorld } from '../../support/sessionWorld.ts';
import { TestClock } from '../../support/testClock.ts';

const top = '/Jotta/Archive';

it('a folder kept offline that the server does not list does not keep the others from coming', async () => {
  const clock = new TestClock();
  await withWorld({}, { clock }, async (world, emulator) => {
    await emulator.put(`${top}/album/bad/x.jpg`, Buffer.alloc(10, 'x'));
    await emulator.put(`${top}/album/good.jpg`, Buffer.alloc(10, 'g'));
    emulator.setFaults([
      { match: { kind: 'list', pathIncludes: 'album/bad' }, action: { type: 'status', status: 500 } },
    ]);
    const { pins, keeper, reader, nodes } = world.session();
    pins.add(await world.find(`${top}/album`));
    const { md5, size } = nodes.get(await world.find(`${top}/album/good.jpg`)) as { md5: string; size: number };
    const begun = clock.now();
    keeper.nudge();
    await world.until('it is here', () => reader.isLocal({ md5, size }) || clock.now() - begun > 3_600_000);
    assert.ok(
      reader.isLocal({ md5, size }),
      `not here after an hour, ${emulator.faults()[0]?.hits.length} listings failed`,
    );
  });
});

it('content kept offline that stays wrong is not downloaded again and again', async () => {
  const clock = new TestClock();
  await withWorld({}, { clock }, async (world, emulator) => {
    await emulator.put(`${top}/large.bin`, Buffer.alloc(3_000_000, 'k'));
    emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'corrupt' } }]);
    const { pins, keeper } = world.session();
    pins.add(await world.find(`${top}/large.bin`));
    const begun = clock.now();
    keeper.nudge();
    await world.until('an hour has passed', () => clock.now() - begun > 3_600_000);
    const { bytesOut } = emulator.stats();
    assert.ok(bytesOut < 20 * 3_000_000, `${Math.round(bytesOut / 3_000_000)} times in an hour`);
  });
});

it('content kept offline that is nowhere any more does not have the whole mountpoint listed every 30 seconds', async () => {
  const clock = new TestClock();
  await withWorld({}, { clock }, async (world, emulator) => {
    await emulator.put(`${top}/d/file.bin`, Buffer.alloc(3000, 'k'));
    const { pins, keeper } = world.session();
    pins.add(await world.find(`${top}/d/file.bin`));
    emulator.remove(`${top}/d/file.bin`);
    emulator.emptyTrash();
    const begun = clock.now();
    keeper.nudge();
    await world.until('an hour has passed', () => clock.now() - begun > 3_600_000);
    assert.ok(
      (emulator.stats().requests.liststream ?? 0) < 12,
      `${emulator.stats().requests.liststream} times in an hour`,
    );
  });
});
