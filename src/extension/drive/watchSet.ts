import type * as vscode from 'vscode';
import { watch } from '../../protocol/messages.ts';
import type { DriveClient } from './client.ts';

/** Expanding with the arrow keys comes in bursts; one request tells about all of it. ms. */
const settleMs = 150;

/** The folders this window shows, in whatever way: the drive keeps them fresh. One request for all of them. */
export class WatchSet implements vscode.Disposable {
  readonly #client: DriveClient;
  readonly #paths = new Map<string, readonly string[]>();
  readonly #listener: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;

  constructor(client: DriveClient) {
    this.#client = client;
    this.#listener = client.onDidAttach(() => this.#sendSoon());
  }

  /** Replaces what `owner` shows. */
  set(owner: string, paths: readonly string[]): void {
    this.#paths.set(owner, paths);
    this.#sendSoon();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#listener.dispose();
  }

  #sendSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // A request would start the drive; there is nothing to watch for before somebody else did.
      if (!this.#client.attached) return;
      const paths = [...new Set([...this.#paths.values()].flat())];
      this.#client.request(watch, { paths }).catch(() => undefined);
    }, settleMs);
  }
}
