import { homedir } from 'node:os';
import { join } from 'node:path';
import { createEmitter, type Emitter } from '../base/events.ts';
import { KeyedMutex } from '../base/flights.ts';
import type { Log } from '../base/log.ts';
import { defaultNetworkOptions } from '../base/networkOptions.ts';
import { type LoginToken, parseLoginToken } from '../jottacloud/auth/loginToken.ts';
import { areFor, exchangeLoginToken, type Tokens } from '../jottacloud/auth/tokens.ts';
import { JottacloudClient } from '../jottacloud/client.ts';
import { isJottaError } from '../jottacloud/errors.ts';
import type { ServiceDeps } from '../jottacloud/options.ts';
import type { Network } from '../jottacloud/transport/agents.ts';
import { createEndpoints } from '../jottacloud/urls.ts';
import { cacheDefaults } from '../protocol/cacheDefaults.ts';
import { DriveError } from '../protocol/errors.ts';
import type { DriveOptions, ExportedCopy, MountParams, StoredTokens, UnmountParams } from '../protocol/messages.ts';
import {
  type AccountState,
  type ConflictNotice,
  type DriveState,
  type EntryInfo,
  emptyDriveState,
  type MountState,
  type PastTransfer,
} from '../protocol/state.ts';
import { type Ino, rootIno } from '../store/nodeRow.ts';
import { writebackLimits } from '../sync/tree/limits.ts';
import { getLocalPath } from '../sync/tree/paths.ts';
import { defaultLocalNames } from '../vfs/localNames.ts';
import { splitPath } from '../vfs/names.ts';
import { MountError } from '../volume/mountError.ts';
import type { VolumeDriver } from '../volume/volume.ts';
import { discardFailed, exportFailed } from './failed.ts';
import type { FilesContext } from './files/context.ts';
import { list } from './files/entries.ts';
import { noteConnections } from './lifecycle/deadDrive.ts';
import { forgetAccount } from './lifecycle/forget.ts';
import { Mounts } from './mounts.ts';
import { openSession, type Session } from './session.ts';
import { BrowserSignIns } from './signIn/browserSignIns.ts';
import { checkLoginHost } from './signIn/loginHost.ts';
import { userAgent } from './version.ts';
import { findDrivers, getVolumeDrivers } from './volumeDrivers.ts';
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

const signInDeadlineMs = 60_000;
const defaultOptions: DriveOptions = {
  pollIntervalMs: 45_000,
  ...cacheDefaults,
  keepAfterClose: false,
  driver: 'auto',
  ignoredNames: defaultLocalNames,
  followOutsideLinks: false,
  previewsDownload: false,
  uploadBytesPerSecond: 0,
  downloadBytesPerSecond: 0,
  parallelPushes: writebackLimits.parallelPushes,
  network: defaultNetworkOptions,
};

interface Open {
  readonly session: Session;
  readonly mounts: Mounts;
}

/** The drive process's work: at most one session, its volumes, and what windows ask. Rejects with DriveError and its kin. */
export class Drive {
  readonly stateChanged: Emitter<void>;
  readonly entriesChanged: Emitter<readonly string[]>;
  readonly conflictMade: Emitter<ConflictNotice>;
  readonly signedOut: Emitter<void>;
  readonly #deps: DriveDeps;
  readonly #watched = new Map<object, readonly string[]>();
  #open: Open | undefined;
  #options: DriveOptions = defaultOptions;
  readonly #network: Network;
  readonly #service: ServiceDeps;
  readonly browserSignIns: BrowserSignIns;
  /**
   * Sessions come and go one at a time: two on one state would send every change twice and use one refresh token twice,
   * which ends the sign-in.
   */
  readonly #turns = new KeyedMutex<'session'>();
  /** What windows are told from the moment the end begins: they bring back what was there. */
  #last: DriveState | undefined;

  constructor(deps: DriveDeps) {
    this.#deps = deps;
    this.#network = { getOptions: () => this.#options.network, env: deps.env };
    const { endpoint, log } = deps;
    this.#service = { endpoints: createEndpoints(endpoint), userAgent, log, network: this.#network };
    const use = (tokens: Tokens) => this.#goOnWith(tokens);
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
    if (this.#last !== undefined) return this.#last;
    if (this.#open === undefined) return emptyDriveState;
    const { session, mounts } = this.#open;
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

  /** Exchanges a login token, whose secret goes to a known host or to `confirmedHost` only. With an account open, only the same account may sign in again; its work then goes on. */
  async signIn(text: string, confirmedHost?: string): Promise<AccountState> {
    const token = parseToken(text);
    checkLoginHost(token, this.#deps.endpoint, confirmedHost);
    let tokens: Tokens;
    try {
      tokens = await exchangeLoginToken(token, this.#service, AbortSignal.timeout(signInDeadlineMs));
    } catch (error) {
      if (isJottaError(error, 'signedOut')) throw new DriveError('loginTokenUsed', {}, { cause: error });
      throw error;
    }
    return this.#goOnWith(tokens);
  }

  /** Stores the tokens of a new sign-in and goes on with them; with an account open, only with those of the same one. */
  async #goOnWith(tokens: Tokens): Promise<AccountState> {
    const { keeper } = this.#deps;
    const { session } = await this.#turns.run('session', async () => {
      const open = this.#open;
      if (open === undefined) {
        await keeper.saveTokens(tokens);
        return this.#openSession(tokens);
      }
      const { client, link } = open.session;
      if (client.username !== tokens.username) throw new DriveError('wrongAccount', { username: client.username });
      await client.settleTokens();
      await keeper.saveTokens(tokens);
      client.replaceTokens(tokens);
      link.set('ok');
      return open;
    });
    return this.#askAccount(session);
  }

  /** Goes on with tokens a window kept. null when they are not usable; the window then asks to sign in. */
  async resume(stored: StoredTokens): Promise<AccountState | null> {
    if (this.#open !== undefined) return this.#open.session.getAccount();
    const open = await this.#turns.run('session', async () => {
      // Another window was faster.
      if (this.#open !== undefined) return this.#open;
      const tokens = await this.#deps.keeper.restore(stored);
      return tokens === undefined || !areFor(tokens, this.#service.endpoints) ? undefined : this.#openSession(tokens);
    });
    return open === undefined ? null : this.#askAccount(open.session);
  }

  signOut(): Promise<void> {
    return this.#turns.run('session', async () => {
      await this.#endSession(this.#need());
    });
  }

  /** The same, and removes what this computer keeps of the account. `pendingUploads` while it holds what the server has not. */
  signOutAndForget(): Promise<void> {
    return this.#turns.run('session', async () => {
      const open = this.#need();
      if (open.session.nodes.countPending().pending > 0) throw new DriveError('pendingUploads');
      const { username } = open.session.client;
      await this.#endSession(open);
      await forgetAccount(this.#deps.stateDir, this.#deps.cacheDir, username);
    });
  }

  async #endSession({ session, mounts }: Open): Promise<void> {
    await mounts.close();
    this.#open = undefined;
    // A rotation on its way would store its tokens after they were forgotten.
    await session.client.settleTokens();
    await this.#deps.keeper.clear();
    await session.close();
    this.stateChanged.emit();
  }

  /**
   * Runs a request in the session, which does not end before it; `signal` then aborts at the session's end as well. Without a
   * session it runs all the same, and refuses by itself.
   */
  async within<R>(signal: AbortSignal, request: (signal: AbortSignal) => R | Promise<R>): Promise<R> {
    const work = this.#open?.session.work;
    if (work === undefined) return request(signal);
    return work.run(() => request(AbortSignal.any([signal, work.signal])));
  }

  mount(params: MountParams): Promise<MountState> {
    return this.#need().mounts.mount(params);
  }

  async unmount({ mountPoint, mode }: UnmountParams, signal: AbortSignal): Promise<void> {
    const { session, mounts } = this.#need();
    if (mode === 'drain') await session.pusher.drain(signal);
    await mounts.unmount(mountPoint, mode === 'force');
  }

  list(path: string, refresh: boolean): Promise<EntryInfo[]> {
    return list(this.getFiles(), path, refresh);
  }

  /** What requests about files work with. Throws `signedOut` without a session. */
  getFiles(): FilesContext {
    const { session, mounts } = this.#need();
    return { session, getMounts: () => mounts.getStates(), mountsTold: () => mounts.told() };
  }

  /** Folders that `viewer` shows; they stay live. */
  watch(viewer: object, paths: readonly string[]): void {
    if (paths.length === 0) this.#watched.delete(viewer);
    else this.#watched.set(viewer, paths);
    this.keepWatched();
  }

  /** Called now and then, so that what is on a screen stays live however long nobody touches it. */
  keepWatched(): void {
    const session = this.#open?.session;
    if (session === undefined) return;
    for (const path of [...this.#watched.values()].flat()) {
      const note = async () => session.folders.noteViewed((await session.vfs.resolve(rootIno, splitPath(path))).ino);
      // One that is gone is kept for as long as it is shown: it may come back.
      session.work.run(note).catch(() => {});
    }
  }

  refresh(): Promise<void> {
    return this.#need().session.poller.pollNow('full');
  }

  setOptions(options: DriveOptions): void {
    this.#options = options;
    const session = this.#open?.session;
    session?.localNames.replace(options.ignoredNames);
    if (session !== undefined) session.linkRules.followOutside = options.followOutsideLinks;
    session?.store.setBudget({ maxBytes: options.cacheMaxBytes, minFreeBytes: options.cacheMinFreeBytes });
    if (session !== undefined) applyPace(session, options);
    if (session !== undefined && session.poller.intervalMs !== options.pollIntervalMs) {
      session.poller.setInterval(options.pollIntervalMs);
    }
  }

  setTransfersPaused(paused: boolean): void {
    this.#need().session.pusher.setPaused(paused);
  }

  /** Of one transfer, by its id, or of all. */
  retryFailed(id?: string): void {
    this.#need().session.pusher.retryFailed(id === undefined ? undefined : (Number(id) as Ino));
  }

  stopTransfer(id: string): void {
    const { jobs, pusher } = this.#need().session;
    if (!jobs.stop(id)) pusher.stop(Number(id) as Ino);
  }

  checkMountPoint(mountPoint: string): Promise<void> {
    return this.#need().mounts.checkMountPoint(mountPoint);
  }

  discardFailed(id: string): Promise<void> {
    return discardFailed(this.#need().session, id);
  }

  exportFailed(id: string, to: string): Promise<ExportedCopy> {
    return exportFailed(this.getFiles(), id, to);
  }

  getHistory(limit: number): PastTransfer[] {
    return pastTransfers(this.#need().session, limit);
  }

  /** Rejects with fuseMissing, fuseNotAllowed, fuseTooOld, packageCannotMount or nfsMissing. */
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
    return this.#turns.run('session', async () => {
      const open = this.#open;
      this.#last = this.getState();
      this.#open = undefined;
      if (open === undefined) return;
      if (drain && open.session.link.health === 'ok') {
        await open.session.pusher.drain(signal).catch((error) => this.#deps.log.info('work is left', { error }));
      }
      await open.mounts.close();
      await open.session.client.settleTokens();
      await open.session.close();
    });
  }

  /** Only within a turn. DriveError `shuttingDown` when the end has begun. */
  async #openSession(tokens: Tokens): Promise<Open> {
    if (this.#last !== undefined) throw new DriveError('shuttingDown');
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
    const open = { session, mounts };
    this.#open = open;
    this.#listen(session, mounts);
    this.stateChanged.emit();
    return open;
  }

  /** Waited for only where nothing is known of the account yet: what is here is usable without a network. */
  async #askAccount(session: Session): Promise<AccountState> {
    const asked = session
      .refreshAccount()
      .catch((error) => this.#deps.log.info('the account is not reachable yet', { error }));
    if (session.getAccount().email === '') await asked;
    return session.getAccount();
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

  #need(): Open {
    if (this.#last !== undefined) throw new DriveError('shuttingDown');
    if (this.#open === undefined) throw new DriveError('signedOut');
    return this.#open;
  }
}

function applyPace({ pusher, rates }: Session, options: DriveOptions): void {
  pusher.setParallel(options.parallelPushes);
  rates.upload.setRate(options.uploadBytesPerSecond);
  rates.download.setRate(options.downloadBytesPerSecond);
}

/** In the home folder, where a person looks. */
export const rescueFolder = 'Jottacloud Rescued Files';

function parseToken(text: string): LoginToken {
  try {
    return parseLoginToken(text);
  } catch (error) {
    throw new DriveError('loginTokenMalformed', {}, { cause: error });
  }
}
