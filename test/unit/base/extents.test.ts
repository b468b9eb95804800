import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  addExtent,
  clipExtents,
  type Extents,
  formatExtents,
  missingExtents,
  parseExtents,
} from '../../../src/base/extents.ts';

const space = 48;

/** Repeatable pseudo-random integers below `bound`. */
function randomFrom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

function toBytes(extents: Extents): Uint8Array {
  const bytes = new Uint8Array(space);
  for (const { start, end } of extents) bytes.fill(1, start, end);
  return bytes;
}

function assertCanonical(extents: Extents): void {
  extents.forEach(({ start, end }, index) => {
    assert.ok(start < end, 'no empty extent');
    assert.ok(index === 0 || start > (extents[index - 1]?.end ?? 0), 'sorted, disjoint, not touching');
  });
}

describe('extents', () => {
  it('agree with a byte array through random additions and cuts', () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = randomFrom(seed);
      let extents: Extents = [];
      const model = new Uint8Array(space);
      for (let step = 0; step < 60; step += 1) {
        const [start, end] = [random(space + 1), random(space + 1)];
        if (random(6) === 0) {
          extents = clipExtents(extents, start);
          model.fill(0, start);
        } else {
          extents = addExtent(extents, start, end);
          if (start < end) model.fill(1, start, end);
        }
        assertCanonical(extents);
        assert.deepEqual(toBytes(extents), model, `seed ${seed} step ${step}`);
        const [from, to] = [random(space + 1), random(space + 1)];
        const missing = missingExtents(extents, from, to);
        assertCanonical(missing);
        const expected = new Uint8Array(space);
        for (let at = from; at < to; at += 1) expected[at] = model[at] === 0 ? 1 : 0;
        assert.deepEqual(toBytes(missing), expected, `seed ${seed} step ${step}: missing ${from}..${to}`);
        assert.deepEqual(parseExtents(formatExtents(extents)), extents);
      }
    }
  });

  it('do not change the array they are given', () => {
    const given = Object.freeze([Object.freeze({ start: 0, end: 4 })]);
    assert.deepEqual(addExtent(given, 4, 8), [{ start: 0, end: 8 }]);
    assert.deepEqual(clipExtents(given, 2), [{ start: 0, end: 2 }]);
    assert.deepEqual(given, [{ start: 0, end: 4 }]);
  });

  it('are refused from disk when unsorted, overlapping, touching, empty or not numbers', () => {
    for (const text of ['[4,8,0,2]', '[0,4,2,6]', '[0,4,4,6]', '[3,3]', '[-1,2]', '[0]', '["0",2]', '{}', '[0,1.5]']) {
      assert.throws(() => parseExtents(text), /extents/, text);
    }
  });
});
