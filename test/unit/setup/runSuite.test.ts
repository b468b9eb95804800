import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { root } from '../../../tools/setup/root.ts';
import { runSuite } from '../../../tools/setup/runSuite.ts';
import type { Suite } from '../../../tools/setup/suites.ts';
import { TestRun } from '../../../tools/setup/testRun.ts';

let run: TestRun;
before(async () => {
  // A `node --test` of its own, not a part of this one.
  delete process.env.NODE_TEST_CONTEXT;
  run = await TestRun.start();
});
after(() => run.dispose());

it('a suite of tests says at its end which of them failed, and why, in a line each', async () => {
  const file = path.join(run.dir, 'three.test.mjs');
  const tests = `
    import assert from 'node:assert/strict';
    import { describe, it } from 'node:test';
    it('holds', () => {});
    describe('what is within', () => it('does not hold', () => assert.equal(1, 2)));
    it('throws text', () => { throw 'plain text'; });
    it('is left out', { skip: true }, () => {});
    it('is for later', { todo: true }, () => {});
    it('is for another computer', { skip: 'platform: another' }, () => {});`;
  await writeFile(file, tests);
  const reporter = path.join(root, 'tools/setup/countReporter.ts');
  const result = await runSuite(
    toSuite(['--test', `--test-reporter=${reporter}`, '--test-reporter-destination={counts}', file]),
    run,
  );
  assert.deepEqual([result.passed, result.failed], [1, 4]);
  assert.deepEqual(result.failures, [
    'does not hold: Expected values to be strictly equal: 1 !== 2',
    'throws text: plain text',
    'is left out: skipped or left as todo',
    'is for later: skipped or left as todo',
  ]);
  assert.deepEqual(result.passedTitles, ['holds']);
});

it('a suite that dies without its results says the end of what it printed', async () => {
  const script = 'for (let n = 0; n < 30; n += 1) console.log("line " + n); throw new Error("no way on")';
  const { passed, failed, failures } = await runSuite(toSuite(['--eval', script]), run);
  assert.deepEqual([passed, failed], [0, 2]);
  assert.deepEqual(failures.slice(0, 2), ['ended with 1', 'the suite ended without telling its results']);
  assert.ok(failures.some((line) => line.includes('no way on')));
  assert.ok(failures.length < 20);
});

it('a suite that goes well says nothing at its end, whatever it printed', async () => {
  const result = await runSuite({ ...toSuite(['--eval', 'console.log("all is well")']), result: 'one' }, run);
  assert.deepEqual([result.passed, result.failed, result.failures], [1, 0, []]);
});

it('a suite is not blamed for what a suite beside it still runs, and is for what it left itself', async () => {
  const beside = await TestRun.start();
  const patience = ['--eval', 'setTimeout(() => {}, 60_000)'];
  const other = spawn(process.execPath, patience, { env: { ...process.env, ...beside.env }, stdio: 'ignore' });
  await once(other, 'spawn');
  const result = await runSuite({ ...toSuite(['--eval', '']), result: 'one' }, run);
  assert.deepEqual(result.failures, []);
  assert.equal(other.exitCode, null);
  const [left = ''] = await beside.cleanUp(0);
  assert.ok(left.startsWith(`left a process behind: ${other.pid}`), left);
  await beside.dispose();
});

function toSuite(args: readonly string[]): Suite {
  return { name: 'tried', command: [process.execPath, ...args], timeoutMs: 60_000, result: 'counts' };
}
