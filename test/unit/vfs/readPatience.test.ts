import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { vfsLimits } from '../../../src/vfs/limits.ts';
import { ReadPatience } from '../../../src/vfs/readPatience.ts';

const { readDeadlineMs, lastReadMs, askedAgainMs } = vfsLimits;

describe('the time a read may wait', () => {
  it('is not given a second time to what the kernel asks for again', () => {
    let now = 1_000;
    const patience = new ReadPatience(() => now);
    const begunAt = now;
    const first = patience.getWaitMs();
    now += first;
    patience.noteFailure(begunAt);
    now += 5;
    assert.equal(first + patience.getWaitMs(), readDeadlineMs);
  });

  it('goes on where the network has failed early', () => {
    let now = 0;
    const patience = new ReadPatience(() => now);
    now += 10_000;
    patience.noteFailure(0);
    assert.equal(patience.getWaitMs(), readDeadlineMs - 10_000);
  });

  it('is whole again for a program that tries later, and for one that tries all the time', () => {
    let now = 0;
    const patience = new ReadPatience(() => now);
    const whole = patience.getWaitMs();
    now = whole;
    patience.noteFailure(0);
    now += askedAgainMs + 1;
    assert.equal(patience.getWaitMs(), whole);
    now = 100_000;
    let waited = 0;
    for (let tries = 0; waited < whole && tries < 10; tries += 1) {
      const begunAt = now;
      const wait = patience.getWaitMs();
      now += wait;
      patience.noteFailure(begunAt);
      waited = tries === 0 ? lastReadMs : wait;
    }
    assert.equal(waited, whole);
  });
});
