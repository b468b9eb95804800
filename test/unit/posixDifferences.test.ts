import { describe } from 'node:test';
import { testDifferences } from '../posix/suite.ts';

describe('the table of differences', () => {
  testDifferences();
});
