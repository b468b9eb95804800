import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import { nameKey } from '../base/nameKey.ts';
import { getPublicLink, listPublic } from '../protocol/fileMessages.ts';
import type { DriveClient } from './drive/client.ts';
import { toDriveError } from './errors.ts';

/** Age at which the list of the service is asked for again when somebody looks, ms. */
const freshMs = 60_000;
/** Kept for all windows, over restarts. */
const unlistedKey = 'jottacloud.publicUnlisted';

interface Unlisted {
  readonly username: string;
  /** In the account. */
  readonly paths: readonly string[];
}

/**
 * What anybody may open who has its link. The service lists the files; a folder is known once somebody asked about it on this
 * computer, which is remembered, and is asked about again whenever the list is. Without an answer nothing is known, which is
 * no error: badges and a list are all that is made of it.
 */
export class PublicItems implements vscode.Disposable {
  readonly #client: DriveClient;
  readonly #memory: vscode.Memento;
  /** Public items, by key of their path in the account. */
  readonly #paths = new Map<string, string>();
  /** Keys of those that the service listed. */
  #listed: ReadonlySet<string> = new Set();
  readonly #emitter = new vscode.EventEmitter<readonly string[]>();
  readonly #disposable: vscode.Disposable;
  #loadedAt = Number.NEGATIVE_INFINITY;
  #notes = 0;
  #loadedFor: string | undefined;

  /** Paths that became public or are it no more. */
  readonly onDidChange = this.#emitter.event;

  constructor(client: DriveClient, memory: vscode.Memento) {
    this.#client = client;
    this.#memory = memory;
    this.#disposable = vscode.Disposable.from(
      this.#emitter,
      client.onDidChangeState(() => void this.load()),
    );
  }

  has(accountPath: string): boolean {
    return this.#paths.has(nameKey(accountPath));
  }

  /** Paths in the account, sorted. */
  list(): string[] {
    return [...this.#paths.values()].sort();
  }

  /** Notes that a link was just made, removed, or found out about. */
  note(accountPath: string, isPublic: boolean): void {
    if (!this.#set(accountPath, isPublic)) return;
    this.#notes += 1;
    this.#remember();
    this.#emitter.fire([accountPath]);
  }

  /** Asks the service; `again`: also where it was asked for this account already, and not just now. */
  async load(again = false): Promise<void> {
    const username = this.#client.attached ? this.#client.state.account?.username : undefined;
    const isOther = username !== this.#loadedFor;
    if (isOther) this.#clear(username);
    if (username === undefined || !(isOther || (again && performance.now() - this.#loadedAt > freshMs))) return;
    this.#loadedAt = performance.now();
    const notes = this.#notes;
    const listed = await this.#client.call(listPublic).catch(() => undefined);
    if (listed === undefined) return;
    const keys = new Set(listed.map(nameKey));
    const known = new Set([...this.#recall(username), ...this.list()]);
    const unlisted = [...known].filter((accountPath) => !keys.has(nameKey(accountPath)));
    const found = await Promise.all(unlisted.map((accountPath) => this.#ask(accountPath)));
    if (this.#loadedFor !== username) return;
    // What was noted meanwhile is newer than these answers.
    if (this.#notes !== notes) {
      this.#loadedAt = Number.NEGATIVE_INFINITY;
      return;
    }
    this.#listed = keys;
    const changed = [
      ...listed.filter((accountPath) => this.#set(accountPath, true)),
      ...unlisted.filter((accountPath, index) => this.#set(accountPath, found[index] === true)),
    ];
    this.#remember();
    if (changed.length > 0) this.#emitter.fire(changed);
  }

  /** Removes what is remembered: the account leaves this computer. */
  async forget(): Promise<void> {
    await this.#memory.update(unlistedKey, undefined);
  }

  dispose(): void {
    this.#disposable.dispose();
  }

  /** Of one that the service does not list; without an answer nothing is new. */
  async #ask(accountPath: string): Promise<boolean> {
    try {
      return (await this.#client.request(getPublicLink, { path: accountPath })) !== null;
    } catch (error) {
      return toDriveError(error).code !== 'notFound';
    }
  }

  /** Answers whether that is news. */
  #set(accountPath: string, isPublic: boolean): boolean {
    if (this.has(accountPath) === isPublic) return false;
    if (isPublic) this.#paths.set(nameKey(accountPath), accountPath);
    else this.#paths.delete(nameKey(accountPath));
    return true;
  }

  #recall(username: string): readonly string[] {
    const unlisted = this.#memory.get<Unlisted>(unlistedKey);
    return unlisted?.username === username ? unlisted.paths : [];
  }

  #remember(): void {
    const username = this.#loadedFor;
    if (username === undefined) return;
    const paths = this.list().filter((known) => !this.#listed.has(nameKey(known)));
    if (isDeepStrictEqual(paths, this.#recall(username))) return;
    void this.#memory.update(unlistedKey, { username, paths } satisfies Unlisted);
  }

  #clear(username: string | undefined): void {
    this.#loadedFor = username;
    this.#listed = new Set();
    const before = this.list();
    this.#paths.clear();
    if (before.length > 0) this.#emitter.fire(before);
  }
}
