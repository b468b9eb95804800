import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Pusher } from '../../sync/push/pusher.ts';
import type { Account } from './account.ts';

/** How often the account is looked at while something waits for room. */
const roomLookMs = 30_000;

export interface RoomWatchDeps {
  readonly pusher: Pusher;
  /** Its answer sets off what was refused (AccountDeps.onRoom). */
  readonly owner: Account;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Room is made elsewhere, and nobody tells: from a refusal on, the account is looked at until nothing waits for room. */
export function watchForRoom({ pusher, owner, clock, log, signal }: RoomWatchDeps): void {
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    owner.forgetRoom();
    try {
      for (;;) {
        await clock.sleep(roomLookMs, signal);
        if (!pusher.wantsRoom) return;
        await owner.refresh().catch((error) => log.debug('room was looked for in vain', { error }));
      }
    } catch {
      // The session ends.
    } finally {
      isLooking = false;
    }
  };
  pusher.finished.on(({ outcome }) => void (outcome === 'quota' && look()));
  if (pusher.wantsRoom) void look();
}
