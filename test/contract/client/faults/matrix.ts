import assert from 'node:assert/strict';
import { after, before, describe, it, test } from 'node:test';
import type { RequestKind } from '../../../emulator/stats.ts';
import { createPool, openSeat, type Patience, type Seat } from './bench.ts';
import { classes, type Fault, kindsAtToken } from './faultTable.ts';
import { type Operation, operations } from './operations.ts';
import { type Attempt, type Baseline, type Outcome, type Run, runBaseline, runOnce, runUnder } from './runs.ts';

/** So many go at once, each with an emulator to itself. They start together: with more, that alone would look like silence. */
const seatCount = 24;
/** Requests that look at what is there. */
const looks: readonly RequestKind[] = ['file', 'list'];
/** Times of a plan that never ends. */
const forGood = 1_000_000;
/** All combinations run side by side, so that each one waits for most of the others: the limit of one test is that of all. */
export const patiently = { timeout: 900_000 };

const baselines = new Map<Operation, Promise<Baseline>>();
let seats: Seat[] = [];
let combinations = 0;
let successes = 0;

/** Where the combinations of a file run. */
export let pool: ReturnType<typeof createPool<Seat>>;

before(async () => {
  seats = await Promise.all(Array.from({ length: seatCount }, () => openSeat()));
  pool = createPool(seats);
});
after(() => Promise.all(seats.map((seat) => seat.close())));

/** Tests every operation under these faults, each at every request. */
export function testMatrix(what: string, faults: readonly Fault[], patience: Patience): void {
  describe(`under ${what}`, { concurrency: true, ...patiently }, () => {
    for (const fault of faults) describeFault(fault, patience);
  });

  test(`every one of ${what} was tried at every request of every operation`, async (context) => {
    const requests = (await Promise.all(operations.map(baselineOf))).map((baseline) => baseline.requests);
    const planned = faults.flatMap((fault) => requests.flatMap((count) => plansFor(fault, count)));
    context.diagnostic(
      `${combinations} combinations of ${faults.length} faults and ${operations.length} operations, ${successes} succeeded`,
    );
    assert.equal(combinations, planned.length);
  });
}

interface Plan {
  /** First request that is hit, counted from 1. */
  readonly nth: number;
  readonly times: number;
}

function describeFault(fault: Fault, patience: Patience): void {
  for (const operation of operations) {
    it(`${fault.name}: ${operation.name} succeeds or says what happened`, patiently, async () => {
      const { requests } = await baselineOf(operation);
      assert.ok(requests > 0);
      const plans = plansFor(fault, requests);
      await Promise.all(plans.map((plan) => pool.use((seat) => checkUnder(seat, operation, fault, plan, patience))));
    });
  }
}

/** At each request once, and from each on. */
function plansFor({ lasting }: Fault, requests: number): Plan[] {
  const nths = Array.from({ length: requests }, (_, index) => index + 1);
  return nths.flatMap((nth) => [{ nth, times: 1 }, ...(lasting === false ? [] : [{ nth, times: forGood }])]);
}

function baselineOf(operation: Operation): Promise<Baseline> {
  let baseline = baselines.get(operation);
  if (baseline === undefined) {
    baseline = pool.use((seat) => runBaseline(seat, operation));
    baselines.set(operation, baseline);
  }
  return baseline;
}

async function checkUnder(
  seat: Seat,
  operation: Operation,
  fault: Fault,
  plan: Plan,
  patience: Patience,
): Promise<void> {
  const run = await runUnder(seat, operation, [{ match: {}, ...plan, action: fault.action }], patience);
  const where = `${plan.times === 1 ? 'at' : 'from'} request ${plan.nth} (${run.hit[0]})`;
  assert.ok(run.hit.length > 0, `${where}: nothing was hit`);
  assertOneOf(allowedOf(operation, fault, plan, run), run, where);
  await checkState(seat, operation, run, where, believes(fault, run));
  combinations += 1;
  if (run.outcome === 'success') successes += 1;
}

/** What a run may come to, by the kinds of requests that were hit. */
function allowedOf({ unseen }: Operation, fault: Fault, { times }: Plan, run: Run): Outcome[] {
  const { hit } = run;
  const survives = times === 1 && hit.every((kind) => fault.survived.includes(classes[kind]));
  if (survives) return ['success'];
  return [
    'success',
    ...fault.kinds,
    ...(hit.includes('token') ? kindsAtToken : []),
    ...(unseen !== undefined && hit.some((kind) => looks.includes(kind)) ? [unseen] : []),
    ...(believes(fault, run) ? (['wrong success'] as const) : []),
  ];
}

/** True when the client was told nothing but what it cannot tell from the truth. */
function believes({ believed }: Fault, { hit }: Run): boolean {
  return hit.every((kind) => believed?.includes(kind));
}

/**
 * A success means that the work is done once, unless the client was lied to; a failure that it is done once or not at all,
 * and that it can be done afterwards with the same result.
 */
async function checkState(seat: Seat, operation: Operation, run: Run, where: string, deceived: boolean): Promise<void> {
  const { bench, outcome, state } = run;
  const { before: first, after: done } = await baselineOf(operation);
  if (outcome === 'success' && !deceived) return assert.equal(state, done, where);
  assert.ok([first, done].includes(state), `${where}: ${outcome} left\n${state}\nfrom\n${first}\nto\n${done}`);
  const again = await runOnce(operation, seat.reopen(bench));
  const allowed: Outcome[] = state === done && operation.again !== undefined ? [operation.again] : ['success'];
  assertOneOf(allowed, again, `${where}, then again`);
  assert.equal(seat.state(bench), done, `${where}, then again`);
}

export function assertOneOf(allowed: readonly Outcome[], { outcome, error }: Attempt, where: string): void {
  if (allowed.includes(outcome)) return;
  assert.fail(`${where}: ${outcome}, not ${allowed.join(' or ')}${error === undefined ? '' : `: ${error}`}`);
}
