import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { openBesideLocal } from '../posix/besideLocal.ts';
import { type FileSystemDriver, performOnce } from '../posix/driver.ts';
import { makeTargets, testFlags, testReadOnlyFlags } from '../posix/flagSuite.ts';
import { createSyscallDriver } from '../posix/syscalls.ts';

describe('the open flags on the mount', () => {
  const { drive, local, volume } = openBesideLocal();

  testFlags({ local, volume });

  describe('of a read-only volume', () => {
    let readOnly: FileSystemDriver;
    before(async () => {
      readOnly = createSyscallDriver({ root: () => drive().mountPoint, shared: true });
      const results = await performOnce(readOnly, makeTargets);
      assert.deepEqual(
        results.filter((result) => 'error' in result),
        [],
      );
      await drive().unmount();
      await drive().mount({ readOnly: true });
    });
    after(() => readOnly.close());

    testReadOnlyFlags(local, () => readOnly);
  });
});
