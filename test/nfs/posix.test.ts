import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startTestDrive, type TestDrive } from '../posix/drive.ts';
import type { FileSystemDriver } from '../posix/driver.ts';
import { testFlags } from '../posix/flagSuite.ts';
import { isForNfs, nfsDifferences } from '../posix/nfsDifferences.ts';
import { testCases } from '../posix/suite.ts';
import { createSyscallDriver } from '../posix/syscalls.ts';
import { workerCommand } from './vm/initramfs.ts';
import { type Machine, startMachine } from './vm/machine.ts';

describe('the NFS client of Linux', () => {
  let machine: Machine;
  before(async () => {
    machine = await startMachine();
  });
  after(() => machine.close());

  describe('shows programs what they see in a local folder', () => {
    let drive: TestDrive;
    let local: FileSystemDriver;
    let mounted: FileSystemDriver;
    const folder = '/mnt/cases';
    const plain = mkdtempSync(path.join(tmpdir(), 'posix-plain-'));

    before(async () => {
      drive = await startTestDrive();
      await machine.mount(await drive.serve(), folder);
      local = createSyscallDriver({ root: () => plain });
      mounted = createSyscallDriver({
        root: () => folder,
        remount: async () => {
          await machine.unmount(folder);
          await drive.restart();
          await machine.mount(await drive.serve(), folder);
        },
        settle: drive.settle,
        startWorker: () => machine.start(workerCommand),
      });
    });
    after(async () => {
      await local.close();
      await mounted.close();
      await machine.unmount(folder);
      await drive.close();
      rmSync(plain, { recursive: true, force: true });
    });

    testCases({ local: () => local, volume: () => mounted, ownDifferences: nfsDifferences }, isForNfs);
    describe('open flags', () => testFlags({ local: () => local, volume: () => mounted }));

    it('nothing of all this was an error to the drive', () => {
      assert.deepEqual(drive.complaints, []);
    });
  });
});
