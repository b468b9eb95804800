import { type Disagreement, describeDisagreement, findDisagreements } from '../compare.ts';
import type { FileSystemDriver } from '../driver.ts';
import { describeOperation, type Operation, type Result } from '../operations.ts';
import { type GeneratorOptions, generateOperations } from './generate.ts';
import { shrink } from './shrink.ts';

/** A file system by its name; the first of several tells what is right. */
export interface Contestant {
  readonly name: string;
  readonly driver: FileSystemDriver;
}

export interface Failure {
  readonly contestant: string;
  readonly disagreement: Disagreement;
  /** The shortest operations found that show it. */
  readonly script: readonly Operation[];
}

/** Enough to bring some thousand operations down to a handful. */
const patienceMs = 40_000;

/** What is performed on each contestant before the next has its turn: they live side by side. */
const batch = 250;

/** Lets all do the same, and compares each result. Resolves with the first failure, shrunk, or undefined. */
export async function race(
  contestants: readonly Contestant[],
  options: GeneratorOptions,
): Promise<Failure | undefined> {
  const operations = generateOperations(options);
  const first = await findFirst(contestants, operations);
  if (first === undefined) return undefined;
  const pair = contestants.filter(({ name }, index) => index === 0 || name === first.contestant);
  const cut = operations.slice(0, first.disagreement.index + 1);
  const isSame = (found: Pick<Failure, 'disagreement'> | undefined) =>
    found !== undefined && getKind(found.disagreement) === getKind(first.disagreement);
  const script = await shrink(cut, async (shorter) => isSame(await findFirst(pair, shorter)), patienceMs);
  const shown = (await findFirst(pair, script)) ?? first;
  return { ...shown, script };
}

/** For a person: seed, disagreement, and the operations that lead to it. */
export function describeFailure({ seed }: GeneratorOptions, { contestant, disagreement, script }: Failure): string {
  const lines = script.map((operation) => `   ${describeOperation(operation)}`);
  return `seed ${seed}: ${contestant} differs\n${describeDisagreement(disagreement)}\n script\n${lines.join('\n')}`;
}

/** Two failures of one kind have most likely one cause: shrinking must not slip from one to another. */
function getKind({ operation, expected, got }: Disagreement): string {
  const error = (result: Result | undefined) => (result !== undefined && 'error' in result ? result.error : '');
  return [operation.op, error(expected), error(got)].join(' ');
}

async function findFirst(
  contestants: readonly Contestant[],
  operations: readonly Operation[],
): Promise<Pick<Failure, 'contestant' | 'disagreement'> | undefined> {
  const runs = await Promise.all(contestants.map(({ driver }) => driver.begin()));
  try {
    for (let start = 0; start < operations.length; start += batch) {
      const part = operations.slice(start, start + batch);
      const results: Result[][] = await Promise.all(runs.map((run) => run.perform(part)));
      const truth = results[0] as Result[];
      for (const [index, { name }] of contestants.entries()) {
        const [found] = findDisagreements(part, truth, results[index] as Result[]);
        if (found) return { contestant: name, disagreement: { ...found, index: start + found.index } };
      }
    }
    return undefined;
  } finally {
    for (const run of runs) await run.end();
  }
}
