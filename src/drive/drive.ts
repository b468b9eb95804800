import { homedir } from 'node:os';
import { join } from 'node:path';
import { createEmitter, type Emitter } from '../base/events.ts';
import type { Log } from '../base/log.ts';
import type { Tokens } from '../jottacloud/auth/tokens.ts';
import { JottacloudClient } from '../jottacloud/client.ts';
import type { ServiceDeps } from '../jottacloud/options.ts';
import type { Network } from '../jottacloud/transport/agents.ts';
import { createEndpoints } from '../jottacloud/urls.ts';
import { DriveError } from '../protocol/errors.ts';
import type { DriveOptions, ExportedCopy, MountParams, UnmountParams } from '../protocol/messages.ts';
import {
  type ConflictNotice,
  type DriveState,
  type EntryInfo,
  emptyDriveState,
  type MountState,
  type PastTransfer,
} from '../protocol/state.ts';
import type { Ino } from '../store/nodeRow.ts';
import { getLocalPath } from '../sync/tree/paths.ts';
import { MountError } from '../volume/mountError.ts';
import type { VolumeDriver } from '../volume/volume.ts';
import { discardFailed, exportFailed } from './failed.ts';
import type { FilesContext } from './files/context.ts';
import { list } from './files/entries.ts';
import { noteConnections } from './lifecycle/deadDrive.ts';
import { Mounts } from './mounts.ts';
import { applyOptions, applyPace, defaultOptions } from './options.ts';
import { openSession, type Session } from './session.ts';
import { type Open, Sessions } from './sessions.ts';
import { BrowserSignIns } from './signIn/browserSignIns.ts';
import { userAgent } from './version.ts';
import { findDrivers, getVolumeDrivers } from './volumeDrivers.ts';
import { WatchedFolders } from './watchedFolders.ts';
import type { TokenKeeper } from './windows/tokenKeeper.ts';
import { pastTransfers, transferStates } from './windows/transfers.ts';

export interface DriveDeps {
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly endpoint: string | undefined;
  /** Where proxies are looked up when no setting names one. */
  readonly env: NodeJS.ProcessEnv;
  readonly keeper: TokenKeeper;
  /** The metadata database turned out to be damaged: this process is to end and be started anew. */
  readonly onDamage: (error: unknown) => void;
  readonly log: Log;
}

/** The drive process's work: at most one session, its volumes, and what windows ask. Rejects with DriveError and its kin. */
export class Drive {
  readonly stateChanged: Emitter<void>;
  readonly entriesChanged: Emitter<readonly string[]>;
  readonly conflictMade: Emitter<ConflictNotice>;
  readonly signedOut: Emitter<void>;
  readonly #deps: DriveDeps;
  readonly sessions: Sessions;
  readonly browserSignIns: BrowserSignIns;
  readonly #watched = new WatchedFolders();
  readonly #service: ServiceDeps;
  #options: DriveOptions = defaultOptions;

  constructor(deps: DriveDeps) {
    this.#deps = deps;
    const network: Network = { getOptions: () => this.#options.network, env: deps.env };
    const { stateDir, cacheDir, keeper, endpoint, log } = deps;
    this.#service = { endpoints: createEndpoints(endpoint), userAgent, log, network };
    this.sessions = new Sessions({
      ...{ stateDir, cacheDir, endpoint, service: this.#service, keeper, log },
      openSession: (tokens) => this.#openSession(tokens),
      changed: () => this.stateChanged.emit(),
    });
    const use = (tokens: Tokens) => this.sessions.goOnWith(tokens);
    this.browserSignIns = new BrowserSignIns({ service: this.#service, endpoint, use });
    const onError = (error: unknown) => deps.log.error('listener failed', { error });
    this.stateChanged = createEmitter(onError);
    this.entriesChanged = createEmitter(onError);
    this.conflictMade = createEmitter(onError);
    this.signedOut = createEmitter(onError);
  }

  get options(): DriveOptions {
    return this.#options;
  }

  get signedIn(): boolean {
    return this.#open !== undefined;
  }

  getState(): DriveState {
    const { open, lastState } = this.sessions;
    if (lastState !== undefined) return lastState;
    if (open === undefined) return emptyDriveState;
    const { session, mounts } = open;
    const { pending, failed } = session.nodes.countPending();
    return {
      account: session.getAccount(),
      health: session.link.health,
      mounts: mounts.getStates(),
      pendingChanges: pending - failed,
      failedChanges: failed,
      transfersPaused: session.pusher.paused,
      transfers: transferStates(session),
      lastPollAt: session.poller.lastPollAt,
      rescued: session.rescued,
      lacking: session.client.lacking,
    };
  }

  mount(params: MountParams): Promise<MountState> {
    return this.sessions.need().mounts.mount(params);
  }

  async unmount({ mountPoint, mode }: UnmountParams, signal: AbortSignal): Promise<void> {
    const { session, mounts } = this.sessions.need();
    if (mode === 'drain') await session.pusher.drain(signal);
    await mounts.unmount(mountPoint, mode === 'force');
  }

  list(path: string, refresh: boolean): Promise<EntryInfo[]> {
    return list(this.getFiles(), path, refresh);
  }

  /** What requests about files work with. Throws `signedOut` without a session. */
  getFiles(): FilesContext {
    const { session, mounts } = this.sessions.need();
    return { session, getMounts: () => mounts.getStates(), mountsTold: () => mounts.told() };
  }

  /** Folders that `viewer` shows; they stay live. */
  watch(viewer: object, paths: readonly string[]): void {
    this.#watched.set(viewer, paths);
    this.keepWatched();
  }

  /** Called now and then, so that what is on a screen stays live however long nobody touches it. */
  keepWatched(): void {
    if (this.#open !== undefined) this.#watched.keepIn(this.#open.session);
  }

  refresh(): Promise<void> {
    return this.sessions.need().session.poller.pollNow('full');
  }

  setOptions(options: DriveOptions): void {
    this.#options = options;
    if (this.#open !== undefined) applyOptions(this.#open.session, options);
  }

  setTransfersPaused(paused: boolean): void {
    this.sessions.need().session.pusher.setPaused(paused);
  }

  /** Tries one failed transfer again, by its id, or all of them. */
  retryFailed(id?: string): void {
    this.sessions.need().session.pusher.retryFailed(id === undefined ? undefined : (Number(id) as Ino));
  }

  stopTransfer(id: string): void {
    const { jobs, pusher } = this.sessions.need().session;
    if (!jobs.stop(id)) pusher.stop(Number(id) as Ino);
  }

  checkMountPoint(mountPoint: string): Promise<void> {
    return this.sessions.need().mounts.checkMountPoint(mountPoint);
  }

  discardFailed(id: string): Promise<void> {
    return discardFailed(this.sessions.need().session, id);
  }

  exportFailed(id: string, to: string): Promise<ExportedCopy> {
    return exportFailed(this.getFiles(), id, to);
  }

  getHistory(limit: number): PastTransfer[] {
    return pastTransfers(this.sessions.need().session, limit);
  }

  /** Rejects with fuseMissing, fuseNotAllowed, fuseTooOld, packageCannotMount, systemCannotMount or nfsMissing. */
  async preflight(): Promise<void> {
    try {
      await findDrivers(this.#getDrivers(), this.#deps.log);
    } catch (error) {
      if (error instanceof MountError) throw new DriveError(error.kind, error.detail, { cause: error });
      throw error;
    }
  }

  get mountCount(): number {
    return this.#open?.mounts.size ?? 0;
  }

  /** Flushes, unmounts, closes. With `drain`, first waits for uploads, at most as long as `signal` allows. */
  close(drain: boolean, signal: AbortSignal): Promise<void> {
    this.browserSignIns.end();
    return this.sessions.close(drain, () => this.getState(), signal);
  }

  async #openSession(tokens: Tokens): Promise<Open> {
    const { stateDir, cacheDir, keeper, onDamage, log } = this.#deps;
    const client = new JottacloudClient({ ...this.#service, tokens, vault: keeper });
    const session = await openSession(client, {
      stateDir,
      cacheDir,
      budget: { maxBytes: this.#options.cacheMaxBytes, minFreeBytes: this.#options.cacheMinFreeBytes },
      pollMs: this.#options.pollIntervalMs,
      localNames: this.#options.ignoredNames,
      linkRules: { followOutside: this.#options.followOutsideLinks },
      rescueDir: join(homedir(), rescueFolder),
      onDamage,
      log,
    });
    applyPace(session, this.#options);
    const mounts = new Mounts(session, [stateDir, cacheDir], log, {
      getDrivers: () => this.#getDrivers(client.username),
      previewsDownload: () => this.#options.previewsDownload,
    });
    noteConnections(stateDir, mounts, log);
    this.#listen(session, mounts);
    return { session, mounts };
  }

  #listen(session: Session, mounts: Mounts): void {
    const pathOf = (parent: Ino, name: string) =>
      `${(getLocalPath(session.nodes, parent) ?? '').replace(/^\/$/, '')}/${name}`;
    session.link.changed.on((health) => {
      this.stateChanged.emit();
      if (health === 'signedOut') this.signedOut.emit();
    });
    session.pusher.changed.on(() => this.stateChanged.emit());
    mounts.changed.on(() => this.stateChanged.emit());
    session.jobs.changed.on(() => this.stateChanged.emit());
    session.reads.changed.on(() => this.stateChanged.emit());
    session.shown.changed.on((inos) => {
      const folders = inos.map((ino) => getLocalPath(session.nodes, ino)).filter((path) => path !== undefined);
      if (folders.length > 0) this.entriesChanged.emit(folders);
      // What waits is counted too, and waits without a push to tell of it: paused, offline, settling.
      this.stateChanged.emit();
    });
    session.conflictMade.on(({ original, copy }) =>
      this.conflictMade.emit({
        path: pathOf(original.parent, original.name),
        copyPath: pathOf(copy.parent, copy.name),
      }),
    );
  }

  #getDrivers(account = ''): readonly VolumeDriver[] {
    // The secret and the ports in that file last from one drive to the next.
    return getVolumeDrivers(this.#options.driver, { stateFile: join(this.#deps.stateDir, 'nfs.json'), account });
  }

  get #open(): Open | undefined {
    return this.sessions.open;
  }
}

/** In the home folder, where a person looks. */
export const rescueFolder = 'Jottacloud Rescued Files';
