import { lastBlock } from './blocks.ts';
import { blockName, md5Of } from './contentFiles.ts';
import { cacheLimits } from './limits.ts';

export interface ContentIndexOptions {
  /** A content gained or lost bytes. */
  readonly onChange: (md5: string) => void;
  /** An entry left: its file is of no use any more. */
  readonly onRemoved: (name: string) => void;
}

/** Which files of clean content are on the disk, least recently used first, and which of them are pinned. */
export class ContentIndex {
  readonly #options: ContentIndexOptions;
  /** By name: bytes that the file takes of the disk. */
  readonly #entries = new Map<string, number>();
  /** Goes on from eviction to eviction: what was before it has gone, or has moved to the end by its use. */
  #oldest = this.#entries.keys();
  #bytes = 0;
  #pinned = new Set<string>();
  #pinnedBytes = 0;

  constructor(options: ContentIndexOptions) {
    this.#options = options;
  }

  /** Bytes that the files take of the disk. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of the files that are not pinned. */
  get evictableBytes(): number {
    return this.bytes - this.#pinnedBytes;
  }

  get names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  hasBlock(md5: string, index: number): boolean {
    return this.has(md5) || this.has(blockName(md5, index));
  }

  hasAll(md5: string, size: number): boolean {
    if (this.has(md5)) return true;
    for (let index = lastBlock(size); index >= 0; index -= 1) if (!this.hasBlock(md5, index)) return false;
    return true;
  }

  /** Bytes of the disk that the blocks of a content of `size` bytes would take that are not here. */
  countLacking(md5: string, size: number): number {
    const { blockBytes } = cacheLimits;
    let lacking = 0;
    for (let index = lastBlock(size); index >= 0; index -= 1) {
      if (!this.hasBlock(md5, index)) lacking += diskBytes(Math.min(blockBytes, size - index * blockBytes));
    }
    return lacking;
  }

  /** As `has`; the entry is the most recently used from now on. */
  use(name: string): boolean {
    const bytes = this.#entries.get(name);
    if (bytes === undefined) return false;
    this.#entries.delete(name);
    this.#entries.set(name, bytes);
    return true;
  }

  /** `bytes` is the size of the file. */
  add(name: string, bytes: number): void {
    this.#take(name);
    this.#entries.set(name, diskBytes(bytes));
    this.#note(name, diskBytes(bytes));
  }

  remove(name: string): void {
    if (this.#take(name)) this.#options.onRemoved(name);
  }

  setPinned(md5s: ReadonlySet<string>): void {
    this.#pinned = new Set(md5s);
    this.#pinnedBytes = 0;
    for (const [name, bytes] of this.#entries) if (this.isPinned(name)) this.#pinnedBytes += bytes;
  }

  /** One more content, of `size` bytes. */
  addPinned(md5: string, size: number): void {
    if (this.#pinned.has(md5)) return;
    this.#pinned.add(md5);
    this.#pinnedBytes += this.#entries.get(md5) ?? 0;
    for (let index = lastBlock(size); index >= 0; index -= 1) {
      this.#pinnedBytes += this.#entries.get(blockName(md5, index)) ?? 0;
    }
  }

  isPinned(name: string): boolean {
    return this.#pinned.has(md5Of(name));
  }

  /** Least recently used first. A pinned entry that comes up goes to the young end, so that it is not met again soon. */
  evictUntil(done: () => boolean): void {
    for (let left = this.#entries.size; left > 0 && !done(); left -= 1) {
      const oldest = this.#nextOldest();
      if (oldest === undefined) return;
      if (this.isPinned(oldest)) this.use(oldest);
      else this.remove(oldest);
    }
  }

  #nextOldest(): string | undefined {
    const next = this.#oldest.next();
    if (next.done !== true) return next.value;
    this.#oldest = this.#entries.keys();
    return this.#oldest.next().value;
  }

  #take(name: string): boolean {
    const bytes = this.#entries.get(name);
    if (bytes === undefined) return false;
    this.#entries.delete(name);
    this.#note(name, -bytes);
    return true;
  }

  #note(name: string, bytes: number): void {
    this.#bytes += bytes;
    if (this.isPinned(name)) this.#pinnedBytes += bytes;
    this.#options.onChange(md5Of(name));
  }
}

/** What a file of `bytes` takes of the disk. */
function diskBytes(bytes: number): number {
  const unit = cacheLimits.diskUnitBytes;
  return Math.max(1, Math.ceil(bytes / unit)) * unit;
}
