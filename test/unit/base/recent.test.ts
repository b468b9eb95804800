import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Recent } from '../../../src/base/recent.ts';

describe('a map of what was used last', () => {
  const fill = (count: number, most: number): Recent<number, string> => {
    const recent = new Recent<number, string>(most);
    for (let key = 0; key < count; key += 1) recent.set(key, `${key}`);
    return recent;
  };
  const kept = (recent: Recent<number, string>, count: number) =>
    Array.from({ length: count }, (_, key) => key).filter((key) => recent.has(key));

  it('keeps the newer half at least, and never more than its number', () => {
    for (const count of [9, 10, 11, 14, 15, 16, 100]) {
      const left = kept(fill(count, 10), count);
      assert.ok(left.length >= 5 && left.length <= 10, `${count}: ${left}`);
      assert.deepEqual(
        left,
        Array.from({ length: left.length }, (_, at) => count - left.length + at),
      );
    }
  });

  it('keeps what is used again and again, and forgets what is not', () => {
    const recent = fill(0, 10);
    for (let key = 0; key < 100; key += 1) {
      recent.set(key, `${key}`);
      assert.equal(recent.get(0), '0');
    }
    assert.deepEqual(kept(recent, 90), [0]);
  });

  it('answers the last value, in whichever half the one before was, and nothing of what was deleted', () => {
    assert.equal(fill(0, 10).isEmpty, true);
    const recent = fill(7, 10);
    assert.equal(recent.isEmpty, false);
    recent.set(0, 'new');
    assert.equal(recent.get(0), 'new');
    recent.set(6, 'newer');
    assert.equal(recent.get(6), 'newer');
    for (const key of [0, 6]) {
      assert.equal(recent.delete(key), true);
      assert.equal(recent.get(key), undefined);
      assert.equal(recent.delete(key), false);
    }
    recent.clear();
    assert.deepEqual(kept(recent, 7), []);
    assert.equal(recent.isEmpty, true);
  });
});
