import type { Clock } from '../base/clock.ts';
import { LocalFile } from '../base/localFile.ts';
import type { Log } from '../base/log.ts';
import { storeLimits } from './limits.ts';

export interface DurabilityDeps {
  readonly databaseFile: string;
  /** Syncs the bytes that committed rows promise, so that they are on the disk before those rows. What fails stays to be told. */
  readonly syncBytes: () => Promise<void>;
  /** Writes what the log holds to the database, in another way than the one that failed. */
  readonly writeBack: () => void;
  /** Keeps the log short; all of it is on the disk. */
  readonly shorten: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Makes committed transactions survive a power cut: the bytes they promise are synced, then the write-ahead log. That
 * happens by itself within `storeLimits.groupCommitMs` of a change that is noted, and at once for who calls `barrier`.
 * Callers that arrive while one sync runs share the next one (group commit).
 */
export class DurabilityBarrier {
  readonly #deps: DurabilityDeps;
  #file: LocalFile | undefined;
  /** The disk refused to keep the log: the kernel takes it for kept from then on. */
  #refused = false;
  /** A group commit takes longer than changes are to wait for one. */
  #behind = false;
  #running: Promise<void> | undefined;
  #waiting: PromiseWithResolvers<void>[] = [];
  #patient: PromiseWithResolvers<void>[] = [];
  #timer: AbortController | undefined;
  #closed = false;

  constructor(deps: DurabilityDeps) {
    this.#deps = deps;
  }

  /** Resolves when everything committed before the call is on the disk. */
  barrier(): Promise<void> {
    const waiter = Promise.withResolvers<void>();
    this.#waiting.push(waiter);
    // One loop at a time serves all who ask.
    this.#running ??= this.#commitAll();
    return waiter.promise;
  }

  /** Something was committed; nobody waits for it to reach the disk. */
  note(): void {
    if (this.#timer === undefined) this.#schedule(storeLimits.groupCommitMs);
  }

  /**
   * As `note`, for what is answered as done: resolves at once while the disk keeps up. Where it does not, or refuses to keep
   * what was committed before, it is waited for, and who asks hears of it.
   */
  async acknowledge(): Promise<void> {
    this.note();
    if (this.#refused || this.#behind) await this.barrier();
  }

  /** Resolves when everything committed before the call is on the disk; asks the disk for nothing that does not come by itself. */
  whenDurable(): Promise<void> {
    this.note();
    const waiter = Promise.withResolvers<void>();
    this.#patient.push(waiter);
    return waiter.promise;
  }

  /** What is not on the disk yet stays with the kernel. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopTimer();
    await this.#running;
    await this.#file?.close();
    this.#file = undefined;
  }

  #schedule(ms: number): void {
    if (this.#closed) return;
    const timer = new AbortController();
    this.#timer = timer;
    this.#deps.clock.sleep(ms, timer.signal).then(
      () => {
        this.#timer = undefined;
        this.#behind = this.#running !== undefined;
        // A failure is logged where it is met, and told to the next one who asks.
        this.barrier().catch(() => undefined);
      },
      () => undefined,
    );
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const [waiting, patient] = [this.#waiting, this.#patient];
      [this.#waiting, this.#patient] = [[], []];
      this.#stopTimer();
      try {
        await this.#commit();
        for (const { resolve } of [...waiting, ...patient]) resolve();
      } catch (error) {
        this.#deps.log.warn('the disk does not keep the last changes', { error });
        this.#patient.unshift(...patient);
        for (const { reject } of waiting) reject(error);
        this.#stopTimer();
        this.#schedule(storeLimits.refusedRetryMs);
      }
    }
    this.#running = undefined;
    this.#behind = false;
    this.#shorten();
  }

  #shorten(): void {
    const { shorten, log } = this.#deps;
    try {
      if (!this.#refused) shorten();
    } catch (error) {
      log.warn('the log of the metadata database could not be written back', { error });
    }
  }

  #stopTimer(): void {
    this.#timer?.abort();
    this.#timer = undefined;
  }

  async #commit(): Promise<void> {
    await this.#deps.syncBytes();
    this.#file ??= new LocalFile(`${this.#deps.databaseFile}-wal`, 'r+');
    try {
      if (this.#refused) this.#deps.writeBack();
      await this.#file.datasync();
      this.#refused = false;
    } catch (error) {
      this.#refused = true;
      throw error;
    }
  }
}
