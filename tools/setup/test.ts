import { findUnproven, proofs } from '../../test/semantics/proofs.ts';
import { runSuite, type SuiteResult } from './runSuite.ts';
import { chooseSuites, type Suite } from './suites.ts';
import { TestRun } from './testRun.ts';

// `npm test [suite…]`: every check there is, or the named ones. Ends with `N passed, N failed`, alone on its line.

/** Lines that a suite's end says again at the end of all. */
const shownFailures = 12;

const runs = new Set<TestRun>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(
    signal,
    () => void Promise.allSettled([...runs].map((run) => run.abort())).then(() => process.exit(130)),
  );
}

const names = process.argv.slice(2);
const results: SuiteResult[] = [];
for (const stage of chooseSuites(names)) {
  const isAlone = stage.length === 1;
  results.push(...(await Promise.all(stage.map((suite) => runAlone(suite, isAlone ? '' : `${suite.name} │ `)))));
}
// Only all suites together prove all of it, and those of Linux only there.
if (names.length === 0 && process.platform === 'linux') results.push(checkProofs(results));

const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
console.log();
for (const result of results) {
  const verdict = result.failed === 0 ? 'ok  ' : 'FAIL';
  const counts = `${result.passed} passed, ${result.failed} failed`;
  console.log(`  ${verdict} ${result.name.padEnd(10)} ${counts.padEnd(24)} ${result.seconds.toFixed(1)} s`);
  for (const line of result.failures.slice(0, shownFailures)) console.log(`       ${line}`);
  const hidden = result.failures.length - shownFailures;
  if (hidden > 0) console.log(`       … and ${hidden} more`);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** In a run of its own, so that what another suite runs is not taken for what this one left behind. */
async function runAlone(suite: Suite, label: string): Promise<SuiteResult> {
  const run = await TestRun.start(suite.inMemory);
  runs.add(run);
  try {
    return await runSuite(suite, run, label);
  } finally {
    runs.delete(run);
    await run.dispose();
  }
}

/** As one more suite: what SEMANTICS.md says is proven by tests that ran and passed. */
function checkProofs(suites: readonly SuiteResult[]): SuiteResult {
  const unproven = findUnproven(proofs, new Set(suites.flatMap((suite) => suite.passedTitles)));
  const passed = unproven.length === 0 ? 1 : 0;
  return { name: 'semantics', passed, failed: unproven.length, failures: unproven, passedTitles: [], seconds: 0 };
}
