import { unlink } from 'node:fs/promises';
import { fsErrorCode } from '../base/errno.ts';
import { makeFolders } from '../base/folders.ts';
import type { Log } from '../base/log.ts';
import type { Checksums } from './checksumJob.ts';
import { blockName, listContentFiles, sealWholeFile, tryReadBlockFile, tryReadWholeFile } from './contentFiles.ts';
import { ContentFolder } from './contentFolder.ts';
import { ContentIndex } from './contentIndex.ts';
import { cacheLimits } from './limits.ts';

export interface ContentBudget {
  /** Bytes of clean content kept on disk, as the disk counts them; what is pinned does not count. */
  maxBytes: number;
  /** Bytes left free on the disk that holds the cache. */
  minFreeBytes: number;
}

export interface ContentStoreOptions {
  /** What is pinned from the start. */
  readonly pinned?: ReadonlySet<string>;
  /** Asked of an uploaded content: it may be pinned before `setPinned` says so. */
  readonly isPinned?: (md5: string) => boolean;
  /** Hears of each md5 that gains or loses bytes. */
  readonly onChange?: (md5: string) => void;
}

/**
 * Clean content on disk, keyed by md5, whole or by block (contentFiles.ts). Losing any of it costs a download, never data.
 * Least recently used entries go first when the budget or the free-space floor asks; pinned ones never do. What fails its
 * checksum is deleted and is a miss.
 */
export class ContentStore {
  readonly #folder: ContentFolder;
  readonly #log: Log;
  readonly #budget: ContentBudget;
  /** What ends when a content has arrived, by its md5. */
  readonly #arriving = new Map<string, Promise<void>>();
  readonly #index: ContentIndex;
  readonly #isPinned: (md5: string) => boolean;
  #checkedFreeAt = 0;
  /** Nothing is written before this time, because the disk has just failed. */
  #restsUntil = 0;

  private constructor(dir: string, budget: ContentBudget, log: Log, options: ContentStoreOptions) {
    this.#folder = new ContentFolder(dir, log);
    this.#budget = { ...budget };
    this.#log = log;
    this.#isPinned = options.isPinned ?? (() => false);
    this.#index = new ContentIndex({
      onChange: options.onChange ?? (() => {}),
      onRemoved: (name) => this.#folder.discard(name),
    });
    this.#index.setPinned(options.pinned ?? new Set());
  }

  /**
   * Opens `dir` (created 0700) and indexes what is there, oldest first. A folder that cannot be used is no cache: everything
   * is streamed.
   */
  static async open(
    dir: string,
    budget: ContentBudget,
    log: Log,
    options: ContentStoreOptions = {},
  ): Promise<ContentStore> {
    const store = new ContentStore(dir, budget, log, options);
    try {
      await makeFolders(dir);
      await store.#indexAll();
    } catch (error) {
      log.warn('the cache folder cannot be used', { dir, error });
    }
    return store;
  }

  get dir(): string {
    return this.#folder.dir;
  }

  get budget(): Readonly<ContentBudget> {
    return this.#budget;
  }

  get usedBytes(): number {
    return this.#index.bytes;
  }

  /** What `evict` can free at most. */
  get evictableBytes(): number {
    return this.#index.evictableBytes;
  }

  /** From now on content of these md5s is never evicted, and does not count against the budget. */
  setPinned(md5s: ReadonlySet<string>): void {
    this.#index.setPinned(md5s);
    this.#shrink(0);
  }

  setBudget(budget: ContentBudget): void {
    Object.assign(this.#budget, budget);
    this.#shrink(0);
  }

  /** Also of content that is on its way here (`expect`). */
  hasBlock(md5: string, index: number): boolean {
    return this.#arriving.has(md5) || this.#index.hasBlock(md5, index);
  }

  /**
   * A content is on its way from a staging file to here, and no row names that file any more. Until the answered function is called,
   * who reads it waits for that instead of asking the server.
   */
  expect(md5: string): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#arriving.set(md5, promise);
    return () => {
      if (this.#arriving.get(md5) === promise) this.#arriving.delete(md5);
      resolve();
    };
  }

  /** True when all blocks of a file of `size` bytes are here. */
  hasAll(md5: string, size: number): boolean {
    return this.#index.hasAll(md5, size);
  }

  /** Fills `block` with a block of a content of `size` bytes; false when it is not here (or no longer sound). */
  async tryReadBlock(md5: string, index: number, size: number, block: Buffer): Promise<boolean> {
    await this.#arriving.get(md5);
    const name = this.#index.has(md5) ? md5 : blockName(md5, index);
    if (!this.#index.use(name)) return false;
    try {
      const path = this.#folder.pathOf(name);
      const isSound = name === md5 ? tryReadWholeFile(path, index, size, block) : tryReadBlockFile(path, block);
      if (await isSound) return true;
      this.#log.warn('cached content is damaged, dropped', { name });
    } catch (error) {
      if (fsErrorCode(error) !== 'ENOENT') {
        this.#log.warn('cache read failed, treated as a miss', { name, error });
        return false;
      }
      this.#folder.isDoubtful = true;
    }
    this.#index.remove(name);
    return false;
  }

  /** Is there room for what lacks of a pinned content of `size` bytes? Rejects when the folder cannot be used. */
  async canKeep(md5: string, size: number): Promise<boolean> {
    if (performance.now() < this.#restsUntil) return false;
    const free = (await this.#folder.getFree()) + this.evictableBytes;
    return free - this.#index.countLacking(md5, size) >= this.#budget.minFreeBytes;
  }

  /** Keeps a block if the disk allows; failing to is logged and costs only a later download. */
  async keepBlock(md5: string, index: number, body: Buffer): Promise<void> {
    const name = blockName(md5, index);
    if (performance.now() < this.#restsUntil || this.hasBlock(md5, index)) return;
    try {
      if (!(await this.#makeRoom(name, body.length))) return;
      this.#index.add(name, await this.#folder.writeBlock(name, body));
      this.#shrink(0);
    } catch (error) {
      this.#log.warn('cache write failed, content is streamed for now', { name, error });
      this.#restsUntil = performance.now() + cacheLimits.cacheRestMs;
    }
  }

  /**
   * Takes over a finished staging file of `size` bytes with its checksums, by rename(2) where both are on one disk. Its bytes
   * are on the server: when the cache cannot take it, it is deleted.
   */
  async moveIntoCache({ md5, blockSums }: Checksums, size: number, stagingFile: string): Promise<void> {
    try {
      await this.#folder.makeFolder(md5);
      const bytes = await sealWholeFile(stagingFile, size, blockSums);
      await this.#folder.take(stagingFile, md5, () => this.#makeRoom(md5, bytes));
      if (this.#isPinned(md5)) this.#index.addPinned(md5, size);
      this.#index.add(md5, bytes);
      this.#shrink(0);
    } catch (error) {
      this.#log.warn('an uploaded file was not kept in the cache', { md5, error });
      await unlink(stagingFile).catch(() => undefined);
    }
  }

  /** Frees up to `bytes` of the disk, least recently used first; resolves with the bytes freed when they are gone. */
  async evict(bytes: number): Promise<number> {
    const before = this.#index.bytes;
    this.#index.evictUntil(() => before - this.#index.bytes >= bytes);
    await this.#folder.discarded();
    return before - this.#index.bytes;
  }

  /** Forgets a content that turned out to be wrong. */
  drop(md5: string, size: number): void {
    this.#index.remove(md5);
    for (let index = 0; index * cacheLimits.blockBytes < size; index += 1) this.#index.remove(blockName(md5, index));
  }

  /**
   * Gives the disk what it lacks to the free-space floor, as far as eviction can: other programs fill it too. Notices as well
   * when others deleted files of the cache.
   */
  async keepFloor(): Promise<void> {
    try {
      await this.#freeDisk(0);
      if (this.#folder.isDoubtful) await this.#forgetDeleted();
    } catch (error) {
      this.#log.debug('the cache folder cannot be looked at', { dir: this.dir, error });
    }
  }

  async #makeRoom(name: string, bytes: number): Promise<boolean> {
    if (!this.#index.isPinned(name)) {
      if (bytes > this.#budget.maxBytes) return false;
      this.#shrink(bytes);
    }
    if (performance.now() - this.#checkedFreeAt < cacheLimits.freeSpaceCheckMs && this.#checkedFreeAt > 0) return true;
    return this.#freeDisk(bytes);
  }

  /** Evicts until `bytes` can be written and the floor stands; false when that cannot be. */
  async #freeDisk(bytes: number): Promise<boolean> {
    const free = await this.#folder.getFree();
    this.#checkedFreeAt = performance.now();
    if (free - bytes >= this.#budget.minFreeBytes) return true;
    this.#checkedFreeAt = 0;
    const target = this.#index.bytes - (this.#budget.minFreeBytes + bytes - free);
    this.#index.evictUntil(() => this.#index.bytes <= target);
    return this.#index.bytes <= target;
  }

  #shrink(incoming: number): void {
    this.#index.evictUntil(() => this.#index.evictableBytes + incoming <= this.#budget.maxBytes);
  }

  async #indexAll(): Promise<void> {
    for (const { name, bytes } of await listContentFiles(this.dir, this.#log)) this.#index.add(name, bytes);
    this.#shrink(0);
  }

  async #forgetDeleted(): Promise<void> {
    this.#folder.isDoubtful = false;
    let files = 0;
    for (const name of this.#index.names) {
      if (!(await this.#folder.isGone(name))) continue;
      this.#index.remove(name);
      files += 1;
    }
    if (files > 0) this.#log.warn('another program deleted files of the cache', { files });
  }
}
