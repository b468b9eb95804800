import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { ErrnoError, fsErrorCode } from '../base/errno.ts';
import { formatExtents, parseExtents } from '../base/extents.ts';
import { Flights } from '../base/flights.ts';
import type { Log } from '../base/log.ts';
import type { ContentReader } from './contentReader.ts';
import { draftSuffix, formatTime, type Rescued, stripDraft } from './rescue.ts';
import { type StagingBase, StagingFile, type StagingInfo } from './stagingFile.ts';

/**
 * The folder of dirty content and its table. Never evicted: until it is on the server, a staging file is the only copy.
 * A staging file belongs to the one node whose `staging` names it; its row is written at flush, so a row never promises
 * bytes that were not yet acknowledged.
 */
export class StagingStore {
  readonly #dir: string;
  readonly #lostDir: string;
  readonly #db: DatabaseSync;
  readonly #log: Log;
  /** Descriptors are shared by open handles and an upload; the last user closes. */
  readonly #open = new Map<string, { readonly file: StagingFile; users: number }>();
  readonly #opening = new Flights<string, void>();
  /** May hold more than their row tells of: files from before the start, and those closed without a flush. */
  #untidy = new Set<string>();

  constructor(dirs: { staging: string; lost: string }, db: DatabaseSync, log: Log) {
    this.#dir = dirs.staging;
    this.#lostDir = dirs.lost;
    this.#db = db;
    this.#log = log;
  }

  /**
   * Sets aside what no node claims: bytes of a save that was never acknowledged, or whose row the disk has lost. Empty ones,
   * those that the server has (`retire`), drafts and `unwanted` ones are deleted, others moved to the lost-and-found folder. Returns what
   * was moved.
   */
  async recover(unwanted: ReadonlySet<string>, now: number): Promise<Rescued | null> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    this.#db.exec('DELETE FROM staging WHERE id NOT IN (SELECT staging FROM node WHERE staging IS NOT NULL)');
    const claimed = new Set(
      this.#db
        .prepare('SELECT id FROM staging')
        .all()
        .map((row) => String(row.id)),
    );
    this.#untidy = claimed;
    const retired = this.#db.prepare('SELECT value FROM meta WHERE key = ?');
    // Not when it is needed: the disk may be full by then.
    await mkdir(this.#lostDir, { recursive: true, mode: 0o700 });
    let files = 0;
    for (const name of await readdir(this.#dir)) {
      const path = this.path(name);
      const id = stripDraft(name);
      // The row is on the disk, the rename that came before it is not: the power was cut between the two.
      if (id !== name && claimed.has(id)) await rename(path, this.path(id));
      if (claimed.has(id)) continue;
      const needless = id !== name || unwanted.has(id) || retired.get(retiredKey(id)) !== undefined;
      if (needless || (await stat(path)).size === 0) await unlink(path);
      else {
        await rename(path, join(this.#lostDir, `${formatTime(now)} ${id}`));
        files += 1;
      }
    }
    this.#db.prepare('DELETE FROM meta WHERE key GLOB ?').run(retiredKey('*'));
    if (files === 0) return null;
    this.#log.warn('unclaimed staging files were set aside', { files, folder: this.#lostDir });
    return { cause: 'unclaimed', folder: this.#lostDir, files, at: now };
  }

  /** A new staging file that shows `base`. Every `create` and `open` is paired with one `close`. */
  async create(base: StagingBase | null, reader: ContentReader): Promise<StagingFile> {
    const id = randomUUID();
    const file = await open(this.path(id), 'wx+', 0o600);
    const size = base?.limit ?? 0;
    const staging = new StagingFile({ id, size, extents: [], base }, file, reader);
    this.#open.set(id, { file: staging, users: 1 });
    return staging;
  }

  /** A new, empty one that belongs to no node: until `keep` a start deletes it without a word, as `discard` does. */
  async createDraft(reader: ContentReader): Promise<StagingFile> {
    const id = randomUUID();
    const file = await open(this.#draftPath(id), 'wx+', 0o600);
    const staging = new StagingFile({ id, size: 0, extents: [], base: null }, file, reader);
    this.#open.set(id, { file: staging, users: 1 });
    return staging;
  }

  /** From now on a node may claim it. */
  keep(id: string): Promise<void> {
    return rename(this.#draftPath(id), this.path(id));
  }

  /** Closes and deletes what no node claims. Never rejects. */
  async discard(id: string): Promise<void> {
    await this.#closeNow(id);
    this.#untidy.delete(id);
    for (const path of [this.#draftPath(id), this.path(id)]) {
      await unlink(path).catch((error) => {
        if (fsErrorCode(error) !== 'ENOENT') this.#log.warn('a draft could not be deleted', { id, error });
      });
    }
  }

  /** The staging file `id`, opened if need be. Throws when it is missing: that is a loss and must be seen. */
  async open(id: string, reader: ContentReader): Promise<StagingFile> {
    for (;;) {
      const already = this.#share(id);
      if (already !== undefined) return already;
      await this.#opening.run(id, () => this.#load(id, reader));
    }
  }

  async #load(id: string, reader: ContentReader): Promise<void> {
    const row = this.#db.prepare('SELECT * FROM staging WHERE id = ?').get(id);
    if (row === undefined) throw new ErrnoError('ENOENT', `staging file ${id} has no row`);
    const file = await open(this.path(id), 'r+');
    try {
      const staging = new StagingFile(parseStaging(row), file, reader);
      if (this.#untidy.has(id)) await staging.scrub();
      this.#untidy.delete(id);
      this.#open.set(id, { file: staging, users: 0 });
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  #share(id: string): StagingFile | undefined {
    const open = this.#open.get(id);
    if (open !== undefined) open.users += 1;
    return open?.file;
  }

  /** Writes the row of a staging file; part of the caller's transaction. */
  save(info: StagingInfo): void {
    this.#db
      .prepare(`INSERT INTO staging(id, size, extents, baseMd5, baseSize, baseLimit) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT(id) DO UPDATE SET size = excluded.size, extents = excluded.extents, baseMd5 = excluded.baseMd5,
        baseSize = excluded.baseSize, baseLimit = excluded.baseLimit`)
      .run(
        info.id,
        info.size,
        formatExtents(info.extents),
        info.base?.content.md5 ?? null,
        info.base?.content.size ?? 0,
        info.base?.limit ?? 0,
      );
  }

  /** Does a staging file other than `except`, flushed or not, rest on this content? */
  isBase(md5: string, except: string | null): boolean {
    const restsOnIt = ({ file }: { file: StagingFile }) => file.id !== except && file.info.base?.content.md5 === md5;
    if ([...this.#open.values()].some(restsOnIt)) return true;
    const query = 'SELECT 1 FROM staging WHERE baseMd5 = ? AND id IS NOT ? LIMIT 1';
    return this.#db.prepare(query).get(md5, except) !== undefined;
  }

  /** Does a staging file, flushed or not, rest on bytes of another content? */
  hasBase(id: string): boolean {
    const open = this.#open.get(id);
    if (open !== undefined) return open.file.info.base !== null;
    return this.#db.prepare('SELECT 1 FROM staging WHERE id = ? AND baseMd5 IS NOT NULL').get(id) !== undefined;
  }

  /** One user less; the last one closes the descriptor. The file stays. */
  async close(id: string): Promise<void> {
    const open = this.#open.get(id);
    if (open === undefined) return;
    open.users -= 1;
    if (open.users === 0) await this.#closeNow(id);
  }

  /** Deletes file and row; who has it open reads on until the close. Never rejects: what is left goes with the next start. */
  async unlink(id: string): Promise<void> {
    const note = (error: unknown) => this.#log.warn('staging file could not be deleted', { id, error });
    await unlink(this.path(id)).catch(note);
    try {
      this.#forget(id);
    } catch (error) {
      note(error);
    }
  }

  async #closeNow(id: string): Promise<void> {
    const open = this.#open.get(id);
    this.#open.delete(id);
    if (open?.file.dirty === true) this.#untidy.add(id);
    await open?.file.close();
  }

  /** The server has the bytes; part of the caller's transaction. The file then goes to the cache by `takeOver`. */
  retire(id: string): void {
    this.#forget(id);
    this.#db.prepare("INSERT OR REPLACE INTO meta(key, value) VALUES (?, '')").run(retiredKey(id));
  }

  /** Hands the file of a retired id to `take`, which moves or deletes it. */
  async takeOver(id: string, take: (path: string) => Promise<void>): Promise<void> {
    await take(this.path(id));
    this.#db.prepare('DELETE FROM meta WHERE key = ?').run(retiredKey(id));
  }

  #forget(id: string): void {
    this.#db.prepare('DELETE FROM staging WHERE id = ?').run(id);
    this.#untidy.delete(id);
  }

  async closeAll(): Promise<void> {
    for (const id of [...this.#open.keys()]) await this.#closeNow(id);
  }

  #draftPath(id: string): string {
    return this.path(id) + draftSuffix;
  }

  path(id: string): string {
    return join(this.#dir, id);
  }
}

function retiredKey(id: string): string {
  return `retired.${id}`;
}

function parseStaging(row: Record<string, unknown>): StagingInfo {
  const limit = Number(row.baseLimit);
  const base =
    row.baseMd5 === null || limit === 0
      ? null
      : { content: { md5: String(row.baseMd5), size: Number(row.baseSize) }, limit };
  return { id: String(row.id), size: Number(row.size), extents: parseExtents(String(row.extents)), base };
}
