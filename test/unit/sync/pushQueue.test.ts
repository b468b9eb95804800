import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Push } from '../../../src/sync/plan/planner.ts';
import { type Lane, laneOf, PushQueue, type Width } from '../../../src/sync/push/pushQueue.ts';

const large = (ino: number): Push => ({ kind: 'upload', ino });
const medium = (ino: number): Push => ({ kind: 'moveFile', ino });
const quick = (ino: number): Push => ({ kind: 'setTimes', ino });
const lanes: Readonly<Record<string, Lane>> = { upload: 'large', moveFile: 'medium' };
const toLane = ({ kind }: Push): Lane => lanes[kind] ?? 'quick';
const none = { quick: 0, medium: 0, large: 0 };
const six: Width = { transfers: 6, all: 6 };

/** Takes what may start beside what runs, as long as something may. */
function takeAll(queue: PushQueue, running: Record<Lane, number>, width: Width): number[] {
  const taken: number[] = [];
  for (let push = queue.take(running, width); push !== undefined; push = queue.take(running, width)) {
    running[toLane(push)] += 1;
    taken.push(push.ino);
  }
  return taken;
}

describe('the queue of pushes', () => {
  it('leaves room for others while large files wait, and keeps the order within each', () => {
    const queue = new PushQueue(toLane);
    queue.add([1, 2, 3, 4, 5, 6, 7].map(large));
    const running = { ...none };
    assert.deepEqual(takeAll(queue, running, six), [1, 2, 3, 4]);
    assert.equal(queue.canTake(running, six), false);
    queue.add([11, 12, 13].map(medium));
    assert.equal(queue.canTake(running, six), true);
    assert.deepEqual(takeAll(queue, running, six), [11, 12]);
  });

  it('leaves one place to a large file that waits, however many others there are', () => {
    const queue = new PushQueue(toLane);
    const three = { transfers: 3, all: 3 };
    queue.add([1, 2, 3, 4, 5, 6].map(medium));
    assert.deepEqual(takeAll(queue, { ...none }, three), [1, 2, 3]);
    queue.add([21].map(large));
    assert.equal(queue.take({ ...none, medium: 2 }, three)?.ino, 21);
    assert.equal(queue.take({ ...none, large: 1, medium: 2 }, three), undefined);
    assert.equal(queue.take({ ...none, large: 1, medium: 1 }, three)?.ino, 4);
  });

  it('lets quick ones be more than transfers, and neither keeps the other waiting', () => {
    const queue = new PushQueue(toLane);
    queue.add([...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(quick), ...[31, 32, 33, 34, 35].map(medium)]);
    const running = { ...none };
    takeAll(queue, running, { transfers: 4, all: 12 });
    assert.deepEqual(running, { quick: 9, medium: 3, large: 0 });
    const alone = new PushQueue(toLane);
    alone.add([1, 2, 3, 4, 5, 6].map(quick));
    assert.equal(takeAll(alone, { ...none }, { transfers: 2, all: 5 }).length, 5);
  });

  it('lets all take turns where one may run', () => {
    const queue = new PushQueue(toLane);
    queue.add([...[1, 2].map(quick), ...[21, 22].map(large), ...[31, 32].map(medium)]);
    const order = [1, 2, 3, 4, 5, 6].map(() => queue.take(none, { transfers: 1, all: 1 })?.ino);
    assert.deepEqual(order, [1, 31, 21, 2, 32, 22]);
  });

  it('takes changes without content and small files for quick', () => {
    assert.deepEqual([laneOf('moveFile', 1e9), laneOf('upload', 4096)], ['quick', 'quick']);
    assert.deepEqual([laneOf('upload', 1024 ** 2), laneOf('upload', 1024 ** 3)], ['medium', 'large']);
  });
});
