import type { Excuse } from './suites.ts';

export type Outcome = 'passed' | 'failed' | 'skipped';

const outcomes: Readonly<Record<string, Outcome>> = { PASS: 'passed', FAIL: 'failed', SKIP: 'skipped' };

/**
 * What came of each test by its full name, read off the output of a Go test binary with `-test.v`. A test of which others are
 * parts is left out: it says nothing that they do not say.
 */
export function readOutcomes(output: string): ReadonlyMap<string, Outcome> {
  const found = [...output.matchAll(/^ *--- (PASS|FAIL|SKIP): (\S+) \(\d/gm)];
  const all = new Map(found.map(([, word, name]) => [name as string, outcomes[word as string] as Outcome]));
  const wholes = new Set([...all.keys()].flatMap((name) => getWholes(name)));
  // One that fails though all of its parts pass has failed by itself.
  const hasFailedPart = (name: string) => [...all].some(([part, came]) => came === 'failed' && isPart(part, name));
  return new Map([...all].filter(([name, came]) => !wholes.has(name) || (came === 'failed' && !hasFailedPart(name))));
}

function isPart(part: string, whole: string): boolean {
  return part.startsWith(`${whole}/`);
}

function getWholes(name: string): string[] {
  const names = name.split('/');
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'));
}

/** What is other than it should be, in sentences: tests that do not pass without an excuse, and excuses that nothing needs. */
export function complain(found: ReadonlyMap<string, Outcome>, excuses: readonly Excuse[]): string[] {
  const isExcused = (name: string, came: Outcome, { tests, outcome }: Excuse) => came === outcome && tests.test(name);
  const unexcused = [...found]
    .filter(([name, came]) => came !== 'passed' && !excuses.some((excuse) => isExcused(name, came, excuse)))
    .map(([name, came]) => `${name} ${came === 'failed' ? 'has failed' : 'was skipped'}`);
  const needless = excuses
    .filter((excuse) => ![...found].some(([name, came]) => isExcused(name, came, excuse)))
    .map(({ tests, reason }) => `no test needs the excuse of ${String(tests)}: ${reason}`);
  return [...unexcused, ...needless];
}
