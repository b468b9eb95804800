import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { assertOneOf, patiently, pool } from './matrix.ts';
import { type Operation, operations } from './operations.ts';
import { type Outcome, openFor, runOnce } from './runs.ts';

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

async function checkUnreachable(operation: Operation, endpointOf: () => Promise<string>, allowed: Outcome[]) {
  const endpoint = await endpointOf();
  await pool.use(async (seat) => {
    const bench = await openFor(seat, { ...operation, aheadMs: 0 }, 'impatient');
    const first = seat.state(bench);
    assertOneOf(allowed, await runOnce(operation, seat.redirect(bench, endpoint)), endpoint);
    assert.equal(seat.state(bench), first);
  });
}

/** A port of this machine on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
