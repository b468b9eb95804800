import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FinishedPush } from '../../../src/sync/push/pushRunner.ts';
import { PushWidth } from '../../../src/sync/push/pushWidth.ts';

describe('how many pushes go side by side', () => {
  let now = 0;

  /** Rounds of as many quick pushes as may run at a time, all ending alike. */
  function run(width: PushWidth, rounds: number, took: number, outcome: FinishedPush['outcome'] = 'done'): number {
    for (let round = 0; round < rounds; round += 1) {
      const count = width.width.all;
      now += took;
      for (let left = count; left > 0; left -= 1) {
        width.note({ kind: 'upload', path: '/f', bytes: 4096, took, outcome }, count - 1);
      }
      now += 1;
    }
    return width.width.all;
  }

  const startWidth = (transfers: number) => {
    const width = new PushWidth(() => now);
    width.setTransfers(transfers);
    return width;
  };

  it('is four times as many quick ones as transfers where the server answers soon', () => {
    const width = startWidth(6);
    assert.equal(width.width.all, 6);
    assert.equal(run(width, 1, 80), 12);
    assert.equal(run(width, 3, 80), 24);
    assert.equal(width.width.transfers, 6);
  });

  it('stays as it is where fewer wait than may run', () => {
    const width = startWidth(6);
    for (let push = 0; push < 100; push += 1) {
      width.note({ kind: 'moveFile', path: '/f', bytes: 0, took: 40, outcome: 'done' }, 1);
    }
    assert.equal(width.width.all, 6);
  });

  it('goes back to the transfers when answers become slow, and grows by one a round from then on', () => {
    const width = startWidth(6);
    run(width, 3, 80);
    assert.equal(run(width, 1, 2_000), 18);
    assert.equal(run(width, 10, 2_000), 6);
    assert.equal(run(width, 1, 80), 6);
    assert.equal(run(width, 2, 80), 8);
  });

  it('halves with every round in which the server fails, down to one', () => {
    const width = startWidth(6);
    run(width, 3, 80);
    assert.equal(run(width, 1, 80, 'server'), 12);
    assert.equal(run(width, 10, 80, 'server'), 1);
    assert.ok(run(width, 30, 80) > 6);
  });

  it('adapts to a network that takes longer from now on', () => {
    const width = startWidth(6);
    run(width, 3, 80);
    run(width, 200, 700);
    assert.equal(width.width.all, 24);
  });

  it('does not take the time of a large file for a slow answer', () => {
    const width = startWidth(6);
    run(width, 3, 80);
    width.note({ kind: 'upload', path: '/f', bytes: 1024 ** 3, took: 60_000, outcome: 'done' }, 5);
    assert.equal(width.width.all, 24);
  });

  it('is one where a person wants one at a time', () => {
    assert.equal(run(startWidth(1), 20, 80), 1);
  });
});
