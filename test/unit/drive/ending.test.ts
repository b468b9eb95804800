import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { createLog } from '../../../src/base/log.ts';
import { Ending, patienceMs } from '../../../src/drive/lifecycle/ending.ts';

function createProcess() {
  const lines: string[] = [];
  const closed: boolean[] = [];
  const exits: number[] = [];
  const source = new EventEmitter();
  const work = Promise.withResolvers<void>();
  let now = 1_000;
  const ending = new Ending({
    close: (drain) => {
      closed.push(drain);
      return work.promise;
    },
    drainOnSignal: true,
    getLeft: () => ({ pendingChanges: 7 }),
    now: () => now,
    exit: (code) => void exits.push(code),
    log: createLog((line) => lines.push(line)),
  });
  ending.listenTo(source as unknown as NodeJS.Process);
  const wait = (ms: number) => {
    now += ms;
  };
  return { source, work, lines, closed, exits, wait };
}

describe('the end of a process', () => {
  it('is begun once by any number of signals within ten seconds, and comes when the work is done', async () => {
    const { source, work, closed, exits, wait } = createProcess();
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT', 'SIGHUP']) {
      source.emit(signal);
      wait(patienceMs / 4);
    }
    assert.deepEqual([closed, exits], [[true], []]);
    work.resolve();
    await work.promise;
    assert.deepEqual(exits, [0]);
  });

  it('comes at once with a signal later than that, and says what is left', () => {
    const { source, lines, exits, wait } = createProcess();
    source.emit('SIGTERM');
    source.emit('SIGTERM');
    wait(patienceMs + 1);
    assert.deepEqual(exits, []);
    source.emit('SIGTERM');
    assert.deepEqual(exits, [1]);
    assert.match(lines.at(-1) ?? '', /at once.*pendingChanges=7/);
  });

  for (const event of ['uncaughtException', 'unhandledRejection']) {
    it(`comes in order after an ${event}, without waiting for uploads, as a failure`, async () => {
      const { source, work, lines, closed, exits } = createProcess();
      source.emit(event, new Error('nobody caught this'));
      assert.deepEqual([closed, exits], [[false], []]);
      assert.match(lines[0] ?? '', /ERROR.*nobody caught this/);
      work.resolve();
      await work.promise;
      assert.deepEqual(exits, [1]);
    });
  }

  it('that fails is a failure', async () => {
    const { source, work, exits } = createProcess();
    source.emit('SIGTERM');
    work.reject(new Error('the disk is gone'));
    await new Promise(setImmediate);
    assert.deepEqual(exits, [1]);
  });
});
