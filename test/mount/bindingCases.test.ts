import { describe } from 'node:test';
import { testCasesBesideLocal } from '../posix/besideLocal.ts';
import { bindingDifferences } from '../posix/differences.ts';

describe('programs on a mount of the libfuse binding see what they see in a local folder', () => {
  testCasesBesideLocal({ driver: 'binding' }, bindingDifferences);
});
