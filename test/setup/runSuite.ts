import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Counts } from './countReporter.ts';
import { endGroup, killGroup } from './processGroup.ts';
import { root } from './root.ts';
import { findFiles, type Suite } from './suites.ts';
import type { TestRun } from './testRun.ts';

export interface SuiteResult extends Counts {
  readonly name: string;
  readonly seconds: number;
  /** Failures that are no test's: a timeout, a crash, something left behind. Each is counted in `failed`. */
  readonly problems: readonly string[];
}

/** Runs one suite in its own process group, its output streamed through, and looks at what it leaves behind. */
export async function runSuite(suite: Suite, run: TestRun): Promise<SuiteResult> {
  console.log(`\n== ${suite.name} ==`);
  const files = suite.files === undefined ? [] : findFiles(suite.files);
  if (suite.files !== undefined && files.length === 0) return noTests(suite, suite.files);

  const startedAt = performance.now();
  const countsFile = path.join(run.dir, `${suite.name}.json`);
  await rm(countsFile, { force: true });
  const command = suite.command.flatMap((word) =>
    word === '{files}' ? files : [word.replace('{counts}', countsFile)],
  );
  const env = { ...process.env, ...run.env, JOTTACLOUD_TEST_COUNTS: countsFile };
  const outcome = await runGroup(command, { env, timeoutMs: suite.timeoutMs, run });
  const problems = await run.cleanUp();
  const seconds = (performance.now() - startedAt) / 1000;

  const counts =
    suite.result === 'one' ? { passed: outcome === 0 ? 1 : 0, failed: 0 } : await tryReadCounts(countsFile);
  if (counts === undefined) problems.unshift('the suite ended without telling its results');
  if (outcome === 'timeout') problems.unshift(`ended after ${suite.timeoutMs / 1000} s, its time limit`);
  else if (outcome !== 0 && (counts?.failed ?? 0) === 0) problems.unshift(`ended with ${outcome}`);
  return {
    name: suite.name,
    passed: counts?.passed ?? 0,
    failed: (counts?.failed ?? 0) + problems.length,
    seconds,
    problems,
  };
}

/** Fine while nobody has begun the folder; files in it of which none is a test are a mistake. */
function noTests(suite: Suite, pattern: string): SuiteResult {
  const hasFiles = findFiles(`${pattern.replace(/\/\*\*.*$/, '')}/**/*.*`).length > 0;
  const problems = hasFiles ? [`no test file matches ${pattern}`] : [];
  if (!hasFiles) console.log('no tests yet');
  return { name: suite.name, passed: 0, failed: problems.length, seconds: 0, problems };
}

async function tryReadCounts(file: string): Promise<Counts | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text === '') return undefined;
  const { passed, failed } = JSON.parse(text) as Partial<Counts>;
  return typeof passed === 'number' && typeof failed === 'number' ? { passed, failed } : undefined;
}

interface GroupOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly run: TestRun;
}

/** Resolves with the exit code, the signal, or `timeout`; afterwards nothing of the process group is left. */
async function runGroup(command: readonly string[], options: GroupOptions): Promise<number | string> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    cwd: root,
    env: options.env,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const { pid } = child;
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    if (pid !== undefined) void endGroup(pid);
  }, options.timeoutMs);
  options.run.group = pid;
  try {
    const outcome = await new Promise<number | string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 'nothing'));
    });
    return timedOut ? 'timeout' : outcome;
  } finally {
    clearTimeout(timer);
    options.run.group = undefined;
    if (pid !== undefined) killGroup(pid, 'SIGKILL');
  }
}
