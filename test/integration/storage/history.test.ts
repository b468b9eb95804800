import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLog } from '../../../src/base/log.ts';
import { History } from '../../../src/store/history.ts';
import { openDatabase } from '../../../src/store/schema.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld } from '../../support/sessionWorld.ts';

describe('the history of transfers', () => {
  it('keeps the newest thousand', () => {
    const db = openDatabase(':memory:');
    const history = new History(db, createLog(assert.fail));
    for (let at = 1; at <= 1_500; at += 1) {
      history.add({ at, kind: 'upload', path: `/Jotta/Archive/${at}`, bytes: at, ms: 1, outcome: 'done' });
    }
    const all = history.list(10_000);
    assert.equal(all.length, 1_000);
    assert.equal(all[0]?.at, 1_500);
    assert.equal(all.at(-1)?.at, 501);
    assert.deepEqual(
      history.list(2).map(({ at }) => at),
      [1_500, 1_499],
    );
    db.close();
  });

  it('does without an entry that a full disk does not take', () => {
    const db = openDatabase(':memory:');
    const lines: string[] = [];
    const history = new History(
      db,
      createLog((line) => lines.push(line)),
    );
    const path = `/Jotta/Archive/${'a'.repeat(10_000)}`;
    const entry = { at: 1, kind: 'upload', path, bytes: 1, ms: 1, outcome: 'done' };
    history.add(entry);
    db.exec('PRAGMA max_page_count = 1');
    history.add(entry);
    assert.equal(history.list(10).length, 1);
    assert.match(lines.join(''), /^\S+ INFO the history of transfers takes nothing now error=.*full/);
    db.close();
  });

  it('tells what became of changes over a restart, without tokens, and not every try without network', async () => {
    const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
    const world = await openSessionWorld(emulator);
    try {
      await world.save('/Jotta/Archive/a.txt', 'a');
      await world.drain();
      await emulator.outage(true);
      await world.save('/Jotta/Archive/b.txt', 'b');
      await assert.rejects(world.drain(), { kind: 'offline' });
      await emulator.outage(false);
      await world.restart();
      const told = world.session().history.list(100);
      assert.deepEqual(
        told.map(({ kind, path, outcome }) => [kind, path, outcome]),
        [['upload', '/Jotta/Archive/a.txt', 'done']],
      );
      const text = JSON.stringify(told);
      const secrets = emulator.requests().map(({ headers }) => headers.authorization?.replace('Bearer ', ''));
      for (const secret of secrets) if (secret !== undefined) assert.equal(text.includes(secret), false);
    } finally {
      await world.close();
      await emulator.close();
    }
  });
});
