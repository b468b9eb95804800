import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getQuarantineCommand } from '../../../src/extension/drive/runtime.ts';

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
});
