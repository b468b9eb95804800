import { dirname, join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { ensureOwnFile, ensureOwnFolder, OwnershipError } from '../../base/ownFiles.ts';
import type { Teardown } from '../../base/teardown.ts';
import { type ContentBudget, ContentStore } from '../../content/contentStore.ts';
import type { Rescued } from '../../content/rescue.ts';
import { createRoom, getStagingFloor, type Room } from '../../content/room.ts';
import { StagingStore } from '../../content/stagingStore.ts';
import { DurabilityBarrier } from '../../store/durability.ts';
import { History } from '../../store/history.ts';
import type { NodeRow } from '../../store/nodeRow.ts';
import { Nodes } from '../../store/nodes.ts';
import { Pins } from '../../store/pins.ts';
import { checkpoint } from '../../store/schema.ts';
import { Xattrs } from '../../store/xattrs.ts';
import { openOrRescue, type RescueOptions } from '../lifecycle/openOrRescue.ts';
import { isPinned } from '../offline/pinned.ts';

export interface StorageOptions extends RescueOptions {
  /** Folder of this account for all that must not be lost; made when missing. */
  readonly stateDir: string;
  /** Folder of this account for content that the server has too. */
  readonly cacheDir: string;
  readonly budget: ContentBudget;
  readonly clock: Clock;
  /** A row of the tree changed. */
  readonly onRow: (row: NodeRow) => void;
  /** Bytes of a content came to the cache, or left it. */
  readonly onContent: (md5: string) => void;
}

/** What one account has on this computer: the database and the files beside it. */
export interface Storage {
  readonly nodes: Nodes;
  readonly pins: Pins;
  readonly xattrs: Xattrs;
  readonly history: History;
  readonly barrier: DurabilityBarrier;
  readonly staging: StagingStore;
  readonly store: ContentStore;
  readonly room: Room;
  /** Where unsent content went that this start found without a place in the tree. */
  readonly rescued: Rescued | null;
}

/** Opens them; what is to be closed again goes to `teardown` at once. */
export async function openStorage(options: StorageOptions, teardown: Teardown): Promise<Storage> {
  const { stateDir, log, clock, onRow, onContent } = options;
  const databaseFile = join(stateDir, 'metadata.db');
  const stagingDir = join(stateDir, 'staging');
  // The folders above: whoever can write there can exchange what is below.
  ensureOwnFolder(dirname(stateDir));
  for (const folder of [stateDir, stagingDir, join(stateDir, 'lost+found')]) ensureOwnFolder(folder);
  ensureOwnFile(databaseFile);
  ensureCacheFolder(options.cacheDir, log);
  const { db, rescued: damaged } = await openOrRescue(databaseFile, stagingDir, options, clock.now());
  teardown.add('the database', () => db.close());
  const nodes = new Nodes(db, onRow, (ino, columns) =>
    log.error('a row of the metadata database made no sense and was mended', { ino, columns }),
  );
  const pins = new Pins(db);
  const barrier = new DurabilityBarrier(databaseFile, () => checkpoint(db));
  teardown.add('the log of the database', () => barrier.close());
  const staging = new StagingStore({ staging: stagingDir, lost: join(stateDir, 'lost+found') }, db, log);
  teardown.add('the staging files', () => staging.closeAll());
  const unclaimed = await staging.recover(nodes.purgeOrphans(), clock.now());
  nodes.pruneFormerPlaces(() => false);
  const store = await ContentStore.open(options.cacheDir, options.budget, log, {
    pinned: new Set(pins.getContents().map(({ md5 }) => md5)),
    isPinned: (md5) => isPinned(pins, nodes, md5),
    onChange: onContent,
  });
  const room = createRoom({
    dir: stagingDir,
    reserve: join(stateDir, 'reserve'),
    getFloor: () => getStagingFloor(store.budget.minFreeBytes),
    cache: store,
  });
  return {
    ...{ nodes, pins, barrier, staging, store, room },
    xattrs: new Xattrs(db),
    history: new History(db, log),
    rescued: damaged ?? unclaimed,
  };
}

/** A disk that takes nothing is no reason not to start: content is streamed then. A folder that is another's is one. */
function ensureCacheFolder(dir: string, log: Log): void {
  try {
    ensureOwnFolder(dirname(dir), { isPrivate: false });
    ensureOwnFolder(dir);
  } catch (error) {
    if (error instanceof OwnershipError) throw error;
    log.warn('the cache folder cannot be made', { dir, error });
  }
}
