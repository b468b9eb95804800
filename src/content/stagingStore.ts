import { randomUUID } from 'node:crypto';
import { rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { ErrnoError, fsErrorCode } from '../base/errno.ts';
import { Flights } from '../base/flights.ts';
import { LocalFile } from '../base/localFile.ts';
import type { Log } from '../base/log.ts';
import { inParallel } from '../base/parallel.ts';
import type { ContentReader } from './contentReader.ts';
import { cacheLimits } from './limits.ts';
import { draftSuffix, type Rescued } from './rescue.ts';
import { StagingFile } from './stagingFile.ts';
import type { StagingBase, StagingInfo } from './stagingInfo.ts';
import { type RecoveryOptions, recoverStaging } from './stagingRecovery.ts';
import { StagingTable } from './stagingTable.ts';
import type { WrittenSum } from './writtenSums.ts';

export interface StagingStoreDeps {
  /** Folder of the staging files. */
  readonly dir: string;
  /** Folder for bytes without a place in the tree. */
  readonly lostDir: string;
  readonly db: DatabaseSync;
  /** Resolves when everything committed before the call is on the disk. */
  readonly whenDurable: () => Promise<void>;
  readonly log: Log;
}

interface OpenStaging {
  readonly file: StagingFile;
  users: number;
}

/**
 * The folder of dirty content and its table. Never evicted: until it is on the server, a staging file is the only copy.
 * A staging file belongs to the one node whose `staging` names it; its row is written at flush, so a row never promises
 * bytes that were not yet acknowledged. A row that no node names is of a file that nobody needs any more: it goes with the file.
 */
export class StagingStore {
  readonly #deps: StagingStoreDeps;
  readonly #table: StagingTable;
  /** Descriptors are shared by open handles, an upload and the next group commit; the last user closes. */
  readonly #open = new Map<string, OpenStaging>();
  readonly #opening = new Flights<string, void>();
  /** May hold more than their row tells of: files from before the start, and those closed without a flush. */
  #untidy = new Set<string>();
  /** Flushed, and perhaps not on the disk; by the group commit that syncs them. Each is a user of its file. */
  readonly #unsettled = new Map<string, number>();
  /** Group commit that syncs what is flushed now. */
  #epoch = 1;
  /** Deletes files that no row on the disk names any more, one after the other. */
  #deleting: Promise<void> = Promise.resolve();

  constructor(deps: StagingStoreDeps) {
    this.#deps = deps;
    this.#table = new StagingTable(deps.db);
  }

  /** Before anything else: see recoverStaging. */
  async recover(options: RecoveryOptions): Promise<Rescued | null> {
    const { dir, lostDir, log } = this.#deps;
    const rescued = await recoverStaging({ ...options, table: this.#table, dir, lostDir, log });
    this.#untidy = new Set(this.#table.list());
    this.#epoch = this.#table.getLastEpoch() + 1;
    return rescued;
  }

  /** A new staging file that shows `base`. Every `create` and `open` is paired with one `close`. */
  async create(base: StagingBase | null, reader: ContentReader): Promise<StagingFile> {
    const id = randomUUID();
    const file = new LocalFile(this.path(id), 'wx+');
    const size = base?.limit ?? 0;
    const staging = new StagingFile({ id, size, extents: [], base }, file, reader);
    this.#open.set(id, { file: staging, users: 1 });
    return staging;
  }

  /** A new, empty one that belongs to no node: until `keep`, the next start deletes it silently, as `dropDraft` does. */
  async createDraft(reader: ContentReader): Promise<StagingFile> {
    const id = randomUUID();
    const file = new LocalFile(this.#draftPath(id), 'wx+');
    const staging = new StagingFile({ id, size: 0, extents: [], base: null }, file, reader);
    this.#open.set(id, { file: staging, users: 1 });
    return staging;
  }

  /** From now on a node may claim it. */
  keep(id: string): Promise<void> {
    return rename(this.#draftPath(id), this.path(id));
  }

  /** Closes and deletes what no node claims. Never rejects. */
  async dropDraft(id: string): Promise<void> {
    await this.#closeNow(id);
    this.#untidy.delete(id);
    for (const path of [this.#draftPath(id), this.path(id)]) {
      await unlink(path).catch((error) => {
        if (fsErrorCode(error) !== 'ENOENT') this.#deps.log.warn('a draft could not be deleted', { id, error });
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
    const info = this.#table.find(id);
    if (info === undefined) throw new ErrnoError('ENOENT', `staging file ${id} has no row`);
    const file = new LocalFile(this.path(id), 'r+');
    try {
      const staging = new StagingFile(info, file, reader);
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

  /**
   * Writes the row of an open staging file; part of the caller's transaction. `sums`: of the bytes that are not on the disk
   * yet; none after a sync. The next group commit syncs them.
   */
  save(info: StagingInfo, sums: readonly WrittenSum[]): void {
    this.#table.save(info, sums, this.#epoch);
  }

  /** After the transaction of a `save` with checksums. */
  noteUnsettled(id: string): void {
    if (!this.#unsettled.has(id) && this.#share(id) === undefined) return;
    this.#unsettled.set(id, this.#epoch);
  }

  /** Syncs what rows promise, as the first half of a group commit. What the disk refuses is logged, and tried again with the next. */
  async syncFlushed(): Promise<void> {
    const epoch = this.#epoch;
    const flushed = [...this.#unsettled.keys()];
    if (flushed.length === 0) return;
    this.#epoch += 1;
    await inParallel(flushed, cacheLimits.parallelSyncs, (id) => this.#settle(id, epoch));
    if (![...this.#unsettled.values()].some((since) => since <= epoch)) this.#table.setSettled(epoch);
  }

  async #settle(id: string, epoch: number): Promise<void> {
    const open = this.#open.get(id);
    if (open === undefined) return;
    try {
      await open.file.sync();
    } catch (error) {
      this.#deps.log.warn('the disk does not keep what was flushed', { id, error });
      return;
    }
    // Flushed once more meanwhile: that is for the next group commit.
    if ((this.#unsettled.get(id) ?? 0) <= epoch) await this.#release(id);
  }

  async #release(id: string): Promise<void> {
    if (this.#unsettled.delete(id)) await this.close(id);
  }

  /** The bytes that the row of a file promises are on the disk when this resolves. */
  async makeDurable(id: string): Promise<void> {
    if (this.#unsettled.has(id)) await this.#open.get(id)?.file.sync();
  }

  /** Does a staging file other than `except`, flushed or not, rest on this content? */
  isBase(md5: string, except: string | null): boolean {
    const restsOnIt = ({ file }: { file: StagingFile }) => file.id !== except && file.info.base?.content.md5 === md5;
    return [...this.#open.values()].some(restsOnIt) || this.#table.isBase(md5, except);
  }

  /** Does a staging file, flushed or not, rest on bytes of another content? */
  hasBase(id: string): boolean {
    const open = this.#open.get(id);
    return open === undefined ? this.#table.hasBase(id) : open.file.info.base !== null;
  }

  /** One user less; the last one closes the descriptor. The file stays. */
  async close(id: string): Promise<void> {
    const open = this.#open.get(id);
    if (open === undefined) return;
    open.users -= 1;
    if (open.users === 0) await this.#closeNow(id);
    // What was never flushed is not for the next user, who opens the file by its row.
    else if (open.users === 1 && open.file.dirty && this.#unsettled.has(id)) await this.#settle(id, this.#epoch);
  }

  /**
   * No row names this file any more: it is deleted once that is on the disk. Who has it open reads on until the close. What
   * a death leaves goes with the next start.
   */
  discard(id: string): void {
    // One by one: a file that comes while a group commit is under way waits for the next.
    void this.#deps.whenDurable().then(() => {
      this.#deleting = this.#deleting.then(() => this.#deleteFile(id));
    });
  }

  async #deleteFile(id: string): Promise<void> {
    try {
      await this.#release(id);
      await unlink(this.path(id)).catch((error) => {
        if (fsErrorCode(error) !== 'ENOENT') throw error;
      });
      this.#forget(id);
    } catch (error) {
      this.#deps.log.warn('staging file could not be deleted', { id, error });
    }
  }

  async #closeNow(id: string): Promise<void> {
    const open = this.#open.get(id);
    this.#open.delete(id);
    if (open?.file.dirty === true) this.#untidy.add(id);
    await open?.file.close();
  }

  /** The server has the bytes and no row names the file, on the disk too. Hands it to `take`, which moves or deletes it. */
  async moveToCache(id: string, take: (path: string) => Promise<void>): Promise<void> {
    await this.#release(id);
    await take(this.path(id));
    this.#forget(id);
  }

  #forget(id: string): void {
    this.#table.remove(id);
    this.#untidy.delete(id);
  }

  async closeAll(): Promise<void> {
    await this.#deleting;
    for (const id of [...this.#open.keys()]) await this.#closeNow(id);
  }

  #draftPath(id: string): string {
    return this.path(id) + draftSuffix;
  }

  path(id: string): string {
    return join(this.#deps.dir, id);
  }
}
