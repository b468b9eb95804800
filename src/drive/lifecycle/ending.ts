import type { Log, LogFields } from '../../base/log.ts';

/**
 * Signals that come within this time of the first are copies of it: a closing shell and a service manager signal the whole
 * process group, and `npm run mount` passes its own on as well. One that comes later is meant. ms.
 */
export const patienceMs = 10_000;
/** How long an orderly end may take after an unexpected error. ms. */
const failureMs = 10_000;

export interface EndingDeps {
  /** Ends all work in order: volumes, session, database. With `drain`, uploads first. Called once. */
  readonly close: (drain: boolean) => Promise<void>;
  /** Whether a signal waits for uploads. */
  readonly drainOnSignal: boolean;
  /** What is left undone when the process ends at once, for the log. */
  readonly getLeft: () => LogFields;
  /** ms; never set back. */
  readonly now: () => number;
  readonly exit: (code: number) => void;
  readonly log: Log;
}

/**
 * The one way this process ends: in order, once, whatever asks for it and however often. An error that nobody caught ends it
 * too, since nobody knows what it left half done; the next start reads everything from the disk.
 */
export class Ending {
  readonly #deps: EndingDeps;
  #begunAt: number | undefined;
  #exitCode = 0;
  #failureTimer: NodeJS.Timeout | undefined;

  constructor(deps: EndingDeps) {
    this.#deps = deps;
  }

  get begun(): boolean {
    return this.#begunAt !== undefined;
  }

  begin(drain: boolean): void {
    if (this.#begunAt !== undefined) return;
    const { close, exit, log, now } = this.#deps;
    this.#begunAt = now();
    log.info('the drive ends', { drain });
    close(drain)
      .then(
        () => exit(this.#exitCode),
        (error) => {
          log.error('the drive did not end cleanly', { error });
          exit(1);
        },
      )
      .finally(() => clearTimeout(this.#failureTimer));
  }

  /** The first signal begins the end; those that follow change nothing for `patienceMs`, and then end it at once. */
  onSignal(): void {
    const { now, drainOnSignal } = this.#deps;
    if (this.#begunAt !== undefined && now() - this.#begunAt > patienceMs) this.#endNow('a second signal');
    else this.begin(drainOnSignal);
  }

  /** Ends in order without waiting for uploads, with exit code 1, and at once when that takes too long. */
  fail(error: unknown): void {
    this.#deps.log.error('the drive ends on an unexpected error', { error });
    this.#exitCode = 1;
    this.#failureTimer ??= setTimeout(() => this.#endNow('an unexpected error'), failureMs);
    this.begin(false);
  }

  /** Takes over the signals and the uncaught errors of `source`, this process. */
  listenTo(source: Pick<NodeJS.Process, 'on'>): void {
    // The end of a login session sends SIGHUP together with SIGTERM.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) source.on(signal, () => this.onSignal());
    source.on('uncaughtException', (error) => this.fail(error));
    source.on('unhandledRejection', (error) => this.fail(error));
  }

  #endNow(why: string): void {
    const { exit, getLeft, log } = this.#deps;
    log.error('the drive ends at once; what is left goes on at the next start', { why, ...getLeft() });
    exit(1);
  }
}
