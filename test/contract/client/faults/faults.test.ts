import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { RequestKind } from '../../../emulator/stats.ts';
import { createPool, openSeat, type Patience, type Seat } from './bench.ts';
import { classes, type Fault, faultTable, kindsAtToken } from './faultTable.ts';
import { type Operation, operations } from './operations.ts';
import {
  type Attempt,
  type Baseline,
  type Outcome,
  openFor,
  type Run,
  runBaseline,
  runOnce,
  runUnder,
} from './runs.ts';

/** Each combination mostly waits, so many go at once; each has an emulator to itself meanwhile. */
const seatCount = 24;
/** Requests that look at what is there. */
const looks: readonly RequestKind[] = ['file', 'list'];
/** Times of a plan that never ends. */
const forGood = 1_000_000;

const faults = Object.values(faultTable).flat();
const ofSilence = (fault: Fault) => fault.kinds.includes('timeout');
const baselines = new Map<Operation, Promise<Baseline>>();
let seats: Seat[] = [];
let pool: ReturnType<typeof createPool<Seat>>;
let combinations = 0;
let successes = 0;

before(async () => {
  seats = await Promise.all(Array.from({ length: seatCount }, () => openSeat()));
  pool = createPool(seats);
});
after(() => Promise.all(seats.map((seat) => seat.close())));

/** All combinations run side by side, so that each one waits for most of the others: the limit of one test is that of all. */
const patiently = { timeout: 900_000 };

// Apart, because what keeps the machine busy must not be taken for silence.
describe('under faults of silence', { concurrency: true, ...patiently }, () => {
  for (const fault of faults.filter(ofSilence)) describeFault(fault, 'impatient');
});

describe('under other faults', { concurrency: true, ...patiently }, () => {
  for (const fault of faults.filter((one) => !ofSilence(one))) describeFault(fault, 'patient');
});

describe('without a service', { concurrency: true, ...patiently }, () => {
  for (const operation of operations) {
    it(`connection refused: ${operation.name} says that it is offline`, patiently, () =>
      checkUnreachable(operation, async () => `http://127.0.0.1:${await closedPort()}`, ['offline']),
    );
    it(`no such host: ${operation.name} says that it is offline`, patiently, () =>
      checkUnreachable(operation, async () => 'https://no-such-host.invalid', ['offline', 'timeout']),
    );
  }
});

describe('the fault matrix', () => {
  it('ran every fault at every request of every operation', async (test) => {
    const requests = (await Promise.all(operations.map(baselineOf))).map((baseline) => baseline.requests);
    const planned = faults.flatMap((fault) => requests.flatMap((count) => plansFor(fault, count)));
    test.diagnostic(
      `${combinations} combinations of ${faults.length} faults and ${operations.length} operations, ${successes} succeeded`,
    );
    assert.equal(combinations, planned.length + operations.length * 2);
  });
});

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
  assert.equal(await seat.state(bench), done, `${where}, then again`);
}

async function checkUnreachable(operation: Operation, endpointOf: () => Promise<string>, allowed: Outcome[]) {
  const endpoint = await endpointOf();
  await pool.use(async (seat) => {
    const bench = await openFor(seat, { ...operation, aheadMs: 0 }, 'impatient');
    const first = await seat.state(bench);
    assertOneOf(allowed, await runOnce(operation, seat.redirect(bench, endpoint)), endpoint);
    assert.equal(await seat.state(bench), first);
    combinations += 1;
  });
}

function assertOneOf(allowed: readonly Outcome[], { outcome, error }: Attempt, where: string): void {
  if (allowed.includes(outcome)) return;
  assert.fail(`${where}: ${outcome}, not ${allowed.join(' or ')}${error === undefined ? '' : `: ${error}`}`);
}

/** A port of this machine on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
