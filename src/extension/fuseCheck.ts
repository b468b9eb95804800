import * as vscode from 'vscode';
import type { DriveErrorCode } from '../protocol/errors.ts';
import { preflight } from '../protocol/messages.ts';
import type { DriveClient } from './drive/client.ts';
import { toDriveError } from './errors.ts';

const fuseCodes: readonly DriveErrorCode[] = ['fuseMissing', 'fuseNotAllowed', 'fuseTooOld'];

/** Whether this computer can mount at all, as the drive last found out. */
export class FuseCheck implements vscode.Disposable {
  readonly #client: DriveClient;
  readonly #emitter = new vscode.EventEmitter<void>();
  #missing = false;
  #hint = '';

  readonly onDidChange = this.#emitter.event;

  constructor(client: DriveClient) {
    this.#client = client;
  }

  get missing(): boolean {
    return this.#missing;
  }

  /** The command to run, when the drive knows it; else empty. */
  get hint(): string {
    return this.#hint;
  }

  /** Asks the drive again. Never throws: without an answer the last one stands. */
  async update(): Promise<void> {
    try {
      await this.#client.call(preflight);
      this.#set(false, '');
    } catch (error) {
      const { code, args } = toDriveError(error);
      if (fuseCodes.includes(code)) this.#set(true, args.hint ?? '');
    }
  }

  dispose(): void {
    this.#emitter.dispose();
  }

  #set(missing: boolean, hint: string): void {
    if (this.#missing === missing && this.#hint === hint) return;
    this.#missing = missing;
    this.#hint = hint;
    this.#emitter.fire();
  }
}
