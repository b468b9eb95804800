import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { formatExtents, parseExtents } from '../base/extents.ts';
import type { StagingInfo } from './stagingInfo.ts';
import { formatSums, parseSums, type WrittenSum } from './writtenSums.ts';

/** A row whose bytes may have been lost with the power. */
export interface Doubtful {
  readonly id: string;
  /** undefined: they cannot be read. */
  readonly sums: readonly WrittenSum[] | undefined;
}

/** The rows of staging files. Synchronous and local; changes are part of the caller's transaction. */
export class StagingTable {
  readonly #find: StatementSync;
  readonly #save: StatementSync;
  readonly #remove: StatementSync;
  readonly #rests: StatementSync;
  readonly #hasBase: StatementSync;
  readonly #list: StatementSync;
  readonly #listUnclaimed: StatementSync;
  readonly #listDoubtful: StatementSync;
  readonly #lastEpoch: StatementSync;
  readonly #setSettled: StatementSync;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('SELECT * FROM staging WHERE id = ?');
    this.#save =
      db.prepare(`INSERT INTO staging(id, size, extents, baseMd5, baseSize, baseLimit, sums, epoch) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT(id) DO UPDATE SET size = excluded.size, extents = excluded.extents, baseMd5 = excluded.baseMd5,
      baseSize = excluded.baseSize, baseLimit = excluded.baseLimit, sums = excluded.sums, epoch = excluded.epoch`);
    this.#remove = db.prepare('DELETE FROM staging WHERE id = ?');
    this.#rests = db.prepare('SELECT 1 FROM staging WHERE baseMd5 = ? AND id IS NOT ? LIMIT 1');
    this.#hasBase = db.prepare('SELECT 1 FROM staging WHERE id = ? AND baseMd5 IS NOT NULL');
    this.#list = db.prepare('SELECT id FROM staging');
    this.#listUnclaimed = db.prepare(
      'SELECT id FROM staging WHERE id NOT IN (SELECT staging FROM node WHERE staging IS NOT NULL)',
    );
    this.#listDoubtful = db.prepare(`SELECT id, sums FROM staging WHERE sums IS NOT NULL
      AND epoch > coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'settled'), 0)`);
    this.#lastEpoch = db.prepare(`SELECT max(coalesce((SELECT max(epoch) FROM staging), 0),
      coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'settled'), 0)) AS epoch`);
    this.#setSettled = db.prepare(`INSERT INTO meta(key, value) VALUES ('settled', ?)
      ON CONFLICT(key) DO UPDATE SET value = excluded.value`);
  }

  find(id: string): StagingInfo | undefined {
    const row = this.#find.get(id);
    return row === undefined ? undefined : parseRow(row);
  }

  /** `sums`: of the bytes that are not on the disk yet; the group commit `epoch` syncs them. */
  save({ id, size, extents, base }: StagingInfo, sums: readonly WrittenSum[], epoch: number): void {
    const [md5, baseSize, limit] = [base?.content.md5 ?? null, base?.content.size ?? 0, base?.limit ?? 0];
    this.#save.run(id, size, formatExtents(extents), md5, baseSize, limit, formatSums(sums), epoch);
  }

  remove(id: string): void {
    this.#remove.run(id);
  }

  /** Does a row other than `except` rest on this content? */
  isBase(md5: string, except: string | null): boolean {
    return this.#rests.get(md5, except) !== undefined;
  }

  hasBase(id: string): boolean {
    return this.#hasBase.get(id) !== undefined;
  }

  list(): string[] {
    return this.#list.all().map(({ id }) => String(id));
  }

  /** Rows that no node names: nobody needs the bytes any more. */
  listUnclaimed(): string[] {
    return this.#listUnclaimed.all().map(({ id }) => String(id));
  }

  /** Rows whose bytes no group commit has synced. */
  listDoubtful(): Doubtful[] {
    return this.#listDoubtful.all().map(({ id, sums }) => ({ id: String(id), sums: parseSums(String(sums)) }));
  }

  /** The last group commit that any row or mark tells of. */
  getLastEpoch(): number {
    return Number(this.#lastEpoch.get()?.epoch);
  }

  /** All bytes that rows of this and earlier epochs promise are on the disk. */
  setSettled(epoch: number): void {
    this.#setSettled.run(String(epoch));
  }
}

function parseRow(row: Record<string, unknown>): StagingInfo {
  const limit = Number(row.baseLimit);
  const base =
    row.baseMd5 === null || limit === 0
      ? null
      : { content: { md5: String(row.baseMd5), size: Number(row.baseSize) }, limit };
  return { id: String(row.id), size: Number(row.size), extents: parseExtents(String(row.extents)), base };
}
