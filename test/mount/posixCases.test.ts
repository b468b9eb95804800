import { describe } from 'node:test';
import { testCasesBesideLocal } from '../posix/besideLocal.ts';

describe('programs on the mount see what they see in a local folder', () => {
  testCasesBesideLocal({});
});
