import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { complain, readOutcomes } from '../../rclone/judge.ts';
import type { Excuse } from '../../rclone/suites.ts';

const output = `=== RUN   TestCopy
--- PASS: TestCopy (0.10s)
--- SKIP: TestRcCopy (0.00s)
--- FAIL: TestIntegration (1.00s)
    --- PASS: TestIntegration/FsName (0.00s)
    --- FAIL: TestIntegration/FsMkdir (0.90s)
        --- FAIL: TestIntegration/FsMkdir/FsEncoding (0.10s)
FAIL
`;

const skipped: Excuse = { tests: /^TestRc/, outcome: 'skipped', reason: 'local only' };

describe("the judge of rclone's suites", () => {
  it('counts each test once: what only holds others is not counted', () => {
    assert.deepEqual(
      [...readOutcomes(output)],
      [
        ['TestCopy', 'passed'],
        ['TestRcCopy', 'skipped'],
        ['TestIntegration/FsName', 'passed'],
        ['TestIntegration/FsMkdir/FsEncoding', 'failed'],
      ],
    );
  });

  it('counts a test that fails though all of its parts pass', () => {
    const outcomes = readOutcomes('--- FAIL: TestA (0.1s)\n    --- PASS: TestA/b (0.1s)\n');
    assert.equal(outcomes.get('TestA'), 'failed');
  });

  it('complains of what fails or is skipped without an excuse, and of excuses that nothing needs', () => {
    const found = readOutcomes(output);
    const failure: Excuse = { tests: /FsEncoding$/, outcome: 'failed', reason: 'as an example' };
    assert.deepEqual(complain(found, [skipped, failure]), []);
    assert.deepEqual(complain(found, [failure]), ['TestRcCopy was skipped']);
    assert.deepEqual(complain(found, [skipped]), ['TestIntegration/FsMkdir/FsEncoding has failed']);
    const needless: Excuse = { tests: /^TestCopy$/, outcome: 'failed', reason: 'as an example' };
    assert.deepEqual(complain(found, [skipped, failure, needless]), [
      'no test needs the excuse of /^TestCopy$/: as an example',
    ]);
  });
});
