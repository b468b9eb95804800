import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getQuarantineCommand, isMacTooOld } from '../../../src/extension/drive/runtime.ts';

describe('the runtime of the drive', () => {
  it('is freed of the mark of what was downloaded, with its native parts, on macOS', () => {
    assert.deepEqual(
      getQuarantineCommand('darwin', '/ext', () => true),
      ['/usr/bin/xattr', '-dr', 'com.apple.quarantine', '/ext/runtime', '/ext/dist/node_modules'],
    );
    assert.equal(
      getQuarantineCommand('darwin', '/ext', () => false),
      undefined,
      'nothing of ours is there',
    );
    assert.equal(
      getQuarantineCommand('linux', '/ext', () => true),
      undefined,
    );
  });

  it('is not started on a macOS that it was not made for', () => {
    assert.ok(isMacTooOld('21.6.0'), 'macOS 12');
    assert.ok(isMacTooOld('22.5.0'), 'macOS 13.4');
    assert.ok(!isMacTooOld('22.6.0'), 'macOS 13.5');
    assert.ok(!isMacTooOld('25.0.0'), 'macOS 26');
  });
});
