import { within } from '../../base/deadline.ts';
import type { Log } from '../../base/log.ts';
import type { Ino } from '../../store/nodeRow.ts';
import { isPreviewDaemon } from '../previews.ts';
import { nfsLimits } from './limits.ts';
import type { Readers } from './readers.ts';

export interface PreviewStormDeps {
  /** Who has files of the volume open now. May reject: then nobody is known. */
  readonly loadReaders: () => Promise<Readers>;
  readonly log: Log;
  /** Monotonic ms. */
  readonly now: () => number;
}

/**
 * Tells the daemons that make previews from everybody else, who must never be refused. The protocol does not name the caller,
 * and a folder full of previews reads like a copy of it; but client and server are on one computer, where it can be asked who
 * has a file open. That takes a while, and so it is asked only when many files that are not here are read within seconds:
 * fewer than that are the daemons' small budget. As long as no daemon was met, nobody waits for the answer.
 */
export class PreviewStorm {
  readonly #deps: PreviewStormDeps;
  /** When a file that is not here was first read, in that order, ms; only of the last `previewBurstMs`. */
  readonly #begun = new Map<Ino, number>();
  /** Files that somebody else reads too, or nobody we know of, until when that is believed, ms. */
  readonly #cleared = new Map<Ino, number>();
  /** Until then a daemon may be expected, ms. */
  #metUntil = 0;
  #asking: Promise<Readers> | undefined;
  /** The question that begins when the one that is under way is answered. */
  #askingNext: Promise<Readers> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** After a failure nobody is asked before this time, ms. */
  #askAgainAt = Number.NEGATIVE_INFINITY;

  constructor(deps: PreviewStormDeps) {
    this.#deps = deps;
  }

  /** Is this read, of a file that is not here, one that only daemons ask for? */
  async isOnlyDaemons(ino: Ino): Promise<boolean> {
    const now = this.#deps.now();
    forgetBefore(this.#begun, now - nfsLimits.previewBurstMs);
    if (!this.#begun.has(ino)) this.#begun.set(ino, now);
    if (this.#begun.size <= nfsLimits.previewBudget) return false;
    if (now >= this.#metUntil) {
      if (now - this.#askedAt >= nfsLimits.readersEveryMs) void this.#ask();
      return false;
    }
    forgetBefore(this.#cleared, now);
    if (this.#cleared.has(ino)) return false;
    const readers = await this.#askAnew();
    if (isDaemons(readers.get(ino))) return true;
    this.#cleared.set(ino, this.#deps.now() + nfsLimits.clearedMs);
    return false;
  }

  /** An answer to a question that begins after this call: one that is under way may not have seen who has just opened the file. */
  #askAnew(): Promise<Readers> {
    if (this.#asking === undefined) return this.#ask();
    this.#askingNext ??= this.#asking.then(() => this.#ask());
    return this.#askingNext;
  }

  #ask(): Promise<Readers> {
    if (this.#asking !== undefined) return this.#asking;
    const now = this.#deps.now();
    if (now < this.#askAgainAt) return Promise.resolve(new Map());
    this.#askedAt = now;
    this.#askingNext = undefined;
    this.#asking = within(nfsLimits.readersMs, this.#deps.loadReaders(), () => new Error('lsof takes too long'))
      .then((readers) => {
        if ([...readers.values()].some(isDaemons)) this.#metUntil = this.#deps.now() + nfsLimits.daemonsMetMs;
        return readers;
      })
      .catch((error: unknown) => this.#noteFailure(error))
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  /** A question that fails, or hangs, is not asked again at once, and nobody is refused meanwhile. */
  #noteFailure(error: unknown): Readers {
    this.#deps.log.info('who reads the volume is not known', { error });
    this.#metUntil = 0;
    this.#askAgainAt = this.#deps.now() + nfsLimits.readersPauseMs;
    return new Map();
  }
}

function isDaemons(programs: ReadonlySet<string> | undefined): boolean {
  return programs !== undefined && [...programs].every(isPreviewDaemon);
}

/** Removes what is older from a map that is in the order of its times. */
function forgetBefore(times: Map<Ino, number>, before: number): void {
  for (const [ino, time] of times) {
    if (time >= before) return;
    times.delete(ino);
  }
}
