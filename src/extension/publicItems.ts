import * as vscode from 'vscode';
import { nameKey } from '../base/nameKey.ts';
import { listPublic } from '../protocol/fileMessages.ts';
import type { DriveClient } from './drive/client.ts';

/** Age at which the list of the service is asked for again when somebody looks, ms. */
const freshMs = 60_000;

/**
 * What anybody may open who has its link. The service lists the files; of folders it is known once somebody asked about
 * one here. Without an answer nothing is known, which is no error: badges and a list are all that is made of it.
 */
export class PublicItems implements vscode.Disposable {
  readonly #client: DriveClient;
  /** Public items, by key of their path in the account. */
  readonly #paths = new Map<string, string>();
  readonly #emitter = new vscode.EventEmitter<readonly string[]>();
  readonly #disposable: vscode.Disposable;
  #loadedAt = Number.NEGATIVE_INFINITY;
  #loadedFor: string | undefined;

  /** Paths that became public or are it no more. */
  readonly onDidChange = this.#emitter.event;

  constructor(client: DriveClient) {
    this.#client = client;
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
    if (this.has(accountPath) === isPublic) return;
    if (isPublic) this.#paths.set(nameKey(accountPath), accountPath);
    else this.#paths.delete(nameKey(accountPath));
    this.#emitter.fire([accountPath]);
  }

  /** Asks the service; `again`: also where it was asked for this account already, and not just now. */
  async load(again = false): Promise<void> {
    const username = this.#client.attached ? this.#client.state.account?.username : undefined;
    const isOther = username !== this.#loadedFor;
    if (isOther) this.#forget(username);
    if (username === undefined || !(isOther || (again && performance.now() - this.#loadedAt > freshMs))) return;
    this.#loadedAt = performance.now();
    const listed = await this.#client.call(listPublic).catch(() => undefined);
    if (listed === undefined || this.#loadedFor !== username) return;
    const before = this.list();
    for (const accountPath of before) this.#paths.delete(nameKey(accountPath));
    for (const accountPath of listed) this.#paths.set(nameKey(accountPath), accountPath);
    const changed = [...before.filter((path) => !this.has(path)), ...listed.filter((path) => !before.includes(path))];
    if (changed.length > 0) this.#emitter.fire(changed);
  }

  dispose(): void {
    this.#disposable.dispose();
  }

  #forget(username: string | undefined): void {
    this.#loadedFor = username;
    const before = this.list();
    this.#paths.clear();
    if (before.length > 0) this.#emitter.fire(before);
  }
}
