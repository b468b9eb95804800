import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FileSystemDriver } from '../../posix/driver.ts';
import { testFlags } from '../../posix/flagSuite.ts';
import { isForNfs, nfsDifferences } from '../../posix/nfsDifferences.ts';
import { testCases } from '../../posix/suite.ts';
import { createSyscallDriver } from '../../posix/syscalls.ts';
import { startTestDrive, type TestDrive } from '../../support/mountedDrive.ts';
import type { Machine } from '../vm/machine.ts';
import { mountDrive } from '../vm/place.ts';

export function testPosixCases(machine: () => Machine): void {
  describe('shows programs what they see in a local folder', { concurrency: 1 }, () => {
    let drive: TestDrive;
    let local: FileSystemDriver;
    let mounted: FileSystemDriver;
    const folder = '/mnt/cases';
    const plain = mkdtempSync(path.join(tmpdir(), 'posix-plain-'));

    before(async () => {
      drive = await startTestDrive();
      local = createSyscallDriver({ root: () => plain });
      mounted = createSyscallDriver(await mountDrive(machine(), drive, folder));
    });
    after(async () => {
      await local.close();
      await mounted.close();
      await machine().unmount(folder);
      await drive.close();
      rmSync(plain, { recursive: true, force: true });
    });

    testCases({ local: () => local, volume: () => mounted, ownDifferences: nfsDifferences }, isForNfs);
    describe('open flags', () => testFlags({ local: () => local, volume: () => mounted }));

    it('nothing of all this was an error to the drive', () => {
      assert.deepEqual(drive.complaints, []);
    });
  });
}
