import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { untilAborted } from '../../../src/base/abort.ts';

describe('untilAborted', () => {
  it('leaves no rejection unhandled when the signal has aborted before', async () => {
    const work = Promise.withResolvers<void>();
    await assert.rejects(untilAborted(work.promise, AbortSignal.abort(new Error('stopped'))), /stopped/);
    work.reject(new Error('nobody waits for this'));
    // An unhandled rejection would end the drive, and fails this test.
    await turn();
  });

  it('ends with the signal, and with the work if that comes first', async () => {
    const controller = new AbortController();
    const waiting = untilAborted(new Promise<void>(() => {}), controller.signal);
    controller.abort(new Error('stopped'));
    await assert.rejects(waiting, /stopped/);
    assert.equal(await untilAborted(Promise.resolve(1), new AbortController().signal), 1);
  });
});
