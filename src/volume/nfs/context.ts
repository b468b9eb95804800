import type { Clock } from '../../base/clock.ts';
import type { Recent } from '../../base/recent.ts';
import type { Ino } from '../../store/nodeRow.ts';
import type { VolumeView } from '../volume.ts';
import type { Handles } from './handles.ts';
import type { Listings } from './listings.ts';
import type { OpenFiles } from './openFiles.ts';
import type { Patience } from './patience.ts';
import type { PreviewStorm } from './previewStorm.ts';
import type { RemovedFiles } from './removedFiles.ts';

/** A client changed a name: listings are read anew, and the other volumes of the tree hear of it. */
export function noteChanged(context: NfsContext, parent: Ino, name: string): void {
  noteNewTime(context, parent);
  context.listings.forget(parent);
  context.view.onChanged({ parent, name });
}

/** Notes a change of attributes or content. */
export function noteChangedNode({ view }: NfsContext, ino: Ino): void {
  const place = view.vfs.getPlace(ino);
  if (place !== undefined) view.onChanged(place);
}

/** A client tells two states of a node by its times alone, and two changes may fall into one millisecond. */
const smallestStepMs = 0.001;

/** From now on the node shows a later time than before. */
export function noteNewTime({ changes, clock }: NfsContext, ino: Ino): void {
  changes.set(ino, Math.max(clock.now(), (changes.get(ino) ?? 0) + smallestStepMs));
}

/** What the procedures of one server share. */
export interface NfsContext {
  readonly view: VolumeView;
  readonly handles: Handles;
  readonly files: OpenFiles;
  readonly removed: RemovedFiles;
  readonly listings: Listings;
  readonly patience: Patience;
  /** undefined: it cannot be told who reads. */
  readonly storm: PreviewStorm | undefined;
  readonly clock: Pick<Clock, 'now'>;
  /** When something of a node changed that its own times may not tell: ms since the epoch, with fractions. */
  readonly changes: Recent<Ino, number>;
  /** 8 bytes that name the volume. */
  readonly fsid: Buffer;
  /** 8 bytes that are others after each start: a client then sends again what it wrote and nobody confirmed. */
  readonly verifier: Buffer;
}
