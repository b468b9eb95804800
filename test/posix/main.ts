import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseArgs } from 'node:util';
import type { DriverChoice } from '../../src/drive/volumeDrivers.ts';
import { startTestDrive, type TestDrive } from '../support/mountedDrive.ts';
import type { PosixCase } from './cases/case.ts';
import { bindingDifferences } from './differences.ts';
import type { FileSystemDriver } from './driver.ts';
import { macGaps } from './macGaps.ts';
import { nfsDifferences, nfsGaps } from './nfsDifferences.ts';
import { testCases } from './suite.ts';
import { createSyscallDriver } from './syscalls.ts';

// npm run posix -- [--driver fuse|nfs|binding]
//
// The cases of test/posix on a mount of this computer, beside a local folder of it. A case that is none for this computer or
// this driver is named with the reason. Ends with 0 when no other answers otherwise.

const onMac = process.platform === 'darwin';
const { values } = parseArgs({ options: { driver: { type: 'string', default: onMac ? 'nfs' : 'fuse' } } });
const driver = values.driver as DriverChoice;
const isNfs = driver === 'nfs';
const gaps = [...(isNfs ? nfsGaps : []), ...(onMac ? macGaps : [])];
const getGap = (each: PosixCase) => gaps.find(({ has }) => has(each))?.because;
const isBinding = driver === 'binding' || (onMac && !isNfs);
const ownDifferences = isNfs ? nfsDifferences : isBinding ? bindingDifferences : {};

describe(`a mount by ${driver} on ${process.platform} beside a local folder`, () => {
  let drive: TestDrive;
  let local: FileSystemDriver;
  let volume: FileSystemDriver;
  const plain = realpathSync(mkdtempSync(join(tmpdir(), 'posix-plain-')));

  before(async () => {
    drive = await startTestDrive({ driver });
    await drive.mount();
    local = createSyscallDriver({ root: () => plain });
    volume = createSyscallDriver({ root: () => drive.mountPoint, remount: drive.restart, settle: drive.settle });
  });
  after(async () => {
    await local.close();
    await volume.close();
    await drive.close();
    rmSync(plain, { recursive: true, force: true });
  });

  testCases({ local: () => local, volume: () => volume, ownDifferences }, () => true, getGap);

  it('nothing of all this was an error to the drive', () => {
    assert.deepEqual(drive.complaints, []);
  });
});
