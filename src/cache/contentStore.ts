import { copyFile, mkdir, rename, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { fsErrorCode } from '../base/errno.ts';
import type { Log } from '../base/log.ts';
import {
  blockName,
  contentFolder,
  listContentFiles,
  md5Of,
  sealWholeFile,
  tryReadBlockFile,
  tryReadWholeFile,
  writeBlockFile,
} from './contentFiles.ts';
import { cacheLimits } from './limits.ts';

export interface ContentBudget {
  /** Bytes of clean content kept on disk; what is pinned does not count. */
  maxBytes: number;
  /** Bytes left free on the disk that holds the cache. */
  minFreeBytes: number;
}

/**
 * Clean content on disk, keyed by md5, whole or by block (contentFiles.ts). Losing any of it costs a download, never data.
 * Least recently used entries go first when the budget or the free-space floor asks; pinned ones never do. What fails its
 * checksum is deleted and is a miss.
 */
export class ContentStore {
  readonly #dir: string;
  readonly #log: Log;
  readonly #budget: ContentBudget;
  readonly #entries: LRUCache<string, number>;
  readonly #unlinking = new Set<Promise<void>>();
  readonly #onChange: (md5: string) => void;
  #pinned: ReadonlySet<string> = new Set();
  #pinnedBytes = 0;
  #checkedFreeAt = 0;
  /** Nothing is written until then: the disk has just failed. */
  #restsUntil = 0;

  private constructor(dir: string, budget: ContentBudget, log: Log, onChange: (md5: string) => void) {
    this.#dir = dir;
    this.#budget = { ...budget };
    this.#log = log;
    this.#onChange = onChange;
    this.#entries = new LRUCache({
      // The budget is enforced by #shrink, so that a changed limit applies live; lru-cache needs some bound of its own.
      maxSize: Number.MAX_SAFE_INTEGER,
      sizeCalculation: (bytes) => Math.max(1, bytes),
      dispose: (bytes, name, reason) => {
        this.#note(name, -bytes);
        if (reason !== 'set') this.#discard(name);
      },
      onInsert: (bytes, name, reason) => {
        if (reason !== 'update') this.#note(name, bytes);
      },
    });
  }

  /**
   * Opens `dir` (created 0700) and indexes what is there, oldest first. A folder that cannot be used is no cache: everything
   * is streamed. `onChange` hears of each md5 that gains or loses bytes.
   */
  static async open(
    dir: string,
    budget: ContentBudget,
    log: Log,
    options: { pinned?: ReadonlySet<string>; onChange?: (md5: string) => void } = {},
  ): Promise<ContentStore> {
    const store = new ContentStore(dir, budget, log, options.onChange ?? (() => {}));
    store.#pinned = options.pinned ?? new Set();
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await store.#index();
    } catch (error) {
      log.warn('the cache folder cannot be used', { dir, error });
    }
    return store;
  }

  get budget(): Readonly<ContentBudget> {
    return this.#budget;
  }

  get usedBytes(): number {
    return this.#entries.calculatedSize;
  }

  /** From now on content of these md5s is never evicted, and does not count against the budget. */
  setPinned(md5s: ReadonlySet<string>): void {
    this.#pinned = md5s;
    this.#pinnedBytes = 0;
    for (const [name, bytes] of this.#entries.entries()) if (this.#isPinned(name)) this.#pinnedBytes += bytes;
    this.#shrink(0);
  }

  setBudget(budget: ContentBudget): void {
    Object.assign(this.#budget, budget);
    this.#shrink(0);
  }

  hasBlock(md5: string, index: number): boolean {
    return this.#entries.has(md5) || this.#entries.has(blockName(md5, index));
  }

  /** True when all blocks of a file of `size` bytes are here. */
  hasAll(md5: string, size: number): boolean {
    if (this.#entries.has(md5)) return true;
    for (let index = 0; index * cacheLimits.blockBytes < size; index += 1) {
      if (!this.#entries.has(blockName(md5, index))) return false;
    }
    return true;
  }

  /** Bytes of one block, or undefined when it is not here (or no longer sound). */
  async tryReadBlock(md5: string, index: number, size: number): Promise<Buffer | undefined> {
    const name = this.#entries.get(md5) === undefined ? blockName(md5, index) : md5;
    if (this.#entries.get(name) === undefined) return undefined;
    try {
      const path = this.#path(name);
      const length = Math.min(cacheLimits.blockBytes, size - index * cacheLimits.blockBytes);
      const body = await (name === md5 ? tryReadWholeFile(path, index, size) : tryReadBlockFile(path, length));
      if (body !== undefined) return body;
      this.#log.warn('cached content is damaged, dropped', { name });
    } catch (error) {
      this.#log.warn('cache read failed, treated as a miss', { name, error });
    }
    this.#entries.delete(name);
    return undefined;
  }

  /** Keeps a block if the disk allows; failing to is logged and costs only a later download. */
  async keepBlock(md5: string, index: number, body: Buffer): Promise<void> {
    const name = blockName(md5, index);
    if (performance.now() < this.#restsUntil || this.hasBlock(md5, index)) return;
    try {
      if (!(await this.#makeRoom(body.length))) return;
      this.#entries.set(name, await this.#writeBlock(name, body));
      this.#shrink(0);
    } catch (error) {
      this.#log.warn('cache write failed, content is streamed for now', { name, error });
      this.#restsUntil = performance.now() + cacheLimits.cacheRestMs;
    }
  }

  /**
   * Takes over a finished staging file, by rename(2) where both are on one disk; it is read once, for its checksums. `size` in
   * bytes. Its bytes are on the server: when the cache cannot take it, it is deleted.
   */
  async adopt(md5: string, size: number, stagingFile: string): Promise<void> {
    try {
      await mkdir(contentFolder(this.#dir, md5), { recursive: true, mode: 0o700 });
      const bytes = await sealWholeFile(stagingFile, size);
      await this.#take(stagingFile, bytes, this.#path(md5));
      this.#entries.set(md5, bytes);
      this.#shrink(0);
    } catch (error) {
      this.#log.warn('an uploaded file was not kept in the cache', { md5, error });
      await unlink(stagingFile).catch(() => undefined);
    }
  }

  /** Frees up to `bytes` of the disk, least recently used first; resolves with the bytes freed when they are gone. */
  async evict(bytes: number): Promise<number> {
    const before = this.#entries.calculatedSize;
    this.#evictUntil(() => before - this.#entries.calculatedSize >= bytes);
    await Promise.all(this.#unlinking);
    return before - this.#entries.calculatedSize;
  }

  /** Forgets a content that turned out to be wrong. */
  drop(md5: string, size: number): void {
    this.#entries.delete(md5);
    for (let index = 0; index * cacheLimits.blockBytes < size; index += 1) this.#entries.delete(blockName(md5, index));
  }

  async #makeRoom(bytes: number): Promise<boolean> {
    if (bytes > this.#budget.maxBytes) return false;
    this.#shrink(bytes);
    if (performance.now() - this.#checkedFreeAt < cacheLimits.freeSpaceCheckMs && this.#checkedFreeAt > 0) return true;
    const disk = await statfs(this.#dir);
    const free = disk.bavail * disk.bsize;
    this.#checkedFreeAt = performance.now();
    if (free - bytes >= this.#budget.minFreeBytes) return true;
    this.#checkedFreeAt = 0;
    const target = this.#entries.calculatedSize - (this.#budget.minFreeBytes + bytes - free);
    this.#evictUntil(() => this.#entries.calculatedSize <= target);
    return this.#entries.calculatedSize <= target;
  }

  #shrink(incoming: number): void {
    const getCounted = () => this.#entries.calculatedSize - this.#pinnedBytes;
    this.#evictUntil(() => getCounted() + incoming <= this.#budget.maxBytes);
  }

  /** Least recently used first. A pinned entry that comes up goes to the young end, so that it is not met again soon. */
  #evictUntil(done: () => boolean): void {
    for (let left = this.#entries.size; left > 0 && !done(); left -= 1) {
      const { value: oldest } = this.#entries.rkeys().next();
      if (oldest === undefined) return;
      if (this.#isPinned(oldest)) this.#entries.get(oldest);
      else this.#entries.delete(oldest);
    }
  }

  #isPinned(name: string): boolean {
    return this.#pinned.has(md5Of(name));
  }

  #note(name: string, bytes: number): void {
    if (this.#isPinned(name)) this.#pinnedBytes += bytes;
    this.#onChange(md5Of(name));
  }

  async #take(stagingFile: string, size: number, target: string): Promise<void> {
    try {
      await rename(stagingFile, target);
    } catch (error) {
      if (fsErrorCode(error) !== 'EXDEV') throw error;
      if (!(await this.#makeRoom(size))) throw error;
      await copyFile(stagingFile, `${target}.tmp`);
      await rename(`${target}.tmp`, target);
      await unlink(stagingFile);
    }
  }

  #discard(name: string): void {
    const gone = unlink(this.#path(name)).catch((error) => {
      if (fsErrorCode(error) !== 'ENOENT') this.#log.warn('cache file could not be deleted', { name, error });
    });
    this.#unlinking.add(gone);
    void gone.finally(() => this.#unlinking.delete(gone));
  }

  async #writeBlock(name: string, body: Buffer): Promise<number> {
    const target = this.#path(name);
    try {
      return await writeBlockFile(target, body);
    } catch (error) {
      if (fsErrorCode(error) !== 'ENOENT') {
        await unlink(target).catch(() => undefined);
        throw error;
      }
      await mkdir(contentFolder(this.#dir, name), { recursive: true, mode: 0o700 });
      return writeBlockFile(target, body);
    }
  }

  async #index(): Promise<void> {
    for (const { name, bytes } of await listContentFiles(this.#dir)) this.#entries.set(name, bytes);
    this.#shrink(0);
  }

  #path(name: string): string {
    return join(contentFolder(this.#dir, name), name);
  }
}
