import type { Log } from '../../base/log.ts';
import type { EventListener } from '../../jottacloud/events/eventSocket.ts';

import type { RemoteEvents } from '../../sync/pull/remoteEvents.ts';
import { toLocalName } from './names.ts';

/**
 * The client's events as the write-back's remote events: names decoded, wire names kept where they are compared. One that cannot
 * be followed is logged: nobody calls these functions who could catch an error.
 */
export function createEventListener(remoteEvents: RemoteEvents, log: Log): EventListener {
  const guard = (work: () => void) => {
    try {
      work();
    } catch (error) {
      log.warn('an event could not be followed', { error });
    }
  };
  return {
    onSubscribed: () => guard(() => remoteEvents.noteMissed()),
    onLost: () => guard(() => remoteEvents.noteLost()),
    onEvents: (seen) =>
      guard(() =>
        remoteEvents.note(
          seen.map(({ path, state, md5, modified }) => ({
            path: path.map(toLocalName),
            wire: path.at(-1) ?? '',
            state,
            md5,
            mtime: modified,
          })),
        ),
      ),
  };
}
