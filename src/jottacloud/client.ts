import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { TokenSource } from './auth/auth.ts';
import type { Tokens, TokenVault } from './auth/tokens.ts';
import { fetchTidyFolder } from './changes/caseRename.ts';
import { copyFile, createFolder, purgeTrash, setFileTimes, trashFile, trashFolder } from './changes/commands.ts';
import { moveFile, moveFolder } from './changes/moves.ts';
import { disableShare, enableShare, fetchShare, fetchShared } from './changes/sharing.ts';
import { fetchTrash, removeForGood, restore, type TrashedEntry } from './changes/trash.ts';
import { spellNewName } from './doubtfulNames.ts';
import { type EventListener, watchEvents } from './events/eventSocket.ts';
import { type Habit, Habits } from './habits.ts';
import { defaultLimits } from './limits.ts';
import {
  fetchAccount,
  fetchCustomer,
  fetchFile,
  fetchHistory,
  fetchKeptRevisions,
  fetchMountpoints,
  fetchProgress,
  fetchRevisions,
  type History,
  type Progress,
} from './listing/listings.ts';
import { liststream } from './listing/liststream.ts';
import type { ServiceDeps } from './options.ts';
import { Reads } from './reads.ts';
import type { Service } from './service.ts';
import { allocate, tryRefusal } from './transfer/allocate.ts';
import { comesWhole, download } from './transfer/content.ts';
import { type UploadSpan, upload } from './transfer/upload.ts';
import { createHttp, type Http } from './transport/http.ts';
import type {
  Account,
  AllocateRequest,
  Allocation,
  Customer,
  DownloadRange,
  FileStamp,
  JottaEntry,
  JottaFile,
  JottaMountpoints,
  JottaPath,
  StreamedEntry,
  UploadResult,
} from './types.ts';

export type { JottaEntry, JottaFile, JottaFolder, JottaPath } from './types.ts';

export interface ClientOptions extends ServiceDeps {
  readonly tokens: Tokens;
  readonly vault: TokenVault;
}

/**
 * One signed-in account. Every call takes a signal, has its own deadlines (limits.ts), rejects with JottaError only
 * (upload also with its source's error), and may run in parallel with any other: callers bound the concurrency.
 * The contract of each method stands at the function of the same name.
 */
export class JottacloudClient {
  /** Internal JFS user name. */
  readonly username: string;
  readonly #service: Service;
  /** Apart from the rest, so that `close` does not cut a token rotation (auth.ts). */
  readonly #tokenHttp: Http;
  readonly #userAgent: string;
  readonly #closed = new AbortController();

  constructor(options: ClientOptions) {
    const limits = { ...defaultLimits, ...options.limits };
    const log = options.log ?? silentLog;
    const clock = options.clock ?? systemClock;
    const { userAgent, network } = options;
    const http = createHttp({ userAgent, limits, log, network });
    this.#tokenHttp = createHttp({ userAgent, limits, log, network });
    this.username = options.tokens.username;
    this.#userAgent = userAgent;
    this.#service = {
      http,
      tokens: new TokenSource({ http: this.#tokenHttp, vault: options.vault, clock }, options.tokens),
      endpoints: options.endpoints,
      retry: { limits, clock, random: options.random ?? Math.random },
      habits: new Habits(log),
      reads: new Reads(),
    };
  }

  fetchCustomer(signal: AbortSignal): Promise<Customer> {
    return fetchCustomer(this.#service, signal);
  }

  fetchAccount(signal: AbortSignal): Promise<Account> {
    return fetchAccount(this.#service, signal);
  }

  /** Live mountpoints, without the views Trash, Latest and Links. */
  fetchDevice(device: string, signal: AbortSignal): Promise<JottaMountpoints> {
    return fetchMountpoints(this.#service, device, signal);
  }

  /** fetchTidyFolder: also finishes renames that were cut in the middle. */
  fetchFolder(path: JottaPath, signal: AbortSignal): Promise<JottaEntry[]> {
    return fetchTidyFolder(this.#service, path, signal);
  }

  fetchFile(path: JottaPath, signal: AbortSignal): Promise<JottaFile> {
    return fetchFile(this.#service, path, signal);
  }

  fetchRevisions(path: JottaPath, signal: AbortSignal): Promise<JottaFile[]> {
    return fetchRevisions(this.#service, path, signal);
  }

  fetchKeptRevisions(path: JottaPath, signal: AbortSignal): Promise<JottaFile[]> {
    return fetchKeptRevisions(this.#service, path, signal);
  }

  fetchHistory(path: JottaPath, signal: AbortSignal): Promise<History> {
    return fetchHistory(this.#service, path, signal);
  }

  fetchProgress(path: JottaPath, signal: AbortSignal): Promise<Progress> {
    return fetchProgress(this.#service, path, signal);
  }

  liststream(path: JottaPath, signal: AbortSignal): AsyncIterable<StreamedEntry> {
    return liststream(this.#service, path, signal);
  }

  download(path: JottaPath, range: DownloadRange, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    return download(this.#service, path, range, signal);
  }

  comesWhole(path: JottaPath, md5: string): boolean {
    return comesWhole(this.#service, path, md5);
  }

  /** The wire spelling of a new local name (names.ts): with look-alikes for characters that the service turned out to refuse, too. */
  encodeName(local: string): string {
    return spellNewName(this.#service.habits, local);
  }

  /** Of any path. */
  get meetsUnreachable(): boolean {
    return !this.#service.reads.unreachable.isEmpty;
  }

  /** What is at that path could not be asked for lately, because of a name in it. */
  isUnreachable(path: JottaPath): boolean {
    return this.#service.reads.unreachable.has(path.join('/'));
  }

  /** What the service turned out not to do, and is done another way. */
  get lacking(): Habit[] {
    return this.#service.habits.lacking;
  }

  allocate(path: JottaPath, file: AllocateRequest, signal: AbortSignal): Promise<Allocation> {
    return allocate(this.#service, path, file, signal);
  }

  tryRefusal(path: JottaPath, file: Omit<AllocateRequest, 'onConflict'>, signal: AbortSignal): Promise<void> {
    return tryRefusal(this.#service, path, file, signal);
  }

  /** Whether the service refuses a new file where one is; undefined while that was not seen. */
  get refusesTaken(): boolean | undefined {
    const { habits } = this.#service;
    return habits.has('rejectConflicts') ? true : habits.lacks('rejectConflicts') ? false : undefined;
  }

  upload(
    uploadUrl: string,
    body: AsyncIterable<Buffer> | Buffer,
    span: UploadSpan,
    signal: AbortSignal,
    onProgress?: (bytes: number) => void,
  ): Promise<UploadResult> {
    return upload(this.#service, uploadUrl, body, span, signal, onProgress);
  }

  createFolder(path: JottaPath, signal: AbortSignal): Promise<void> {
    return createFolder(this.#service, path, signal);
  }

  moveFile(from: JottaPath, to: JottaPath, signal: AbortSignal): Promise<void> {
    return moveFile(this.#service, from, to, signal);
  }

  moveFolder(from: JottaPath, to: JottaPath, signal: AbortSignal): Promise<void> {
    return moveFolder(this.#service, from, to, signal);
  }

  copyFile(from: JottaPath, to: JottaPath, signal: AbortSignal): Promise<JottaFile> {
    return copyFile(this.#service, from, to, signal);
  }

  trashFile(path: JottaPath, signal: AbortSignal): Promise<void> {
    return trashFile(this.#service, path, signal);
  }

  trashFolder(path: JottaPath, signal: AbortSignal): Promise<void> {
    return trashFolder(this.#service, path, signal);
  }

  setFileTimes(path: JottaPath, file: FileStamp, signal: AbortSignal): Promise<JottaFile> {
    return setFileTimes(this.#service, path, file, signal);
  }

  purgeTrash(signal: AbortSignal): Promise<{ folders: number; files: number }> {
    return purgeTrash(this.#service, signal);
  }

  fetchTrash(signal: AbortSignal): Promise<TrashedEntry[]> {
    return fetchTrash(this.#service, signal);
  }

  restore(path: JottaPath, signal: AbortSignal): Promise<void> {
    return restore(this.#service, path, signal);
  }

  removeForGood(path: JottaPath, signal: AbortSignal): Promise<void> {
    return removeForGood(this.#service, path, signal);
  }

  fetchShare(path: JottaPath, signal: AbortSignal): Promise<string | undefined> {
    return fetchShare(this.#service, path, signal);
  }

  fetchShared(signal: AbortSignal): Promise<JottaPath[]> {
    return fetchShared(this.#service, signal);
  }

  enableShare(path: JottaPath, signal: AbortSignal): Promise<string> {
    return enableShare(this.#service, path, signal);
  }

  disableShare(path: JottaPath, signal: AbortSignal): Promise<void> {
    return disableShare(this.#service, path, signal);
  }

  watchEvents(listener: EventListener, signal: AbortSignal): Promise<void> {
    const bounded = AbortSignal.any([signal, this.#closed.signal]);
    return watchEvents(this.#service, this.#userAgent, listener, bounded);
  }

  /** Called once when the tokens turn out to be dead. Returns the way to stop listening. */
  onSignedOut(listener: () => void): () => void {
    return this.#service.tokens.onSignedOut(listener);
  }

  /** Continues with the tokens of a new sign-in to the same account; JottaError 'protocol' for another one. */
  replaceTokens(tokens: Tokens): void {
    this.#service.tokens.replaceTokens(tokens);
  }

  /** Closes every connection, for all of them may be dead; a token rotation on its way is let end. New ones are made. */
  dropConnections(): void {
    this.#service.http.agents.destroy();
    void this.settleTokens().then(() => this.#tokenHttp.agents.destroy());
  }

  /** Aborts every call and closes every connection, except a token rotation on its way: see `settleTokens`. */
  close(): void {
    this.#closed.abort();
    this.#service.http.close();
    void this.settleTokens().then(() => this.#tokenHttp.close());
  }

  /** Await before the process exits: a rotated token that is not stored means a new sign-in. Never rejects. */
  settleTokens(): Promise<void> {
    return this.#service.tokens.settle();
  }
}
