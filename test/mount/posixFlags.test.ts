import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { type FileSystemDriver, performOnce } from '../posix/driver.ts';
import { makeTargets, testFlags, testReadOnlyFlags } from '../posix/flagSuite.ts';
import { createSyscallDriver } from '../posix/syscalls.ts';
import { startTestDrive, type TestDrive } from '../support/mountedDrive.ts';

describe('the open flags on the mount', () => {
  let drive: TestDrive;
  let local: FileSystemDriver;
  let mounted: FileSystemDriver;
  const plain = mkdtempSync(join(tmpdir(), 'posix-plain-'));

  before(async () => {
    drive = await startTestDrive();
    await drive.mount();
    local = createSyscallDriver({ root: () => plain });
    mounted = createSyscallDriver({ root: () => drive.mountPoint });
  });
  after(async () => {
    await local.close();
    await mounted.close();
    await drive.close();
    rmSync(plain, { recursive: true, force: true });
  });

  testFlags({ local: () => local, volume: () => mounted });

  describe('of a read-only volume', () => {
    let readOnly: FileSystemDriver;
    before(async () => {
      readOnly = createSyscallDriver({ root: () => drive.mountPoint, shared: true });
      const results = await performOnce(readOnly, makeTargets);
      assert.deepEqual(
        results.filter((result) => 'error' in result),
        [],
      );
      await drive.unmount();
      await drive.mount({ readOnly: true });
    });
    after(() => readOnly.close());

    testReadOnlyFlags(
      () => local,
      () => readOnly,
    );
  });
});
