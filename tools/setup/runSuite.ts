import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import type { Counts } from './countReporter.ts';
import { endGroup, killGroup } from './processGroup.ts';
import { root } from './root.ts';
import { findFiles, type Suite } from './suites.ts';
import type { TestRun } from './testRun.ts';

export interface SuiteResult extends Counts {
  readonly name: string;
  readonly seconds: number;
}

const nothingRan: Counts = { passed: 0, failed: 0, failures: [], passedTitles: [] };
/** Kept of what a suite prints. */
const tailBytes = 8_000;
const tailLines = 12;
/** Each test file is a process: what one has compiled, the next need not. */
const compileCache = path.join(root, 'node_modules/.cache/node');
/** From the end of a suite to the end of its output, which something left behind may hold open. ms. */
const outputEndMs = 1_000;

/**
 * Runs one suite in its own process group, its output streamed through, and looks at what it leaves behind. What is
 * no test's failure is counted in `failed` and said in `failures` too: a timeout, a crash, something left behind. `label` is
 * printed before each line, to tell it from those of suites that run meanwhile.
 */
export async function runSuite(suite: Suite, run: TestRun, label = ''): Promise<SuiteResult> {
  console.log(`\n== ${suite.name} ==`);
  const files = suite.files === undefined ? [] : findFiles(suite.files);
  if (suite.files !== undefined && files.length === 0) return noTests(suite, suite.files);

  const startedAt = performance.now();
  const countsFile = path.join(run.dir, `${suite.name}.json`);
  await rm(countsFile, { force: true });
  const command = suite.command.flatMap((word) =>
    word === '{files}' ? files : [word.replace('{counts}', countsFile)],
  );
  const env = {
    ...process.env,
    ...run.env,
    NODE_COMPILE_CACHE: compileCache,
    JOTTACLOUD_TEST_COUNTS: countsFile,
  };
  const { outcome, tail } = await runGroup(command, { env, timeoutMs: suite.timeoutMs, run, label });
  const problems = await run.cleanUp();
  const seconds = (performance.now() - startedAt) / 1000;

  const counts =
    suite.result === 'one' ? { ...nothingRan, passed: outcome === 0 ? 1 : 0 } : await tryReadCounts(countsFile);
  if (counts === undefined) problems.unshift('the suite ended without telling its results');
  if (outcome === 'timeout') problems.unshift(`ended after ${suite.timeoutMs / 1000} s, its time limit`);
  else if (outcome !== 0 && (counts?.failed ?? 0) === 0) problems.unshift(`ended with ${outcome}`);
  const { passed, failed, failures, passedTitles } = counts ?? nothingRan;
  const reasons = outcome !== 0 && failures.length === 0 ? tail : failures;
  const all = { failed: failed + problems.length, failures: [...problems, ...reasons] };
  return { name: suite.name, passed, passedTitles, seconds, ...all };
}

/** Fine while nobody has begun the folder; files in it of which none is a test are a mistake. */
function noTests(suite: Suite, pattern: string): SuiteResult {
  const hasFiles = findFiles(`${pattern.replace(/\/\*\*.*$/, '')}/**/*.*`).length > 0;
  const problems = hasFiles ? [`no test file matches ${pattern}`] : [];
  if (!hasFiles) console.log('no tests yet');
  return { ...nothingRan, name: suite.name, failed: problems.length, seconds: 0, failures: problems };
}

async function tryReadCounts(file: string): Promise<Counts | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text === '') return undefined;
  const { passed, failed, failures, passedTitles } = JSON.parse(text) as Partial<Counts>;
  const hasNumbers = typeof passed === 'number' && typeof failed === 'number';
  if (!hasNumbers || !Array.isArray(failures) || !Array.isArray(passedTitles)) return undefined;
  return { passed, failed, failures, passedTitles };
}

interface GroupOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly run: TestRun;
  readonly label: string;
}

interface GroupEnd {
  /** The exit code, the signal, or `timeout`. */
  readonly outcome: number | string;
  /** The last lines it printed. */
  readonly tail: readonly string[];
}

/** Afterwards nothing of the process group is left. */
async function runGroup(command: readonly string[], options: GroupOptions): Promise<GroupEnd> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    cwd: root,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const getTail = passOn(child, options.label);
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
    await Promise.race([closed, delay(outputEndMs, undefined, { ref: false })]);
    return { outcome: timedOut ? 'timeout' : outcome, tail: getTail() };
  } finally {
    clearTimeout(timer);
    options.run.group = undefined;
    if (pid !== undefined) killGroup(pid, 'SIGKILL');
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

type Output = ChildProcessByStdio<null, Readable, Readable>;

/** Prints what the child prints, and keeps the end of it. */
function passOn({ stdout, stderr }: Output, label: string): () => readonly string[] {
  let kept = '';
  const keep = (text: string) => {
    kept = (kept + text).slice(-tailBytes);
  };
  const pass = (from: Readable, to: NodeJS.WriteStream) => {
    from.setEncoding('utf8').on('data', keep);
    if (label === '') from.on('data', (text: string) => to.write(text));
    else createInterface({ input: from }).on('line', (line) => to.write(`${label}${line}\n`));
  };
  pass(stdout, process.stdout);
  pass(stderr, process.stderr);
  return () => {
    const lines = stripVTControlCharacters(kept).split('\n');
    return lines.filter((line) => line.trim() !== '').slice(-tailLines);
  };
}
