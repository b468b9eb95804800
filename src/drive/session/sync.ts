import { hostname } from 'node:os';
import { type Clock, systemClock } from '../../base/clock.ts';
import { createEmitter, type Emitter } from '../../base/events.ts';
import { Foreground } from '../../base/foreground.ts';
import type { Log } from '../../base/log.ts';
import { RateLimit } from '../../base/rateLimit.ts';
import type { Checksummer } from '../../content/checksummer.ts';
import { ContentReader } from '../../content/contentReader.ts';
import { newReadahead } from '../../content/readahead.ts';
import type { JottacloudClient } from '../../jottacloud/client.ts';
import type { History } from '../../store/history.ts';
import type { NodeRow } from '../../store/nodeRow.ts';
import { Folders } from '../../sync/pull/folders.ts';
import type { MergeResult, TreeChange } from '../../sync/pull/mergeResult.ts';
import { Poller } from '../../sync/pull/poller.ts';
import { RemoteEvents } from '../../sync/pull/remoteEvents.ts';
import { Pusher } from '../../sync/push/pusher.ts';
import { Activity } from '../../sync/tree/activity.ts';
import type { FaultPoint } from '../../sync/tree/faultPoints.ts';
import { writebackLimits } from '../../sync/tree/limits.ts';
import { Link } from '../../sync/tree/link.ts';
import type { Remote } from '../../sync/tree/remote.ts';
import { isLitter } from '../../vfs/localNames.ts';
import { createSource } from '../adapters/contentSource.ts';
import { createRemote, type Rates } from '../adapters/remoteAdapter.ts';
import { Reads } from '../windows/reads.ts';
import type { Storage } from './storage.ts';

export interface Conflict {
  readonly original: TreeChange;
  readonly copy: TreeChange;
}

export interface SyncOptions {
  readonly client: JottacloudClient;
  readonly storage: Storage;
  readonly checksummer: Checksummer;
  readonly pollMs: number;
  readonly settleMs?: number;
  /** For how long reads wait for a network that has just gone, ms; the limits' when absent. */
  readonly networkGraceMs?: number;
  /** Bytes of a file were asked for, and nobody can ask for it. */
  readonly onUnreachable: (row: NodeRow) => void;
  /** What happens at the steps of a push (faultPoints.ts); nothing when absent. */
  readonly faultPoint?: (point: FaultPoint) => void;
  /** 0 ≤ x < 1, for jitter; Math.random when absent. */
  readonly random?: () => number;
  readonly clock: Clock;
  /** Aborts when the session ends. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** What keeps the two sides of the tree together: the way to the server, listings, pushes. */
export interface Sync {
  readonly link: Link;
  /** Unlimited until set. */
  readonly rates: Rates;
  readonly remote: Remote;
  readonly reader: ContentReader;
  readonly reads: Reads;
  readonly activity: Activity;
  /** Hears of file operations, for which all of this makes way. */
  readonly foreground: Foreground;
  readonly folders: Folders;
  readonly pusher: Pusher;
  readonly poller: Poller;
  readonly remoteEvents: RemoteEvents;
  readonly treeChanged: Emitter<readonly TreeChange[]>;
  readonly conflictMade: Emitter<Conflict>;
  /** Resolves when none of it is at work any more; `signal` has aborted before. */
  settled(): Promise<void>;
}

/** Wires them; nothing is asked of the server before something wants it. */
export function createSync(options: SyncOptions): Sync {
  const { client, storage, checksummer, onUnreachable, clock, signal, log } = options;
  const { nodes, xattrs, staging, store, room, barrier, history } = storage;
  const onError = (error: unknown) => log.error('listener failed', { error });
  const link = new Link(clock, options.networkGraceMs ?? writebackLimits.networkGraceMs, onError);
  const rates: Rates = { upload: new RateLimit(clock), download: new RateLimit(clock) };
  const remote = createRemote(client, link, rates);
  const source = createSource({
    ...{ nodes, remote, link, clock },
    onUnreachable: (md5) => nodes.getHolders(md5).forEach(onUnreachable),
  });
  const reads = new Reads(onError);
  const reader = new ContentReader({ store, source: reads.follow(source), log, signal });
  const activity = new Activity(clock);
  // The computer's own time: this is about its processor.
  const foreground = new Foreground({ now: () => performance.now(), sleep: systemClock.sleep });
  const names = () => ({ host: hostname(), now: clock.now() });
  const merged = createEmitter<MergeResult>(onError);
  const treeChanged = createEmitter<readonly TreeChange[]>(onError);
  const conflictMade = createEmitter<Conflict>(onError);
  const folders: Folders = new Folders({
    ...{ nodes, activity, foreground, names, isLitter, remote, link, clock, log, merged, signal },
    isBase: (md5) => staging.isBase(md5, null),
    discard: async (ids) => {
      for (const id of ids) staging.discard(id);
    },
    readContent: (content) => reader.read(content, 0, content.size, newReadahead()),
    pollMs: () => poller.intervalMs,
  });
  const pusher = new Pusher({
    ...{ nodes, xattrs, staging, store, reader, room, barrier, checksummer },
    ...{ activity, folders, remote, link, foreground, names, clock, log, signal },
    onConflict: (original, copy) => {
      treeChanged.emit([original, copy]);
      conflictMade.emit({ original, copy });
    },
    random: options.random ?? Math.random,
    settleMs: options.settleMs ?? writebackLimits.settleMs,
    faultPoint: options.faultPoint ?? (() => {}),
  });
  const poller = new Poller({ nodes, folders, remote, link, clock, log, signal }, options.pollMs);
  const remoteEvents = new RemoteEvents({ nodes, activity, folders, remote, poller, clock, log, signal });
  merged.on(({ changes, conflicts }) => {
    treeChanged.emit(changes);
    for (const conflict of conflicts) conflictMade.emit(conflict);
    // What was waited for may be there, or gone: a conflict, a name, a folder to be made anew.
    pusher.nudge();
  });
  keepHistory(pusher, history, clock);
  return {
    ...{ link, rates, remote, reader, reads, activity, foreground },
    ...{ folders, pusher, poller, remoteEvents, treeChanged, conflictMade },
    settled: async () => {
      // Each may still ask for listings, which are waited for last.
      await pusher.settled();
      await remoteEvents.settled();
      await poller.settled();
      await folders.settled();
    },
  };
}

/** Keeps the outcomes that a person may want to look up. Attempts that were cancelled, or found no network or sign-in, say
 * nothing about the change and would crowd out those that do. */
function keepHistory(pusher: Pusher, history: History, clock: Clock): void {
  pusher.finished.on(({ kind, path, bytes, took, outcome }) => {
    if (outcome === 'cancelled' || outcome === 'offline' || outcome === 'signedOut') return;
    history.add({ at: clock.now(), kind, path, bytes, ms: took, outcome });
  });
}
