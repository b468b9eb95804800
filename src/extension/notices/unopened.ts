import * as vscode from 'vscode';
import { DriveError, type DriveErrorCode } from '../../protocol/errors.ts';
import { lookup } from '../../protocol/fileMessages.ts';
import type { DriveClient } from '../drive/client.ts';
import { findAccountPath } from '../fileSystem/scheme.ts';
import { findOpenUris } from '../openTabs.ts';
import type { Reporter } from '../report.ts';

/** VS Code adds the tab of a file that it cannot open some time after it has asked for it. ms. */
const tabMs = 500;
/** The network may turn out to be gone only by opening a file. ms. */
const recentMs = 60_000;

/** Failures of a read that VS Code tells as "an unexpected error". */
const told: readonly DriveErrorCode[] = ['offline', 'timeout', 'tooLarge', 'busy'];

/** Says why the editor of a file stays empty, and what to do. Only for files that a tab shows: programs read as well. */
export class UnopenedFiles implements vscode.Disposable {
  readonly #client: DriveClient;
  readonly #report: Reporter;
  readonly #disposable: vscode.Disposable;
  /** When the tab of a URI was opened, by the URI's text. */
  readonly #opened = new Map<string, number>();
  #health = 'ok';

  constructor(client: DriveClient, report: Reporter) {
    this.#client = client;
    this.#report = report;
    this.#disposable = vscode.Disposable.from(
      vscode.window.tabGroups.onDidChangeTabs(({ opened }) => {
        if (opened.length > 0) void this.#lookAtOpen();
      }),
      client.onDidChangeState(({ health }) => {
        if (health === 'offline' && this.#health !== 'offline') this.#lookAgain();
        this.#health = health;
      }),
    );
  }

  /** Tells of a `jottacloud:` file that could not be read while a tab shows it. */
  noteFailedRead(uri: vscode.Uri, error: DriveError): void {
    if (!told.includes(error.code)) return;
    const isOffline = error.code === 'offline' || error.code === 'timeout';
    const failure = isOffline ? new DriveError('notHere', { path: uri.path }, { cause: error }) : error;
    setTimeout(() => {
      if (findOpenUris().some((shown) => shown.toString() === uri.toString())) this.#report(failure);
    }, tabMs);
  }

  dispose(): void {
    this.#disposable.dispose();
  }

  #lookAgain(): void {
    const now = performance.now();
    for (const [text, at] of this.#opened) if (now - at < recentMs) this.#opened.delete(text);
    void this.#lookAtOpen();
  }

  /** Looks at mounted files in tabs, which VS Code reads by itself. */
  async #lookAtOpen(): Promise<void> {
    const uris = findOpenUris().filter(({ scheme }) => scheme === 'file');
    const shown = new Set(uris.map(String));
    for (const text of this.#opened.keys()) if (!shown.has(text)) this.#opened.delete(text);
    const fresh = uris.filter((uri) => !this.#opened.has(uri.toString()));
    for (const uri of fresh) this.#opened.set(uri.toString(), performance.now());
    if (this.#client.state.health !== 'offline') return;
    const paths = fresh.flatMap((uri) => findAccountPath(this.#client.state, uri) ?? []);
    if (paths.length === 0) return;
    const entries = await this.#client.request(lookup, { paths }).catch(() => []);
    const missing = entries.find((entry) => entry?.kind === 'file' && entry.sync === 'cloud');
    if (missing) this.#report(new DriveError('notHere', { path: missing.path }));
  }
}
