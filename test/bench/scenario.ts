import { readFile, writeFile } from 'node:fs/promises';
import type { Emulator } from '../emulator/emulator.ts';
import type { Shape } from '../emulator/shape.ts';
import { run } from '../mount/support.ts';

export type Unit = 's' | 'MiB/s' | 'MiB' | 'ms' | 'requests' | '1/s';

/** More is better of these, less of all others. */
export const rates: ReadonlySet<Unit> = new Set(['MiB/s', '1/s']);

/** What a row works with: one contender's volume, and the server behind it. */
export interface Bench {
  readonly emulator: Emulator;
  /** The mounted `/Jotta/Archive`. */
  readonly volume: string;
  /** A local folder; `local(bench)` of the scenario's `prepare` is the same. */
  readonly dir: string;
  /** How long the first start took, in ms, until the volume could be used. */
  readonly startMs: number;
  /** Ends the process and starts it again on what it keeps. */
  remount(): Promise<void>;
  /** Processor time of the mounting process so far, in s. */
  cpuSeconds(): Promise<number>;
  /** Resident memory of the mounting process now, in MiB. */
  residentMebibytes(): Promise<number>;
}

export interface Row {
  readonly name: string;
  readonly unit: Unit;
  /** In the unit of the row. */
  measure(bench: Bench): Promise<number>;
}

/** A fresh account, a line to it, and rows in this order: later ones build on what earlier ones left. */
export interface Scenario {
  readonly name: string;
  readonly shape: Partial<Shape>;
  /** Time a file is left alone before it is uploaded, in ms; the same for every contender. */
  readonly settleMs: number;
  /** Fills the account (the line is unshaped meanwhile) and `dir`, a local folder. */
  prepare(emulator: Emulator, dir: string): Promise<void>;
  readonly rows: readonly Row[];
}

export const mebibyte = 1024 * 1024;

/** Runs the work; resolves with its time in s. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

/** Runs a command whose output nobody reads; resolves with its time in s. */
export function timedCommand(command: string, ...args: string[]): Promise<number> {
  return timed(() => run(command, args, { maxBuffer: 1024 * mebibyte }));
}

/** A line for `sh`; the arguments are `$1`, `$2` …. Resolves with its time in s. */
export function timedShell(line: string, ...args: string[]): Promise<number> {
  return timedCommand('sh', '-c', line, 'sh', ...args);
}

/** Makes the kernel forget clean pages (`pages`) or names and inodes (`names`). @throws Error if this user may not */
export async function dropCaches(what: 'pages' | 'names'): Promise<void> {
  await run('sync');
  await writeFile('/proc/sys/vm/drop_caches', what === 'pages' ? '1' : '2');
}

/** Requests that reached the server since the last `resetStats`, of every kind. */
export function countRequests(emulator: Emulator): number {
  return Object.values(emulator.stats().requests).reduce((sum, count) => sum + count, 0);
}

/** Processor time of a process so far, in s. */
export async function readCpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // After the command, which is in brackets and may hold anything; the kernel counts in hundredths.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of a process, in MiB. */
export async function readResidentMebibytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}
