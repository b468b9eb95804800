import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TransferSpeeds } from '../../../src/extension/views/transferSpeeds.ts';
import type { TransferState } from '../../../src/protocol/state.ts';

const at = (bytesDone: number, status: TransferState['status'] = 'running'): TransferState[] => {
  return [{ id: 'a', kind: 'upload', status, path: '/Jotta/Archive/a', bytesDone, bytesTotal: 10_000 }];
};

describe('the speed of a transfer', () => {
  it('is not known before a second has passed, then follows what came since', () => {
    const speeds = new TransferSpeeds();
    speeds.note(at(0), 0);
    speeds.note(at(400), 500);
    assert.equal(speeds.get('a'), undefined);
    speeds.note(at(1_000), 1_000);
    assert.equal(speeds.get('a'), 1_000);
    speeds.note(at(1_000), 2_000);
    assert.equal(speeds.get('a'), 600, 'a stop does not show at once');
  });

  it('is measured anew when the transfer begins anew, and forgotten when it waits', () => {
    const speeds = new TransferSpeeds();
    speeds.note(at(5_000), 0);
    speeds.note(at(6_000), 1_000);
    speeds.note(at(0), 2_000);
    assert.equal(speeds.get('a'), undefined);
    speeds.note(at(0, 'queued'), 3_000);
    assert.equal(speeds.get('a'), undefined);
  });
});
