import { AssertionError } from 'node:assert';
import { isJottaError, type JottaErrorKind } from '../../../../src/jottacloud/errors.ts';
import type { FaultRule } from '../../../emulator/faults.ts';
import type { RequestKind } from '../../../emulator/stats.ts';
import type { Bench, Patience, Seat } from './bench.ts';
import type { Operation } from './operations.ts';

/** Far above what any combination needs even on a busy machine, far below the time limit of a test. */
const hangMs = 60_000;

export type Outcome = 'success' | JottaErrorKind | 'wrong success' | 'untyped error' | 'hang';

/** What an operation came to. */
export interface Attempt {
  readonly outcome: Outcome;
  /** What to look at when the outcome is none that is allowed. */
  readonly error: unknown;
}

export interface Run extends Attempt {
  readonly bench: Bench;
  /** Kinds of the requests that were hit, in their order. */
  readonly hit: readonly RequestKind[];
  readonly state: string;
}

/** An operation without faults: how many requests it makes, and the states before and after. */
export interface Baseline {
  readonly requests: number;
  readonly before: string;
  readonly after: string;
}

export async function runBaseline(seat: Seat, operation: Operation): Promise<Baseline> {
  const idle = await openFor(seat, operation, 'patient');
  const before = seat.state(idle);
  const bench = await openFor(seat, operation, 'patient');
  bench.emulator.resetStats();
  await operation.run(bench);
  const requests = Object.values(bench.emulator.stats().requests).reduce((sum, count) => sum + count, 0);
  return { requests, before, after: seat.state(bench) };
}

/** Runs an operation with the plan in force, lifts it, and looks at what became of the account. */
export async function runUnder(seat: Seat, operation: Operation, plan: FaultRule[], patience: Patience): Promise<Run> {
  const bench = await openFor(seat, operation, patience);
  bench.emulator.setFaults(plan);
  const { outcome, error } = await runOnce(operation, bench);
  const hit = bench.emulator.faults().flatMap(({ hits }) => hits.map(({ kind }) => kind));
  await seat.heal();
  return { bench, outcome, error, hit, state: seat.state(bench) };
}

export async function runOnce(operation: Operation, bench: Bench): Promise<Attempt> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<'hang'>((resolve) => {
    timer = setTimeout(() => resolve('hang'), hangMs);
  });
  try {
    return { outcome: (await Promise.race([operation.run(bench), hang])) ?? 'success', error: undefined };
  } catch (error) {
    if (error instanceof AssertionError) return { outcome: 'wrong success', error };
    return { outcome: isJottaError(error) ? error.kind : 'untyped error', error };
  } finally {
    clearTimeout(timer);
  }
}

/** A bench in the operation's first state, which is made with patience in any case. */
export async function openFor(seat: Seat, operation: Operation, patience: Patience): Promise<Bench> {
  const aheadMs = operation.aheadMs ?? 0;
  const bench = seat.open(aheadMs);
  await operation.prepare?.(bench);
  return seat.withPatience(bench, aheadMs, patience);
}
