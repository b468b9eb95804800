import { globSync } from 'node:fs';
import path from 'node:path';
import { root } from './root.ts';

/** One child process of `npm test`. */
export interface Suite {
  readonly name: string;
  /** `{files}` stands for the files found, `{counts}` for the file the results go to. */
  readonly command: readonly string[];
  /** After this its whole process group is ended and the suite has failed. */
  readonly timeoutMs: number;
  /** `counts`: the suite writes a `Counts` file; `one`: its exit code is its one result. */
  readonly result: 'counts' | 'one';
  /** Finds the files of the suite; a folder that holds none has no tests to fail. */
  readonly files?: string;
  /** Syncing thousands of small databases to a disk would be most of what it waits for. */
  readonly inMemory?: boolean;
}

const bin = (name: string): string => path.join(root, 'node_modules', '.bin', name);
const minutes = (count: number): number => count * 60_000;

const chaos: Suite = {
  name: 'chaos',
  // A fixed seed makes a failure one to look into, not to shrug at; `npm run chaos` goes on from there.
  command: [process.execPath, path.join(root, 'test/chaos/main.ts'), '--minutes', '0.75', '--seed', 'npm-test'],
  timeoutMs: minutes(5),
  result: 'counts',
  files: 'test/chaos/**/*.ts',
};
const bench: Suite = {
  name: 'bench',
  // That it measures, not what: this machine may be busy.
  command: [process.execPath, path.join(root, 'test/bench/main.ts'), '--scale', '0.01', '--only', 'walk,small-files'],
  timeoutMs: minutes(3),
  result: 'one',
  files: 'test/bench/**/*.ts',
};
const vscode: Suite = {
  name: 'vscode',
  command: [process.execPath, path.join(root, 'test/vscode/harness/runExtensionHost.ts')],
  timeoutMs: minutes(8),
  result: 'counts',
  files: 'test/vscode/suite/**/*.test.ts',
};
const browserSetup = path.join(root, 'test/vscode/browser/globalSetup.ts');

/**
 * In the order of cost: what fails fast comes first. Suites of one stage run side by side: while one waits, for a server that is
 * silent, a drain, a kernel, or a virtual machine on one processor, the others have the processors.
 */
const stages: readonly (readonly Suite[])[] = [
  [
    oneCheck('lint', ['npm', 'run', '--silent', 'lint'], minutes(2)),
    oneCheck('typecheck', [bin('tsc'), '--noEmit'], minutes(5)),
    oneCheck('build', ['npm', 'run', '--silent', 'build'], minutes(2)),
  ],
  [{ ...nodeTests('unit', 'test/unit/**/*.test.ts', minutes(5), 2), inMemory: true }],
  [
    { ...nodeTests('integration', 'test/integration/**/*.test.ts', minutes(15), 2), inMemory: true },
    { ...nodeTests('contract', 'test/contract/**/*.test.ts', minutes(20), 2), inMemory: true },
  ],
  [nodeTests('mount', 'test/mount/**/*.test.ts', minutes(20), 3), chaos, bench],
  [nodeTests('nfs', 'test/nfs/**/*.test.ts', minutes(15), 1), vscode],
  // Its windows wait for each other's processes and, where a mount outlives one, for the clock.
  [nodeTests('browser', 'test/vscode/browser/**/*.test.ts', minutes(15), 3, [`--test-global-setup=${browserSetup}`])],
];

/**
 * One stage after the other, each of suites to run side by side.
 * @throws Error on a name that is none
 */
export function chooseSuites(names: readonly string[]): readonly (readonly Suite[])[] {
  const known = stages.flat().map((suite) => suite.name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no such suite: ${unknown.join(', ')}. There are: ${known.join(', ')}`);
  if (names.length === 0) return stages;
  return stages.map((stage) => stage.filter(({ name }) => names.includes(name))).filter((stage) => stage.length > 0);
}

export function findFiles(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: root }).sort();
}

function oneCheck(name: string, command: readonly string[], timeoutMs: number): Suite {
  return { name, command, timeoutMs, result: 'one' };
}

/** `atOnce`: so many files of it. */
function nodeTests(
  name: string,
  files: string,
  timeoutMs: number,
  atOnce: number,
  options: readonly string[] = [],
): Suite {
  const reporter = path.join(root, 'tools/setup/countReporter.ts');
  const command = [
    process.execPath,
    // Emulators and clients make garbage all the time: collected less often, it costs a tenth less.
    '--max-semi-space-size=64',
    `--import=${path.join(root, 'tools/setup/untrackedTests.mjs')}`,
    '--test',
    // A test that hangs must not take the whole suite's time with it.
    '--test-timeout=180000',
    `--test-concurrency=${atOnce}`,
    ...options,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${reporter}`,
    '--test-reporter-destination={counts}',
    '{files}',
  ];
  return { name, command, timeoutMs, result: 'counts', files };
}
