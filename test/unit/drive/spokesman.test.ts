import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Spokesman } from '../../../src/drive/windows/spokesman.ts';

function createSpokesman() {
  const told: string[] = [];
  const spokesman = new Spokesman<string>((window, is) => told.push(`${window} ${is}`));
  return { told, spokesman };
}

describe('the window that speaks to the person', () => {
  it('is the first one, whether it is looked at or not', () => {
    const { told, spokesman } = createSpokesman();
    spokesman.add('a', false);
    spokesman.add('b', false);
    assert.equal(spokesman.current, 'a');
    assert.deepEqual(told, ['a true']);
  });

  it('is the one looked at last, and the one before hears of it', () => {
    const { told, spokesman } = createSpokesman();
    spokesman.add('a', true);
    spokesman.add('b', true);
    spokesman.focus('a');
    spokesman.focus('a');
    assert.deepEqual(told, ['a true', 'a false', 'b true', 'b false', 'a true']);
  });

  it('is handed to the one looked at before when it closes', () => {
    const { told, spokesman } = createSpokesman();
    for (const window of ['a', 'b', 'c']) spokesman.add(window, true);
    spokesman.focus('a');
    told.length = 0;
    spokesman.remove('a');
    spokesman.remove('b');
    assert.deepEqual(told, ['c true']);
    spokesman.remove('c');
    assert.equal(spokesman.current, undefined);
  });

  it('is never one that has not greeted or has left', () => {
    const { told, spokesman } = createSpokesman();
    spokesman.focus('stranger');
    assert.equal(spokesman.current, undefined);
    assert.deepEqual(told, []);
  });
});
