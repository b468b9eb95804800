import { describe } from 'node:test';
import { openVfsBesideLocal } from '../../posix/besideLocal.ts';
import { bindingDifferences } from '../../posix/differences.ts';
import { testFlags } from '../../posix/flagSuite.ts';
import { testCases, testDifferences } from '../../posix/suite.ts';

describe('the VFS object answers what a local folder answers', () => {
  const { local, volume } = openVfsBesideLocal();
  testCases({ local, volume, ownDifferences: bindingDifferences }, ({ needs }) => needs !== 'kernel');
  describe('open flags', () => testFlags({ local, volume }));
});

describe('the table of differences', () => testDifferences());
