import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Emitter } from '../base/events.ts';
import type { Log } from '../base/log.ts';
import { Teardown } from '../base/teardown.ts';
import { every } from '../base/timers.ts';
import { Work } from '../base/work.ts';
import { Checksummer } from '../content/checksummer.ts';
import type { ContentReader } from '../content/contentReader.ts';
import type { ContentBudget, ContentStore } from '../content/contentStore.ts';
import { cacheLimits } from '../content/limits.ts';
import type { Rescued } from '../content/rescue.ts';
import type { JottacloudClient } from '../jottacloud/client.ts';
import type { AccountState } from '../protocol/state.ts';
import type { History } from '../store/history.ts';
import type { NodeRow } from '../store/nodeRow.ts';
import type { Nodes } from '../store/nodes.ts';
import type { Pins } from '../store/pins.ts';
import type { Folders } from '../sync/pull/folders.ts';
import type { TreeChange } from '../sync/pull/mergeResult.ts';
import type { Poller } from '../sync/pull/poller.ts';
import type { Pusher } from '../sync/push/pusher.ts';
import type { Activity } from '../sync/tree/activity.ts';
import type { FaultPoint } from '../sync/tree/faultPoints.ts';
import type { Link } from '../sync/tree/link.ts';
import { type Remote, RemoteError } from '../sync/tree/remote.ts';
import type { LinkRules } from '../vfs/context.ts';
import { vfsLimits } from '../vfs/limits.ts';
import { LocalNames } from '../vfs/localNames.ts';
import { Vfs } from '../vfs/vfs.ts';
import { createEventListener } from './adapters/eventAdapter.ts';
import type { Rates } from './adapters/remoteAdapter.ts';
import { getAccountFolder } from './lifecycle/forget.ts';
import type { RescueOptions } from './lifecycle/openOrRescue.ts';
import { watchForSleep } from './lifecycle/sleepDetector.ts';
import { PinKeeper } from './offline/pinKeeper.ts';
import { Account } from './session/account.ts';
import { watchForRoom } from './session/roomWatch.ts';
import { openStorage, type Storage } from './session/storage.ts';
import { type Conflict, createSync, type Sync } from './session/sync.ts';
import { Jobs } from './windows/jobs.ts';
import type { Reads } from './windows/reads.ts';
import { VisibleChanges } from './windows/visibleChanges.ts';

export type { Conflict } from './session/sync.ts';

export interface SessionOptions extends RescueOptions {
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly budget: ContentBudget;
  readonly pollMs: number;
  readonly settleMs?: number;
  /** For how long reads wait for a network that has just gone, ms; 20 s when absent. */
  readonly networkGraceMs?: number;
  /** Patterns of names that stay on this computer. */
  readonly localNames: readonly string[];
  /** Absent: links that lead out of the volume are not followed. */
  readonly linkRules?: LinkRules;
  /** What happens at the steps of a push (faultPoints.ts); nothing when absent. */
  readonly faultPoint?: (point: FaultPoint) => void;
  /** Names this run of the machine; undefined: not known. The system's when absent. */
  readonly getBootId?: () => string | undefined;
  /** The system's when absent. */
  readonly clock?: Clock;
  /** 0 ≤ x < 1, for jitter; Math.random when absent. */
  readonly random?: () => number;
}

/** One signed-in account: everything between the client and the mounts, wired by hand. */
export interface Session {
  readonly client: JottacloudClient;
  readonly nodes: Nodes;
  readonly vfs: Vfs;
  readonly localNames: LocalNames;
  readonly linkRules: LinkRules;
  readonly folders: Folders;
  readonly pusher: Pusher;
  readonly poller: Poller;
  readonly link: Link;
  readonly store: ContentStore;
  readonly reader: ContentReader;
  readonly activity: Activity;
  readonly history: History;
  readonly remote: Remote;
  readonly clock: Clock;
  readonly pins: Pins;
  readonly keeper: PinKeeper;
  readonly jobs: Jobs;
  readonly reads: Reads;
  /** Folders whose listing looks otherwise now, whoever changed it. */
  readonly shown: VisibleChanges;
  /** Unlimited until set. */
  readonly rates: Rates;
  /** Where unsent content went that this start found without a place in the tree. */
  readonly rescued: Rescued | null;
  readonly treeChanged: Emitter<readonly TreeChange[]>;
  readonly conflictMade: Emitter<Conflict>;
  /** From the last answer of the server, kept over restarts. */
  readonly getAccount: () => AccountState;
  refreshAccount(): Promise<void>;
  /** Requests of windows run in it: the session ends when none is left. */
  readonly work: Work;
  /**
   * Writes what is open to disk, stops all work and waits for its end, closes the database. Pending work stays for the next
   * start. Rejects with the first failure, after all of that.
   */
  close(): Promise<void>;
}

/** How often the quota is asked for; statfs answers from the last one. */
const accountRefreshMs = 5 * 60_000;

/** How often former places of contents are forgotten that nobody needs any more. */
const pruneMs = 60 * 60_000;

/**
 * Opens the account's database and caches under `stateDir`/`cacheDir`; no request is made before it is needed, but for the event
 * socket. The client belongs to the session from now on, and goes with it. Nothing is left open when this rejects.
 */
export async function openSession(client: JottacloudClient, options: SessionOptions): Promise<Session> {
  const teardown = new Teardown(options.log);
  try {
    return await openParts(client, options, teardown);
  } catch (error) {
    await teardown.run().catch(() => {});
    throw error;
  }
}

async function openParts(client: JottacloudClient, options: SessionOptions, teardown: Teardown): Promise<Session> {
  const { log } = options;
  const clock = options.clock ?? systemClock;
  const work = new Work();
  const { signal } = work;
  const account = getAccountFolder(client.username);
  const onError = (error: unknown) => log.error('listener failed', { error });
  let shown: VisibleChanges | undefined;
  const storage = await openStorage(
    {
      ...options,
      clock,
      stateDir: join(options.stateDir, 'accounts', account),
      cacheDir: join(options.cacheDir, account),
      // What is found while opening is no change to anybody.
      onRow: (row) => shown?.noteRow(row),
      onContent: (md5) => shown?.noteContent(md5),
    },
    teardown,
  );
  const { nodes, store } = storage;
  const isLocal = ({ md5, size }: { md5: string; size: number }) => size === 0 || store.hasAll(md5, size);
  shown = new VisibleChanges({ nodes, isLocal, clock, signal, onError });
  teardown.add('the client', () => client.close());
  const checksummer = new Checksummer(log);
  teardown.add('the checksums', () => checksummer.close());
  const onUnreachable = (row: NodeRow) => shown?.noteRow(row);
  const sync = createSync({ ...options, client, storage, checksummer, onUnreachable, clock, signal });
  const jobs = new Jobs(onError);
  sync.poller.failed.on((ino) => {
    const row = storage.nodes.get(ino);
    if (row !== undefined) shown?.noteRow(row);
  });
  const keeper = createKeeper(sync, storage, { jobs, shown, clock, log, signal });
  const { pusher } = sync;
  const owner = new Account({
    ...{ client, nodes, signal },
    onChange: () => pusher.changed.emit(),
    onRoom: () => pusher.retryPassing(),
  });
  const localNames = new LocalNames(options.localNames);
  const linkRules: LinkRules = { followOutside: false, ...options.linkRules };
  const onVisibleChange = (change: TreeChange) => sync.treeChanged.emit([change]);
  const vfs = new Vfs({ ...storage, ...sync, localNames, linkRules, onVisibleChange, clock, log });
  let watching: Promise<void> | undefined;
  addEnds({ work, keeper, sync, owner, vfs, watching: () => watching, log }, teardown);
  startTimers({ client, nodes, vfs, store, owner, sync, clock, log }, teardown);
  watchForRoom({ pusher, owner, clock, log, signal });
  sync.poller.start();
  pusher.nudge();
  keeper.nudge();
  watching = client.watchEvents(createEventListener(sync.remoteEvents, log), signal);
  watching.catch((error) => log.error('the events of the server are not followed', { error }));
  return {
    ...sync,
    ...{ client, nodes, vfs, localNames, linkRules, store, clock, keeper, jobs, shown, work },
    history: storage.history,
    pins: storage.pins,
    rescued: storage.rescued,
    getAccount: () => owner.state,
    refreshAccount: () => owner.refresh(),
    close: () => teardown.run(),
  };
}

interface EndingParts {
  readonly work: Work;
  readonly keeper: PinKeeper;
  readonly sync: Sync;
  readonly owner: Account;
  readonly vfs: Vfs;
  /** Follows the events of the server until the work ends; undefined before it began. */
  readonly watching: () => Promise<void> | undefined;
  readonly log: Log;
}

/** All work ends before what it works on is closed. */
function addEnds({ work, keeper, sync, owner, vfs, watching, log }: EndingParts, teardown: Teardown): void {
  teardown.add('the work', async () => {
    await work.end(new RemoteError('cancelled', 'the session ends'));
    await keeper.settled();
    await sync.settled();
    await owner.settled();
    await watching();
  });
  // The rest is closed whatever the disk takes.
  teardown.add('the open files', async () => {
    await vfs.flushQuiet(0).catch((error) => log.warn('an open file was not flushed', { error }));
    await vfs.sync().catch((error) => log.warn('the last changes may not survive the machine', { error }));
  });
}

interface KeeperParts {
  readonly jobs: Jobs;
  readonly shown: VisibleChanges;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What is kept offline is looked at again when anything changes, and when downloads may go on. */
function createKeeper(sync: Sync, storage: Storage, { shown, ...parts }: KeeperParts): PinKeeper {
  const { pusher, link, reader, folders } = sync;
  const { pins, nodes, store } = storage;
  const mayFetch = () => !pusher.paused && link.health === 'ok';
  const keeper = new PinKeeper({ pins, nodes, store, reader, folders, mayFetch, ...parts });
  let couldFetch = mayFetch();
  const followLink = () => {
    if (mayFetch() && !couldFetch) keeper.nudge();
    couldFetch = mayFetch();
  };
  pusher.changed.on(followLink);
  link.changed.on(followLink);
  shown.changed.on(() => {
    if (!pins.isEmpty()) keeper.nudge();
  });
  return keeper;
}

interface TimedParts {
  readonly client: JottacloudClient;
  readonly nodes: Nodes;
  readonly vfs: Vfs;
  readonly store: ContentStore;
  readonly owner: Account;
  readonly sync: Sync;
  readonly clock: Clock;
  readonly log: Log;
}

function startTimers({ client, nodes, vfs, store, owner, sync, clock, log }: TimedParts, teardown: Teardown): void {
  const { pusher, poller, folders } = sync;
  const start = (what: string, ms: number, work: () => unknown) =>
    teardown.add(
      what,
      every(ms, work, (error) => log.warn(`${what} failed`, { error })),
    );
  start('the flush of files that stay open', vfsLimits.quietFlushMs, () => vfs.flushQuiet(vfsLimits.quietFlushMs));
  start('the tidying up of the database', pruneMs, () => nodes.pruneFormerPlaces((md5) => vfs.isInUse(md5)));
  start('the look at the free disk space', cacheLimits.floorCheckMs, () => store.keepFloor());
  start('the refresh of the quota', accountRefreshMs, () =>
    owner.refresh().catch((error) => log.debug('quota not refreshed', { error })),
  );
  const onWake = (sleptMs: number) => {
    log.info('the computer slept; everything is looked at again');
    // Connections from before the sleep are dead, and the system does not say so.
    client.dropConnections();
    folders.noteSlept(sleptMs);
    pusher.retryNow();
    void poller.pollNow('full');
  };
  const onError = (error: unknown) => log.warn('what a wake asks for failed', { error });
  teardown.add('the watch for a sleep', watchForSleep(clock.now, onWake, onError));
}
