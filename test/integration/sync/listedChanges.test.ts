import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import type { RequestKind } from '../../emulator/stats.ts';
import { openSessionWorld, type SessionWorld, showServer } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive/top';

describe('what is listed from the server', () => {
  let emulator: Emulator;
  let world: SessionWorld;
  const refuse = (kind: RequestKind) =>
    emulator.setFaults([{ match: { kind }, action: { type: 'status', status: 403 } }]);
  before(async () => {
    emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
  });
  after(() => emulator.close());
  beforeEach(async () => {
    emulator.mkdir(top);
    world = await openSessionWorld(emulator, { random: () => 1, settleMs: 20 });
  });
  afterEach(async () => {
    emulator.setFaults([]);
    await world.close();
    emulator.remove(top);
  });

  it('lets a change go on that waited for it, though nobody does anything here', async () => {
    await emulator.put(`${top}/g/inner.txt`, 'theirs');
    await world.readText(`${top}/g/inner.txt`);
    refuse('mvDir');
    await world.rename(`${top}/g`, `${top}/h`);
    await world.until('it is refused', () => world.session().nodes.getFailed().length === 1);
    await world.save(`${top}/g`, 'waits for the name');
    // Until the plan that finds it waiting is made: nothing tells of that.
    await delay(300);
    emulator.remove(`${top}/g`);
    await world.poll();
    await world.until('it is up', () =>
      emulator.tree().some(({ path, kind }) => path === `${top}/g` && kind === 'file'),
    );
  });

  it('ends the refusal of a move whose old folder went: the file is uploaded anew', async () => {
    await emulator.put(`${top}/f/a`, 'one');
    await emulator.put(`${top}/g/z`, 'z');
    for (const path of ['f/a', 'g/z']) await world.readText(`${top}/${path}`);
    refuse('mv');
    await world.rename(`${top}/f/a`, `${top}/g/a`);
    await world.drain();
    emulator.remove(`${top}/f`);
    await world.poll();
    await world.drain();
    assert.deepEqual(await showServer(emulator, top), { 'g/': '', 'g/a': 'one', 'g/z': 'z' });
  });

  it('before a removal is not trusted by that removal after a restart', async () => {
    await emulator.put(`${top}/a.txt`, 'one');
    await world.readText(`${top}/a.txt`);
    await emulator.put(`${top}/a.txt`, 'edited elsewhere');
    await world.unlink(`${top}/a.txt`);
    await world.restart();
    await world.drain();
    assert.deepEqual(await showServer(emulator, top), { 'a.txt': 'edited elsewhere' });
  });

  it('gives a conflicted copy a name that is short enough, whatever dots are in the name', async () => {
    const name = `1. ${'a long title '.repeat(18)}`.trim();
    await emulator.put(`${top}/${name}`, 'one');
    await world.readText(`${top}/${name}`);
    await world.save(`${top}/${name}`, 'ours');
    await emulator.put(`${top}/${name}`, 'theirs!');
    await world.drain();
    const shown = await showServer(emulator, top);
    assert.deepEqual(Object.values(shown).sort(), ['ours', 'theirs!']);
    assert.ok(Object.keys(shown).every((each) => each.length <= 255));
  });
});
