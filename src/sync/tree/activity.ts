import type { Clock } from '../../base/clock.ts';
import { nameKey } from '../../base/nameKey.ts';
import { Recent } from '../../base/recent.ts';
import type { Ino } from '../../store/nodeRow.ts';

/** Changes that are remembered: more than end while a listing is under way. */
const remembered = 50_000;

/**
 * What is going on right now and is not worth a row: who has a file open, when a node last changed, which server names
 * a push is touching. Lost on a crash, by design: everything then counts as settled and closed.
 */
export class Activity {
  readonly #clock: Clock;
  readonly #changedAt = new Recent<Ino, number>(remembered);
  readonly #removedInAt = new Recent<Ino, number>(remembered);
  readonly #readers = new Map<Ino, number>();
  readonly #writers = new Map<Ino, number>();
  readonly #unflushed = new Set<Ino>();
  readonly #behind = new Set<Ino>();
  readonly #touching = new Map<string, number>();
  readonly #touchedSeq = new Recent<string, number>(remembered);
  #seq = 0;
  #touchEnd = Promise.withResolvers<void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A local change of the node; restarts its settle time. */
  noteChange(ino: Ino): void {
    this.#changedAt.set(ino, this.#clock.now());
  }

  /** ms since the epoch; 0 when nothing is remembered. */
  changedAt(ino: Ino): number {
    return this.#changedAt.get(ino) ?? 0;
  }

  /** Something was removed from this folder here. */
  noteRemovalIn(folder: Ino): void {
    this.#removedInAt.set(folder, this.#clock.now());
  }

  /** When something was last removed from this folder here, ms since the epoch; 0 when nothing is remembered. */
  removedInAt(folder: Ino): number {
    return this.#removedInAt.get(folder) ?? 0;
  }

  noteOpen(ino: Ino, writing: boolean): void {
    add(this.#readers, ino, 1);
    if (writing) add(this.#writers, ino, 1);
  }

  noteClose(ino: Ino, writing: boolean): void {
    add(this.#readers, ino, -1);
    if (writing) add(this.#writers, ino, -1);
  }

  isOpen(ino: Ino): boolean {
    return this.#readers.has(ino);
  }

  isOpenForWriting(ino: Ino): boolean {
    return this.#writers.has(ino);
  }

  /** The server has a newer content than the row tells of, or none any more: whoever has the file open for writing goes on from the old one. */
  deferRefresh(ino: Ino): void {
    this.#behind.add(ino);
  }

  /** Answers whether it is time to look at the server again, and forgets it. */
  takeDeferredRefresh(ino: Ino): boolean {
    return !this.isOpenForWriting(ino) && this.#behind.delete(ino);
  }

  /** Bytes were written that no row tells of yet: the node is dirty whatever its row says. */
  noteUnflushed(ino: Ino, unflushed: boolean): void {
    if (unflushed) this.#unflushed.add(ino);
    else this.#unflushed.delete(ino);
  }

  isUnflushed(ino: Ino): boolean {
    return this.#unflushed.has(ino);
  }

  /** A point in time for `isTouched`. */
  get seq(): number {
    return this.#seq;
  }

  /** Runs a push that changes these names on the server; listings taken meanwhile say nothing about them. */
  async whileTouching<T>(names: readonly { parent: Ino; name: string }[], work: () => Promise<T>): Promise<T> {
    const keys = names.map(({ parent, name }) => `${parent}/${nameKey(name)}`);
    for (const key of keys) add(this.#touching, key, 1);
    try {
      return await work();
    } finally {
      this.#seq += 1;
      for (const key of keys) {
        add(this.#touching, key, -1);
        this.#touchedSeq.set(key, this.#seq);
      }
      this.#touchEnd.resolve();
      this.#touchEnd = Promise.withResolvers();
    }
  }

  /** Resolves when the next push that touches names ends. */
  touchEnded(): Promise<void> {
    return this.#touchEnd.promise;
  }

  /** Was this name on the server changed by us after `since`, or is it being changed now? */
  isTouched(parent: Ino, name: string, since: number): boolean {
    const key = `${parent}/${nameKey(name)}`;
    return this.#touching.has(key) || (this.#touchedSeq.get(key) ?? 0) > since;
  }
}

function add<K>(counts: Map<K, number>, key: K, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
