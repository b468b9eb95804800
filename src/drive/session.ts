import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { createEmitter, type Emitter } from '../base/events.ts';
import { Flights } from '../base/flights.ts';
import { RateLimit } from '../base/rateLimit.ts';
import { Checksummer } from '../content/checksummer.ts';
import { ContentReader } from '../content/contentReader.ts';
import { type ContentBudget, ContentStore } from '../content/contentStore.ts';
import { cacheLimits } from '../content/limits.ts';
import type { Rescued } from '../content/rescue.ts';
import { createRoom, getStagingFloor } from '../content/room.ts';
import { StagingStore } from '../content/stagingStore.ts';
import type { JottacloudClient } from '../jottacloud/client.ts';
import type { AccountState } from '../protocol/state.ts';
import { DurabilityBarrier } from '../store/durability.ts';
import { History } from '../store/history.ts';
import { Nodes } from '../store/nodes.ts';
import { Pins } from '../store/pins.ts';
import { checkpoint } from '../store/schema.ts';
import { Xattrs } from '../store/xattrs.ts';
import { Folders } from '../sync/pull/folders.ts';
import type { MergeResult, TreeChange } from '../sync/pull/merge.ts';
import { Poller } from '../sync/pull/poller.ts';
import { Sightings } from '../sync/pull/sightings.ts';
import { Pusher } from '../sync/push/pusher.ts';
import { Activity } from '../sync/tree/activity.ts';
import type { FaultPoint } from '../sync/tree/faultPoints.ts';
import { writebackLimits } from '../sync/tree/limits.ts';
import { Link } from '../sync/tree/link.ts';
import { type Remote, RemoteError } from '../sync/tree/remote.ts';
import { vfsLimits } from '../vfs/limits.ts';
import { isLitter, LocalNames } from '../vfs/localNames.ts';
import { Vfs } from '../vfs/vfs.ts';
import { createSource } from './adapters/contentSource.ts';
import { createEventListener } from './adapters/eventAdapter.ts';
import { createRemote, type Rates } from './adapters/remoteAdapter.ts';
import { openOrRescue, type RescueOptions } from './lifecycle/openOrRescue.ts';
import { watchWake } from './lifecycle/wake.ts';
import { PinKeeper } from './offline/pinKeeper.ts';
import { isPinned } from './offline/pinned.ts';
import { Jobs } from './windows/jobs.ts';
import { ShownChanges } from './windows/shownChanges.ts';

export interface SessionOptions extends RescueOptions {
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly budget: ContentBudget;
  readonly pollMs: number;
  readonly settleMs?: number;
  /** Patterns of names that stay on this computer. */
  readonly localNames: readonly string[];
  /** What happens at the steps of a push (faultPoints.ts); nothing when absent. */
  readonly reach?: (point: FaultPoint) => void;
  /** The system's when absent. */
  readonly clock?: Clock;
  /** 0 ≤ x < 1, for jitter; Math.random when absent. */
  readonly random?: () => number;
}

export interface Conflict {
  readonly original: TreeChange;
  readonly copy: TreeChange;
}

/** One signed-in account: everything between the client and the mounts, wired by hand. */
export interface Session {
  readonly client: JottacloudClient;
  readonly nodes: Nodes;
  readonly vfs: Vfs;
  readonly localNames: LocalNames;
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
  /** Folders whose listing looks otherwise now, whoever changed it. */
  readonly shown: ShownChanges;
  /** Unlimited until set. */
  readonly rates: Rates;
  /** Where unsent content went that this start found without a place in the tree. */
  readonly rescued: Rescued | null;
  readonly treeChanged: Emitter<readonly TreeChange[]>;
  readonly conflictMade: Emitter<Conflict>;
  /** From the last answer of the server, kept over restarts. */
  readonly getAccount: () => AccountState;
  refreshAccount(): Promise<void>;
  /** Writes what is open to disk, stops all work, closes the database. Pending work stays for the next start. */
  close(): Promise<void>;
}

/** How often the quota is asked for; statfs answers from the last one. */
const accountRefreshMs = 5 * 60_000;

/** How often former places of contents are forgotten that nobody needs any more. */
const pruneMs = 60 * 60_000;

/** Opens the account's database and caches under `stateDir`/`cacheDir`; no request is made before it is needed, but for the event socket. */
export async function openSession(client: JottacloudClient, options: SessionOptions): Promise<Session> {
  const { log } = options;
  // The name comes from outside: its hash makes a safe folder name.
  const account = createHash('sha256').update(client.username).digest('hex').slice(0, 16);
  const stateDir = join(options.stateDir, 'accounts', account);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const abort = new AbortController();
  const onError = (error: unknown) => log.error('listener failed', { error });
  const clock = options.clock ?? systemClock;
  const databaseFile = join(stateDir, 'metadata.db');
  const stagingDir = join(stateDir, 'staging');
  const { db, rescued: damaged } = await openOrRescue(databaseFile, stagingDir, options, clock.now());
  const nodes: Nodes = new Nodes(db, (row) => shown.noteRow(row));
  const pins = new Pins(db);
  const jobs = new Jobs(onError);
  const shown = new ShownChanges({
    nodes,
    isLocal: (content) => reader.isLocal(content),
    clock,
    signal: abort.signal,
    onError,
  });
  const xattrs = new Xattrs(db);
  const barrier = new DurabilityBarrier(databaseFile, () => checkpoint(db));
  const staging = new StagingStore({ staging: stagingDir, lost: join(stateDir, 'lost+found') }, db, log);
  const unclaimed = await staging.recover(nodes.purgeOrphans(), clock.now());
  nodes.pruneFormerPlaces(() => false);
  const store = await ContentStore.open(join(options.cacheDir, account), options.budget, log, {
    pinned: new Set(pins.getContents().map(({ md5 }) => md5)),
    isPinned: (md5) => isPinned(pins, nodes, md5),
    onChange: (md5) => shown.noteContent(md5),
  });
  const room = createRoom({
    dir: stagingDir,
    reserve: join(stateDir, 'reserve'),
    getFloor: () => getStagingFloor(store.budget.minFreeBytes),
    cache: store,
  });
  const link = new Link(onError);
  const rates: Rates = { upload: new RateLimit(clock), download: new RateLimit(clock) };
  const remote = createRemote(client, link, rates, log);
  const reader: ContentReader = new ContentReader({
    store,
    source: createSource(nodes, remote),
    log,
    signal: abort.signal,
  });
  const checksummer = new Checksummer(log);
  const activity = new Activity(clock);
  const names = () => ({ host: hostname(), now: clock.now() });
  const merged = createEmitter<MergeResult>(onError);
  const treeChanged = createEmitter<readonly TreeChange[]>(onError);
  const conflictMade = createEmitter<Conflict>(onError);
  merged.on(({ changes, conflicts }) => {
    treeChanged.emit(changes);
    for (const conflict of conflicts) conflictMade.emit(conflict);
    // What was waited for may be there, or gone: a conflict, a name, a folder to be made anew.
    pusher.nudge();
  });
  const onConflict = (original: TreeChange, copy: TreeChange) => {
    treeChanged.emit([original, copy]);
    conflictMade.emit({ original, copy });
  };
  const { signal } = abort;
  const folders = new Folders({
    nodes,
    activity,
    names,
    isBase: (md5) => staging.isBase(md5, null),
    isLitter,
    discard: async (ids) => {
      await barrier.barrier();
      await Promise.all(ids.map((id) => staging.unlink(id)));
    },
    remote,
    clock,
    log,
    merged,
    signal,
    pollMs: () => poller.intervalMs,
  });
  const pusher = new Pusher({
    nodes,
    xattrs,
    activity,
    remote,
    staging,
    store,
    reader,
    room,
    checksummer,
    barrier,
    names,
    onConflict,
    folders,
    link,
    clock,
    log,
    random: options.random ?? Math.random,
    settleMs: options.settleMs ?? writebackLimits.settleMs,
    signal,
    reach: options.reach ?? (() => {}),
  });
  const history = new History(db, log);
  pusher.finished.on(({ kind, path, bytes, took, outcome }) => {
    // Attempts that say nothing about the change itself would crowd out those that do.
    if (outcome === 'cancelled' || outcome === 'offline' || outcome === 'signedOut') return;
    history.add({ at: clock.now(), kind, path, bytes, ms: took, outcome });
  });
  const poller = new Poller({ nodes, folders, remote, link, clock, log, signal }, options.pollMs);
  const localNames = new LocalNames(options.localNames);
  const vfs = new Vfs({
    nodes,
    xattrs,
    pins,
    staging,
    reader,
    barrier,
    activity,
    folders,
    pusher,
    localNames,
    room,
    onShownAnew: (change) => treeChanged.emit([change]),
    clock,
    log,
  });
  const flushTimer = setInterval(() => {
    vfs.flushQuiet(vfsLimits.quietFlushMs).catch((error) => log.warn('an open file was not flushed', { error }));
  }, vfsLimits.quietFlushMs);

  const pruneTimer = setInterval(() => {
    try {
      nodes.pruneFormerPlaces((md5) => vfs.isInUse(md5));
    } catch (error) {
      log.warn('the database could not be tidied up', { error });
    }
  }, pruneMs);
  const floorTimer = setInterval(() => void store.keepFloor(), cacheLimits.floorCheckMs);

  let accountState = loadAccount(nodes, client.username);
  const accountFlights = new Flights<'account', void>();
  const refreshAccount = () =>
    accountFlights.run('account', async () => {
      const customer = await client.fetchCustomer(signal);
      accountState = {
        username: client.username,
        email: customer.email,
        name: customer.name,
        usedBytes: customer.usage,
        totalBytes: customer.quota,
      };
      nodes.setMeta('account', JSON.stringify(accountState));
      pusher.changed.emit();
    });
  const accountTimer = setInterval(() => {
    refreshAccount().catch((error) => log.debug('quota not refreshed', { error }));
  }, accountRefreshMs);

  const mayFetch = () => !pusher.paused && link.health === 'ok';
  const keeper = new PinKeeper({ pins, nodes, store, reader, folders, jobs, mayFetch, clock, log, signal });
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
  keeper.nudge();

  const stopWatchingWake = watchWake(clock.now, (sleptMs) => {
    log.info('the computer slept; everything is looked at again');
    // Connections from before are dead without a word.
    client.dropConnections();
    folders.noteSlept(sleptMs);
    pusher.retryNow();
    void poller.pollNow('full');
  });
  poller.start();
  pusher.nudge();
  const sightings = new Sightings({ nodes, activity, folders, poller, clock, signal });
  void client.watchEvents(createEventListener(sightings), signal);
  return {
    client,
    nodes,
    vfs,
    localNames,
    folders,
    pusher,
    poller,
    link,
    store,
    reader,
    activity,
    history,
    remote,
    clock,
    pins,
    keeper,
    jobs,
    shown,
    rates,
    rescued: damaged ?? unclaimed,
    treeChanged,
    conflictMade,
    getAccount: () => accountState,
    refreshAccount,
    close: async () => {
      stopWatchingWake();
      clearInterval(accountTimer);
      clearInterval(flushTimer);
      clearInterval(floorTimer);
      clearInterval(pruneTimer);
      // The rest is closed whatever the disk takes.
      await vfs.flushQuiet(0).catch((error) => log.warn('an open file was not flushed', { error }));
      await vfs.sync().catch((error) => log.warn('the last changes may not survive the machine', { error }));
      abort.abort(new RemoteError('cancelled', 'the session ends'));
      await pusher.settled();
      await checksummer.close();
      client.close();
      await staging.closeAll();
      await barrier.close();
      db.close();
    },
  };
}

function loadAccount(nodes: Nodes, username: string): AccountState {
  const unknown = { username, email: '', name: '', usedBytes: 0, totalBytes: -1 };
  const stored = nodes.getMeta('account');
  return stored === undefined ? unknown : { ...unknown, ...(JSON.parse(stored) as Partial<AccountState>) };
}
