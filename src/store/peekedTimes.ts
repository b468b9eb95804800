import type { Ino, NodeRow, Timestamp } from './nodeRow.ts';

/** mtimes of writes that no row tells of yet: they are shown at once, and written with the next change of their rows. */
export class PeekedTimes {
  readonly #times = new Map<Ino, Timestamp>();
  /** Times that the open transaction writes: if it fails, no row has them after all. */
  readonly #settled = new Map<Ino, Timestamp>();

  has(ino: Ino): boolean {
    return this.#times.has(ino);
  }

  set(ino: Ino, mtime: Timestamp): void {
    this.#times.set(ino, mtime);
  }

  /** The row as it is shown, with a ctime not before its mtime. */
  show(row: NodeRow): NodeRow {
    const mtime = this.#times.get(row.ino);
    if (mtime === undefined) return row;
    const ms = mtime.sec * 1000 + Math.floor(mtime.nsec / 1_000_000);
    return { ...row, mtime, ctimeMs: Math.max(row.ctimeMs, ms) };
  }

  /** The row has the time now; within a transaction, once that has succeeded. */
  settle(ino: Ino, inTransaction: boolean): void {
    const time = this.#times.get(ino);
    if (time === undefined) return;
    this.#times.delete(ino);
    if (inTransaction) this.#settled.set(ino, time);
  }

  /** The transaction failed. */
  restore(): void {
    for (const [ino, time] of this.#settled) this.#times.set(ino, time);
  }

  /** The transaction has ended, either way. */
  end(): void {
    this.#settled.clear();
  }
}
