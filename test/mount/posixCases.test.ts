import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FileSystemDriver } from '../posix/driver.ts';
import { testCases } from '../posix/suite.ts';
import { createSyscallDriver } from '../posix/syscalls.ts';
import { startTestDrive, type TestDrive } from '../support/mountedDrive.ts';

describe('programs on the mount see what they see in a local folder', () => {
  let drive: TestDrive;
  let local: FileSystemDriver;
  let mounted: FileSystemDriver;
  const plain = mkdtempSync(join(tmpdir(), 'posix-plain-'));

  before(async () => {
    drive = await startTestDrive();
    await drive.mount();
    local = createSyscallDriver({ root: () => plain });
    mounted = createSyscallDriver({ root: () => drive.mountPoint, remount: drive.restart, settle: drive.settle });
  });
  after(async () => {
    await local.close();
    await mounted.close();
    await drive.close();
    rmSync(plain, { recursive: true, force: true });
  });

  testCases({ local: () => local, volume: () => mounted }, () => true);

  it('nothing of all this was an error to the drive', () => {
    assert.deepEqual(drive.complaints, []);
  });
});
