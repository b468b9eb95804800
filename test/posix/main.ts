import { describe } from 'node:test';
import { parseArgs } from 'node:util';
import type { DriverChoice } from '../../src/drive/volumeDrivers.ts';
import { testCasesBesideLocal } from './besideLocal.ts';
import type { PosixCase } from './cases/case.ts';
import { bindingDifferences } from './differences.ts';
import { macGaps } from './macGaps.ts';
import { nfsDifferences, nfsGaps } from './nfsDifferences.ts';

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
  testCasesBesideLocal({ driver }, ownDifferences, getGap);
});
