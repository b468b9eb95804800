import assert from 'node:assert/strict';
import { it } from 'node:test';
import { transferStates } from '../../../src/drive/windows/transfers.ts';
import { withWorld } from '../../support/sessionWorld.ts';
import { until } from '../../support/until.ts';

const file = '/Jotta/Archive/film.mov';
const size = 1_000_000;

it('a large file that a program reads is shown as a transfer until it is there', async () => {
  await withWorld({}, {}, async (world, emulator) => {
    await emulator.put(file, Buffer.alloc(size, 7));
    const session = world.session();
    const told: number[] = [];
    session.reads.changed.on(() => told.push(transferStates(session).length));
    session.rates.download.setRate(300_000);
    const read = world.readText(file);
    const row = await until('a row', () => transferStates(session).find(({ bytesDone }) => bytesDone > 0));
    const { id, bytesDone, ...rest } = row;
    assert.ok(bytesDone <= size, id);
    assert.deepEqual(rest, { kind: 'download', status: 'running', path: file, bytesTotal: size });
    assert.equal((await read).length, size);
    await until('no row', () => transferStates(session).length === 0);
    assert.ok(told.includes(1) && told.at(-1) === 0, String(told));
  });
});

it('a small file that is read is not shown as a transfer', async () => {
  await withWorld({}, {}, async (world, emulator) => {
    await emulator.put(file, 'short');
    const session = world.session();
    assert.equal(await world.readText(file), 'short');
    assert.deepEqual(transferStates(session), []);
  });
});
