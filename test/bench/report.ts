import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { root } from '../../tools/setup/root.ts';
import { rates, type Unit } from './scenario.ts';

/** One row of the table: every value measured, by contender. */
export interface Result {
  readonly scenario: string;
  readonly name: string;
  readonly unit: Unit;
  readonly values: Readonly<Record<string, readonly number[]>>;
}

const resultsFile = join(root, 'test/bench/RESULTS.md');
const dataFile = join(root, 'test/bench/results.json');
const readmeFile = join(root, 'README.md');
/** What stands between these in README.md is written by this file. */
const [begin, end] = ['<!-- bench -->', '<!-- /bench -->'];

/** A Markdown table of the medians; the last column says how many times better or worse ours is. */
export function formatTable(results: readonly Result[], [ours, theirs]: readonly [string, string]): string {
  const lines = [`| | ${ours} | ${theirs} | ${ours} is |`, '|---|---|---|---|'];
  for (const { name, unit, values } of results) {
    const [our, their] = [median(values[ours] ?? []), median(values[theirs] ?? [])];
    lines.push(`| ${name} | ${format(our, unit)} | ${format(their, unit)} | ${compare(our, their, unit)} |`);
  }
  return lines.join('\n');
}

/** Keeps the results in the repository: RESULTS.md, the same as data, and the table of README.md. */
export async function keepResults(
  results: readonly Result[],
  names: readonly [string, string],
  rounds: number,
): Promise<void> {
  const table = formatTable(results, names);
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} processors, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release().split('-')[0]}`;
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(', ');
  const scenarios = [...new Set(results.map(({ scenario }) => scenario))].join(',');
  const head = `${rounds === 1 ? 'One round' : `Medians of ${rounds} rounds`} on ${date} (${machine}; load at the end ${load}). Written by \`npm run bench -- --only ${scenarios} --rounds ${rounds} --keep\`.`;
  await writeFile(resultsFile, `# Benchmark results\n\n${head}\n\n${table}\n`);
  await writeFile(dataFile, `${JSON.stringify({ date, machine, rounds, results }, undefined, 1)}\n`);
  const readme = await readFile(readmeFile, 'utf8');
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md has no ${begin} … ${end}`);
  await writeFile(readmeFile, `${readme.slice(0, from + begin.length)}\n${head}\n\n${table}\n${readme.slice(to)}`);
}

export function format(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return '–';
  if (unit === 's') return `${value.toFixed(2)} s`;
  if (unit === 'ms') return value < 10 ? `${value.toFixed(2)} ms` : `${value.toFixed(0)} ms`;
  if (unit === 'requests') return value.toFixed(0);
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}

function compare(our: number, their: number, unit: Unit): string {
  const better = rates.has(unit) ? our / their : their / our;
  if (!Number.isFinite(better) || better <= 0) return '–';
  if (better >= 0.95 && better <= 1.05) return 'as good';
  const factor = better > 1 ? better : 1 / better;
  return `${factor.toFixed(factor < 10 ? 1 : 0)}× ${better > 1 ? 'better' : 'worse'}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
