import { copyFile, mkdir, open, readdir, readFile, rename, stat, statfs, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { fsErrorCode } from '../base/errno.ts';
import type { Log } from '../base/log.ts';
import { cacheLimits } from './limits.ts';

export interface ContentBudget {
  /** Bytes of clean content kept on disk; what is pinned does not count. */
  maxBytes: number;
  /** Bytes left free on the disk that holds the cache. */
  minFreeBytes: number;
}

/** First bytes of a block file: CRC-32 of the rest, big endian. */
const headerBytes = 4;
const md5Length = 32;
const contentName = /^([0-9a-f]{32})(?:\.(\d+))?$/;

/**
 * Clean content on disk, keyed by md5: `<dir>/ab/<md5>` a whole file, `<dir>/ab/<md5>.<n>` its n-th block. Losing any of it
 * costs a download, never data. Least recently used entries go first when the budget or the free-space floor asks; pinned
 * ones never do.
 * A block whose checksum fails is deleted and is a miss.
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
    const start = index * cacheLimits.blockBytes;
    const length = Math.min(cacheLimits.blockBytes, size - start);
    try {
      if (this.#entries.get(md5) !== undefined) return await readPart(this.#path(md5), start, length);
      const name = blockName(md5, index);
      if (this.#entries.get(name) === undefined) return undefined;
      const file = await readFile(this.#path(name));
      const body = file.subarray(headerBytes);
      if (body.length === length && crc32(body) === file.readUInt32BE(0)) return body;
      this.#log.warn('cache block is damaged, dropped', { name });
      this.#entries.delete(name);
    } catch (error) {
      this.#log.warn('cache read failed, treated as a miss', { md5, index, error });
      this.#entries.delete(md5);
      this.#entries.delete(blockName(md5, index));
    }
    return undefined;
  }

  /** Keeps a block if the disk allows; failing to is logged and costs only a later download. */
  async keepBlock(md5: string, index: number, body: Buffer): Promise<void> {
    const name = blockName(md5, index);
    if (performance.now() < this.#restsUntil || this.hasBlock(md5, index)) return;
    const file = Buffer.allocUnsafe(headerBytes + body.length);
    file.writeUInt32BE(crc32(body), 0);
    body.copy(file, headerBytes);
    try {
      if (!(await this.#makeRoom(file.length))) return;
      await this.#writeBlock(name, file);
      this.#entries.set(name, file.length);
      this.#shrink(0);
    } catch (error) {
      this.#log.warn('cache write failed, content is streamed for now', { name, error });
      this.#restsUntil = performance.now() + cacheLimits.cacheRestMs;
    }
  }

  /**
   * Takes over a finished staging file, by rename(2) where both are on one disk. `size` in bytes. Its bytes are on the server:
   * when the cache cannot take it, it is deleted.
   */
  async adopt(md5: string, size: number, stagingFile: string): Promise<void> {
    try {
      await mkdir(join(this.#dir, md5.slice(0, 2)), { recursive: true, mode: 0o700 });
      await this.#take(stagingFile, size, this.#path(md5));
      this.#entries.set(md5, size);
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
    return this.#pinned.has(name.slice(0, md5Length));
  }

  #note(name: string, bytes: number): void {
    if (this.#isPinned(name)) this.#pinnedBytes += bytes;
    this.#onChange(name.slice(0, md5Length));
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

  /** In place: a block cut short by a crash fails its checksum and is a miss. */
  async #writeBlock(name: string, bytes: Buffer): Promise<void> {
    const target = this.#path(name);
    try {
      await writeFile(target, bytes, { mode: 0o600 });
    } catch (error) {
      if (fsErrorCode(error) !== 'ENOENT') {
        await unlink(target).catch(() => undefined);
        throw error;
      }
      await mkdir(join(this.#dir, name.slice(0, 2)), { recursive: true, mode: 0o700 });
      await writeFile(target, bytes, { mode: 0o600 });
    }
  }

  async #index(): Promise<void> {
    const found: { name: string; bytes: number; usedAt: number }[] = [];
    for (const entry of await readdir(this.#dir, { withFileTypes: true })) {
      if (!entry.isDirectory()) {
        await unlink(join(this.#dir, entry.name));
        continue;
      }
      for (const name of await readdir(join(this.#dir, entry.name))) {
        if (!contentName.test(name)) {
          await unlink(join(this.#dir, entry.name, name));
          continue;
        }
        const { size, mtimeMs } = await stat(this.#path(name));
        found.push({ name, bytes: size, usedAt: mtimeMs });
      }
    }
    found.sort((a, b) => a.usedAt - b.usedAt);
    for (const { name, bytes } of found) this.#entries.set(name, bytes);
    this.#shrink(0);
  }

  #path(name: string): string {
    return join(this.#dir, name.slice(0, 2), name);
  }
}

function blockName(md5: string, index: number): string {
  return `${md5}.${index}`;
}

async function readPart(path: string, start: number, length: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await file.read(buffer, done, length - done, start + done);
      if (bytesRead === 0) throw new Error('cache file is shorter than its content');
      done += bytesRead;
    }
    return buffer;
  } finally {
    await file.close();
  }
}
