import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Push } from '../../../src/sync/plan/planner.ts';
import { type Lane, PushQueue } from '../../../src/sync/push/pushQueue.ts';

const large = (ino: number): Push => ({ kind: 'upload', ino });
const small = (ino: number): Push => ({ kind: 'setTimes', ino });
const laneOf = ({ kind }: Push): Lane => (kind === 'upload' ? 'large' : 'small');

/** Takes what may start beside what runs, as long as something may. */
function takeAll(queue: PushQueue, running: Record<Lane, number>, limit: number): number[] {
  const taken: number[] = [];
  for (let push = queue.take(running, limit); push !== undefined; push = queue.take(running, limit)) {
    running[laneOf(push)] += 1;
    taken.push(push.ino);
  }
  return taken;
}

describe('the queue of pushes', () => {
  it('leaves room for small ones while large files wait, and keeps the order within each', () => {
    const queue = new PushQueue(laneOf);
    queue.add([1, 2, 3, 4, 5, 6, 7].map(large));
    const running = { large: 0, small: 0 };
    assert.deepEqual(takeAll(queue, running, 6), [1, 2, 3, 4]);
    assert.equal(queue.canTake(running, 6), false);
    queue.add([11, 12, 13].map(small));
    assert.equal(queue.canTake(running, 6), true);
    assert.deepEqual(takeAll(queue, running, 6), [11, 12]);
  });

  it('leaves one to a large file that waits, however many small ones there are', () => {
    const queue = new PushQueue(laneOf);
    const running = { large: 0, small: 0 };
    queue.add([1, 2, 3, 4, 5, 6].map(small));
    assert.deepEqual(takeAll(queue, { ...running }, 3), [1, 2, 3]);
    queue.add([21].map(large));
    assert.equal(queue.take({ large: 0, small: 2 }, 3)?.ino, 21);
    assert.equal(queue.take({ large: 1, small: 2 }, 3), undefined);
    assert.equal(queue.take({ large: 1, small: 1 }, 3)?.ino, 4);
  });

  it('lets both take turns where one may run', () => {
    const queue = new PushQueue(laneOf);
    queue.add([...[1, 2].map(small), ...[21, 22].map(large)]);
    const order = [1, 2, 3, 4].map(() => queue.take({ large: 0, small: 0 }, 1)?.ino);
    assert.deepEqual(order, [1, 21, 2, 22]);
  });
});
