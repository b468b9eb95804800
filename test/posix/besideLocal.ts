import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { startTestDrive, type TestDrive, type TestDriveOptions } from '../support/mountedDrive.ts';
import type { PosixCase } from './cases/case.ts';
import type { Differences } from './differences.ts';
import type { FileSystemDriver } from './driver.ts';
import { testCases } from './suite.ts';
import { createSyscallDriver } from './syscalls.ts';
import { createVfsDriver } from './vfs/vfsDriver.ts';

/** What a suite works with; there while its tests run. */
export interface BesideLocal {
  readonly drive: () => TestDrive;
  readonly local: () => FileSystemDriver;
  readonly volume: () => FileSystemDriver;
}

/** For the `describe` that this is called in: programs on a mount, and programs in a local folder. */
export function openBesideLocal(options: TestDriveOptions = {}): BesideLocal {
  return openBoth(options, async (drive) => {
    await drive.mount();
    return createSyscallDriver({ root: () => drive.mountPoint, remount: drive.restart, settle: drive.settle });
  });
}

/** The same for the VFS object, without a mount. */
export function openVfsBesideLocal(): BesideLocal {
  return openBoth({}, async (drive) => createVfsDriver(drive));
}

function openBoth(options: TestDriveOptions, openVolume: (drive: TestDrive) => Promise<FileSystemDriver>): BesideLocal {
  let drive: TestDrive;
  let local: FileSystemDriver;
  let volume: FileSystemDriver;
  const plain = realpathSync(mkdtempSync(join(tmpdir(), 'posix-plain-')));

  before(async () => {
    drive = await startTestDrive(options);
    volume = await openVolume(drive);
    local = createSyscallDriver({ root: () => plain });
  });
  after(async () => {
    await local.close();
    await volume.close();
    await drive.close();
    rmSync(plain, { recursive: true, force: true });
  });
  return { drive: () => drive, local: () => local, volume: () => volume };
}

/** All cases, beside a local folder. `getGap`: why a case is none for this mount. */
export function testCasesBesideLocal(
  options: TestDriveOptions,
  ownDifferences: Differences = {},
  getGap: (each: PosixCase) => string | undefined = () => undefined,
): void {
  const { drive, local, volume } = openBesideLocal(options);
  testCases({ local, volume, ownDifferences }, () => true, getGap);

  it('nothing of all this was an error to the drive', () => {
    assert.deepEqual(drive().complaints, []);
  });
}
