import * as vscode from 'vscode';
import type { DriveError, DriveErrorCode } from '../protocol/errors.ts';
import { preflight } from '../protocol/messages.ts';
import type { DriveClient } from './drive/client.ts';
import { toDriveError } from './errors.ts';

const problems = [
  'fuseMissing',
  'fuseNotAllowed',
  'fuseTooOld',
  'packageCannotMount',
  'systemCannotMount',
] as const satisfies readonly DriveErrorCode[];
export type FuseProblem = (typeof problems)[number];

/** Whether this computer can mount at all, as the drive last found out. */
export class FuseCheck implements vscode.Disposable {
  readonly #client: DriveClient;
  readonly #emitter = new vscode.EventEmitter<void>();
  #answered = false;
  #problem: FuseProblem | undefined;
  #hint = '';

  readonly onDidChange = this.#emitter.event;

  constructor(client: DriveClient) {
    this.#client = client;
  }

  /** undefined before the drive was asked. */
  get ready(): boolean | undefined {
    return this.#answered ? this.#problem === undefined : undefined;
  }

  get problem(): FuseProblem | undefined {
    return this.#problem;
  }

  /** The command to run, when the drive knows it; else empty. */
  get hint(): string {
    return this.#hint;
  }

  /** Asks the drive, starting it when there is none. Throws DriveError: what is wrong with FUSE, or with asking. */
  async ensure(): Promise<void> {
    try {
      await this.#client.call(preflight);
      this.#set(undefined, '');
    } catch (error) {
      throw this.note(error);
    }
  }

  /** Asks again so that the views are right. Never throws: without an answer the last one stands. */
  async update(): Promise<void> {
    await this.ensure().catch(() => undefined);
  }

  /** Learns from a failure that came from elsewhere, such as a mount, and answers it as a DriveError. */
  note(error: unknown): DriveError {
    const failure = toDriveError(error);
    const problem = problems.find((code) => code === failure.code);
    if (problem !== undefined) this.#set(problem, failure.args.hint ?? '');
    return failure;
  }

  dispose(): void {
    this.#emitter.dispose();
  }

  #set(problem: FuseProblem | undefined, hint: string): void {
    if (this.#answered && this.#problem === problem && this.#hint === hint) return;
    this.#answered = true;
    this.#problem = problem;
    this.#hint = hint;
    this.#emitter.fire();
  }
}
