import { dirname, join } from 'node:path';
import { readBootId } from '../../base/bootId.ts';
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
import { checkpoint, shortenLog } from '../../store/schema.ts';
import { Xattrs } from '../../store/xattrs.ts';
import { getLocalPath } from '../../sync/tree/paths.ts';
import { openOrRescue, type RescueOptions } from '../lifecycle/openOrRescue.ts';
import { isPinned } from '../offline/pinned.ts';

export interface StorageOptions extends RescueOptions {
  /** Folder of this account for all that must not be lost; made when missing. */
  readonly stateDir: string;
  /** Folder of this account for content that the server has too. */
  readonly cacheDir: string;
  readonly budget: ContentBudget;
  readonly clock: Clock;
  /** Names this run of the machine; undefined: not known. The system's when absent. */
  readonly getBootId?: () => string | undefined;
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
  const barrier: DurabilityBarrier = new DurabilityBarrier({
    databaseFile,
    syncBytes: () => staging.syncFlushed(),
    writeBack: () => checkpoint(db),
    shorten: () => shortenLog(db),
    clock,
    log,
  });
  teardown.add('the log of the database', () => barrier.close());
  const lostDir = join(stateDir, 'lost+found');
  const whenDurable = () => barrier.whenDurable();
  const staging = new StagingStore({ dir: stagingDir, lostDir, db, whenDurable, log });
  teardown.add('the staging files', () => staging.closeAll());
  const history = new History(db, log);
  nodes.purgeOrphans();
  const unclaimed = await staging.recover({
    nodes,
    now: clock.now(),
    bootId: (options.getBootId ?? readBootId)(),
    onTorn: (row) => noteTorn(history, nodes, row, clock.now()),
  });
  nodes.pruneFormerPlaces(() => false);
  // The process before this one may have left its last changes to the kernel. What fails is told with the next change.
  barrier.barrier().catch(() => undefined);
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
    history,
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

/** A save that lost bytes with the power is a change that failed. */
function noteTorn(history: History, nodes: Nodes, row: NodeRow, now: number): void {
  const path = getLocalPath(nodes, row.ino) ?? row.name;
  history.add({ at: now, kind: 'upload', path, bytes: row.size, ms: 0, outcome: 'powerLost' });
}
