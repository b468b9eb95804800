import { setTimeout as delay } from 'node:timers/promises';
import { isRemoteError } from '../../../src/sync/tree/remote.ts';
import type { SessionWorld } from '../../support/sessionWorld.ts';

/** Longest time until all is sent once the server is well. ms. */
const settleMs = 30_000;

/** Until nothing is pending; what was refused while the server failed is tried again. Rejects with what is still pending. */
export async function settle(world: SessionWorld): Promise<void> {
  const deadline = AbortSignal.timeout(settleMs);
  for (;;) {
    const { pusher, nodes } = world.session();
    try {
      await pusher.drain(deadline);
    } catch (error) {
      if (deadline.aborted) throw new Error(describePending(world), { cause: error });
      // The last fault still counts as an outage.
      if (!isRemoteError(error, 'offline')) throw error;
      await delay(50);
      continue;
    }
    await world.poll();
    const { pending, failed } = nodes.countPending();
    if (failed > 0) pusher.retryFailed();
    else if (pending === 0) return;
  }
}

function describePending({ session, complaints }: SessionWorld): string {
  const rows = session().nodes.getPending(0, 20);
  return ['not settled', ...rows.map((row) => JSON.stringify(row)), ...complaints.slice(-20)].join('\n');
}
