import * as vscode from 'vscode';
import type { MessageConnection, RequestParam, RequestType, RequestType0 } from 'vscode-jsonrpc/node';
import type { Log } from '../../base/log.ts';
import { DriveError, type DriveErrorCode, type DriveErrorData } from '../../protocol/errors.ts';
import * as rpc from '../../protocol/messages.ts';
import { socketPath } from '../../protocol/socketPath.ts';
import {
  type AccountState,
  type ConflictNotice,
  type DriveState,
  emptyDriveState,
  type MountState,
} from '../../protocol/state.ts';
import { toDriveError } from '../errors.ts';
import type { TokenStore } from '../tokens.ts';
import { attach } from './attach.ts';
import { pause } from './link.ts';
import { startDriveProcess } from './runtime.ts';

/** No further try to start the drive ends otherwise. */
const lasting: readonly DriveErrorCode[] = ['unsupported', 'nodeMissing', 'versionMismatch'];

/** After a crash: 0.2 s, then doubled up to 30 s, until the drive is back. */
const firstRetryMs = 200;
const longestRetryMs = 30_000;

export interface DriveClientOptions {
  readonly extensionPath: string;
  readonly version: string;
  readonly stateDir: string;
  readonly compiledDir: string;
  /** Where a debugger may attach to the drive that this window starts; undefined: nowhere. */
  readonly inspectPort: string | undefined;
  readonly tokens: TokenStore;
  readonly log: Log;
  getDriveOptions(): rpc.DriveOptions;
  getCacheDir(): string | undefined;
}

/**
 * This window's end of the drive process. Nothing happens before the first `attach` or request; from then on the link
 * is kept: a drive that dies is started again, signed in again, and what was mounted is mounted again.
 *
 *     idle ──attach──▶ attaching ──▶ attached ──socket closed──▶ (nothing to restore) idle
 *                          ▲                       └───────────▶ (account or mounts) attaching, with backoff
 */
export class DriveClient implements vscode.Disposable {
  readonly #options: DriveClientOptions;
  readonly #stop = new AbortController();
  readonly #stateEmitter = new vscode.EventEmitter<DriveState>();
  readonly #entriesEmitter = new vscode.EventEmitter<readonly string[]>();
  readonly #conflictEmitter = new vscode.EventEmitter<ConflictNotice>();
  readonly #signedOutEmitter = new vscode.EventEmitter<void>();
  readonly #attachEmitter = new vscode.EventEmitter<void>();
  readonly #failureEmitter = new vscode.EventEmitter<DriveError>();
  #state: DriveState = emptyDriveState;
  #connection: MessageConnection | undefined;
  #attaching: Promise<MessageConnection> | undefined;
  #logFile: string | undefined;
  #driveVersion: string | undefined;
  #isNotifying = false;
  readonly #focusListener: vscode.Disposable;
  /** Newer than the greeting: what the drive told while attaching was not finished. */
  #early: DriveState | undefined;
  #earlyNotifying: boolean | undefined;

  readonly onDidChangeState = this.#stateEmitter.event;
  /** Folders (paths in the account) whose listing changed. */
  readonly onDidChangeEntries = this.#entriesEmitter.event;
  readonly onDidMakeConflict = this.#conflictEmitter.event;
  /** The refresh token was refused: only a new sign-in helps. */
  readonly onDidSignOut = this.#signedOutEmitter.event;
  /** A fresh link: whatever the drive keeps per window has to be sent again. */
  readonly onDidAttach = this.#attachEmitter.event;
  /** Something nobody asked for failed: the drive did not come back, a mount could not be restored. */
  readonly onDidFail = this.#failureEmitter.event;

  constructor(options: DriveClientOptions) {
    this.#options = options;
    this.#focusListener = vscode.window.onDidChangeWindowState(({ focused }) => {
      if (focused) void this.#connection?.sendNotification(rpc.windowFocused).catch(() => undefined);
    });
  }

  get state(): DriveState {
    return this.#state;
  }

  get attached(): boolean {
    return this.#connection !== undefined;
  }

  /** The drive's own log; undefined before the first attach. */
  get logFile(): string | undefined {
    return this.#logFile;
  }

  /** undefined before the first attach. */
  get driveVersion(): string | undefined {
    return this.#driveVersion;
  }

  /**
   * Whether this is the window that tells the person what happened; never two at a time. The drive chooses (protocol's
   * `notifyingWindow`); while there is none to choose, it is the one looked at.
   */
  get isNotifying(): boolean {
    return this.attached ? this.#isNotifying : vscode.window.state.focused;
  }

  /** Attaches, starting the drive when there is none, and takes up the stored session. Throws DriveError. */
  async attach(): Promise<void> {
    await this.#ensureConnection();
  }

  /** Throws DriveError; 'shuttingDown' when the link broke before the answer. */
  async request<P, R>(
    type: RequestType<P, R, DriveErrorData>,
    params: P,
    token?: vscode.CancellationToken,
  ): Promise<R> {
    const connection = await this.#ensureConnection();
    try {
      const known = params as RequestParam<P>;
      return await (token === undefined
        ? connection.sendRequest(type, known)
        : connection.sendRequest(type, known, token));
    } catch (error) {
      throw toDriveError(error);
    }
  }

  /** The same for requests without parameters. */
  async call<R>(type: RequestType0<R, DriveErrorData>): Promise<R> {
    const connection = await this.#ensureConnection();
    try {
      return await connection.sendRequest(type);
    } catch (error) {
      throw toDriveError(error);
    }
  }

  dispose(): void {
    this.#stop.abort();
    this.#focusListener.dispose();
    this.#connection?.dispose();
    this.#connection = undefined;
    for (const emitter of [this.#stateEmitter, this.#entriesEmitter, this.#conflictEmitter]) emitter.dispose();
    for (const emitter of [this.#signedOutEmitter, this.#attachEmitter, this.#failureEmitter]) emitter.dispose();
  }

  async #ensureConnection(): Promise<MessageConnection> {
    if (this.#connection !== undefined) return this.#connection;
    this.#attaching ??= this.#attachNow().finally(() => {
      this.#attaching = undefined;
    });
    return this.#attaching;
  }

  async #attachNow(): Promise<MessageConnection> {
    const { extensionPath, version, stateDir, compiledDir, inspectPort, log } = this.#options;
    let opened: MessageConnection | undefined;
    let closed = false;
    this.#early = undefined;
    this.#earlyNotifying = undefined;
    try {
      const { connection, greeting, handedOver } = await attach({
        socketFile: socketPath(stateDir),
        stateDir,
        clientVersion: version,
        log,
        signal: this.#stop.signal,
        start: () => {
          const cacheDir = this.#options.getCacheDir();
          const drive = startDriveProcess({ extensionPath, stateDir, compiledDir, cacheDir, inspectPort });
          log.info('started the drive process', { pid: drive.pid, stateDir });
          return drive;
        },
        isFocused: () => vscode.window.state.focused,
        prepare: (link) => this.#addHandlers(link),
      });
      log.info('attached', { pid: greeting.pid, version: greeting.driveVersion, logFile: greeting.logFile });
      opened = connection;
      connection.onClose(() => {
        closed = true;
      });
      this.#logFile = greeting.logFile;
      this.#driveVersion = greeting.driveVersion;
      this.#isNotifying = this.#earlyNotifying ?? greeting.notifyingWindow;
      await connection.sendRequest(rpc.setOptions, this.#options.getDriveOptions());
      const account = greeting.signedIn ? greeting.state.account : await this.#resume(connection);
      // Nobody listened for its end so far.
      if (closed) throw new DriveError('shuttingDown');
      // Shown only now: "no account" while the session is being taken up would flash the welcome view.
      const state = this.#early ?? greeting.state;
      this.#connection = connection;
      this.#setState({ ...state, account: state.account ?? account });
      this.#attachEmitter.fire();
      void this.#remountAll(handedOver);
      return connection;
    } catch (error) {
      opened?.dispose();
      log.warn('could not attach', { error });
      throw toDriveError(error);
    }
  }

  #addHandlers(connection: MessageConnection): void {
    connection.onRequest(rpc.storeTokens, (tokens) => this.#options.tokens.store(tokens));
    connection.onNotification(rpc.stateChanged, (state) => {
      if (this.#connection === connection) this.#setState(state);
      else this.#early = state;
    });
    connection.onNotification(rpc.notifyingWindow, ({ notifyingWindow }) => {
      if (this.#connection === connection) this.#isNotifying = notifyingWindow;
      else this.#earlyNotifying = notifyingWindow;
    });
    connection.onNotification(rpc.entriesChanged, ({ folders }) => this.#entriesEmitter.fire(folders));
    connection.onNotification(rpc.conflictMade, (notice) => this.#conflictEmitter.fire(notice));
    connection.onNotification(rpc.signedOut, () => this.#signedOutEmitter.fire());
    connection.onError(([error]) => this.#options.log.warn('link', { error }));
    connection.onClose(() => {
      // Closing alone leaves requests waiting for ever; disposing rejects them.
      connection.dispose();
      if (this.#connection === connection) void this.#onLinkLost();
    });
  }

  /** Takes up the stored session. A refusal is told by event; the link stays, since signing in needs it. */
  async #resume(connection: MessageConnection): Promise<AccountState | null> {
    const tokens = await this.#options.tokens.load();
    if (tokens === undefined) return null;
    try {
      const account = await connection.sendRequest(rpc.resume, tokens);
      if (account === null) this.#signedOutEmitter.fire();
      return account;
    } catch (error) {
      const failure = toDriveError(error);
      this.#options.log.warn('could not take up the session', { error: failure });
      if (failure.code === 'signedOut') this.#signedOutEmitter.fire();
      else this.#failureEmitter.fire(failure);
      return null;
    }
  }

  async #onLinkLost(): Promise<void> {
    this.#connection = undefined;
    if (this.#stop.signal.aborted) return;
    const lost = this.#state;
    const restore = lost.mounts.filter(({ status }) => status === 'mounted' || status === 'mounting');
    this.#options.log.warn('the drive is gone', { mounts: restore.length });
    if (lost.account === null && restore.length === 0) return this.#setState(emptyDriveState);
    this.#setState({ ...lost, transfers: [], mounts: restore.map((row) => ({ ...row, status: 'mounting' })) });
    for (let retryMs = firstRetryMs; !this.#stop.signal.aborted; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
      await pause(retryMs, this.#stop.signal);
      try {
        await this.attach();
        break;
      } catch (error) {
        const failure = toDriveError(error);
        if (!lasting.includes(failure.code)) continue;
        this.#setState(emptyDriveState);
        return this.#failureEmitter.fire(failure);
      }
    }
    await this.#remountAll(restore);
  }

  async #remountAll(mounts: readonly MountState[]): Promise<void> {
    for (const { mountPoint, source, readOnly } of mounts) await this.#remount({ mountPoint, source, readOnly });
  }

  async #remount(params: rpc.MountParams): Promise<void> {
    if (this.#stop.signal.aborted) return;
    if (this.#state.mounts.some(({ mountPoint }) => mountPoint === params.mountPoint)) return;
    try {
      await this.request(rpc.mount, params);
    } catch (error) {
      const failure = toDriveError(error);
      // Another window was faster.
      if (failure.code !== 'alreadyMounted') this.#failureEmitter.fire(failure);
    }
  }

  #setState(state: DriveState): void {
    if (this.#stop.signal.aborted) return;
    this.#state = state;
    this.#stateEmitter.fire(state);
  }
}
