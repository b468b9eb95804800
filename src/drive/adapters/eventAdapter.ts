import type { EventListener } from '../../jottacloud/events/eventSocket.ts';
import { decodeName } from '../../jottacloud/names.ts';
import type { Sightings } from '../../sync/pull/sightings.ts';

/** The client's events as the write-back's sightings: names decoded, wire names kept where they are compared. */
export function createEventListener(sightings: Sightings): EventListener {
  return {
    onSubscribed: () => sightings.noteMissed(),
    onSightings: (seen) =>
      sightings.note(
        seen.map(({ path, state, md5, modified }) => ({
          path: path.map(decodeName),
          wire: path.at(-1) ?? '',
          state,
          md5,
          mtime: modified,
        })),
      ),
  };
}
