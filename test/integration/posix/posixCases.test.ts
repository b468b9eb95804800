import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { bindingDifferences } from '../../posix/differences.ts';
import type { FileSystemDriver } from '../../posix/driver.ts';
import { testFlags } from '../../posix/flagSuite.ts';
import { testCases, testDifferences } from '../../posix/suite.ts';
import { createSyscallDriver } from '../../posix/syscalls.ts';
import { createVfsDriver } from '../../posix/vfs/vfsDriver.ts';
import { startTestDrive, type TestDrive } from '../../support/mountedDrive.ts';

describe('the VFS object answers what a local folder answers', () => {
  let drive: TestDrive;
  let local: FileSystemDriver;
  let vfs: FileSystemDriver;
  const plain = mkdtempSync(join(tmpdir(), 'posix-plain-'));

  before(async () => {
    drive = await startTestDrive();
    local = createSyscallDriver({ root: () => plain });
    vfs = createVfsDriver(drive);
  });
  after(async () => {
    await local.close();
    await vfs.close();
    await drive.close();
    rmSync(plain, { recursive: true, force: true });
  });

  testCases(
    { local: () => local, volume: () => vfs, ownDifferences: bindingDifferences },
    ({ needs }) => needs !== 'kernel',
  );
  describe('open flags', () => testFlags({ local: () => local, volume: () => vfs }));
});

describe('the table of differences', () => testDifferences());
