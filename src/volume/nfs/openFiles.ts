import type { Log } from '../../base/log.ts';
import { Recent } from '../../base/recent.ts';
import type { Ino } from '../../store/nodeRow.ts';
import type { Fh } from '../../vfs/openInode.ts';
import type { Vfs } from '../../vfs/vfs.ts';
import { nfsLimits } from './limits.ts';

type Purpose = 'reading' | 'writing';

interface OpenFile {
  readonly ino: Ino;
  readonly purpose: Purpose;
  readonly opened: Promise<Fh>;
  /** Calls that use it now. */
  users: number;
  /** ms, by `now`. */
  usedAt: number;
}

export interface OpenFilesDeps {
  readonly vfs: Vfs;
  readonly log: Log;
  /** Monotonic ms. */
  readonly now: () => number;
  /** A file was written to, and nobody writes to it any more. */
  readonly onWritten: (ino: Ino) => void;
}

/**
 * NFSv3 has no open and close: a file is opened at its first use and closed when it was not used for a while. Readers and
 * writers have a handle each, because an open for writing is what holds back an upload.
 */
export class OpenFiles {
  readonly #deps: OpenFilesDeps;
  /** In the order of use, the one unused longest first. Key: purpose and ino. */
  readonly #files = new Map<string, OpenFile>();
  /** Files that stay open though nobody uses them: removed, and still open for a client. */
  readonly #held = new Map<Ino, Fh>();
  /** Which change of a file was its last, of those made lately. */
  readonly #changes = new Recent<Ino, number>(4 * nfsLimits.openFiles);
  #changeCount = 0;
  readonly #closing = new Set<Promise<void>>();
  readonly #sweep: NodeJS.Timeout;

  constructor(deps: OpenFilesDeps) {
    this.#deps = deps;
    this.#sweep = setInterval(() => this.#closeIdle(), nfsLimits.sweepMs);
    this.#sweep.unref();
  }

  /** Runs `work` with a handle of the file. A reader shares a writer's handle, so that it sees what is being written. */
  async use<T>(ino: Ino, purpose: Purpose, work: (fh: Fh) => Promise<T>): Promise<T> {
    if (purpose === 'writing') {
      this.#changeCount += 1;
      this.#changes.set(ino, this.#changeCount);
    }
    const file = this.#files.get(`writing ${ino}`) ?? this.#find(ino, purpose);
    return this.#during(file, work);
  }

  /** Another number after each change of the file: what was read before a change is not handed out after it. */
  getChange(ino: Ino): number {
    return this.#changes.get(ino) ?? 0;
  }

  /** Takes over a handle that a CREATE has opened. */
  adopt(ino: Ino, fh: Fh): void {
    const key = `writing ${ino}`;
    if (this.#files.has(key)) void this.#release(fh);
    else this.#add(key, { ino, purpose: 'writing', opened: Promise.resolve(fh), users: 0, usedAt: this.#deps.now() });
  }

  /** Nothing more is written for now: the file is closed as soon as no call uses it. */
  finishWriting(ino: Ino): void {
    const file = this.#files.get(`writing ${ino}`);
    if (file?.users === 0) this.#close(`writing ${ino}`, file);
  }

  /** Keeps a file open that is about to lose its name, until `letGo`. */
  async hold(ino: Ino): Promise<void> {
    if (this.#held.has(ino)) return;
    const fh = await this.#deps.vfs.open(ino, { writing: false, append: false, truncate: false });
    if (this.#held.has(ino)) await this.#release(fh);
    else this.#held.set(ino, fh);
  }

  /** Was it read or written lately? */
  isUsed(ino: Ino): boolean {
    return this.#files.has(`reading ${ino}`) || this.#files.has(`writing ${ino}`);
  }

  isHeld(ino: Ino): boolean {
    return this.#held.has(ino);
  }

  async letGo(ino: Ino): Promise<void> {
    const held = this.#held.get(ino);
    this.#held.delete(ino);
    for (const purpose of ['reading', 'writing'] as const) {
      const file = this.#files.get(`${purpose} ${ino}`);
      if (file?.users === 0) this.#close(`${purpose} ${ino}`, file);
    }
    if (held !== undefined) await this.#release(held);
  }

  /** Closes all of it; what was written is with the volume afterwards. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    for (const [key, file] of [...this.#files]) this.#close(key, file);
    const held = [...this.#held.values()];
    this.#held.clear();
    await Promise.all([...this.#closing, ...held.map((fh) => this.#release(fh))]);
  }

  #find(ino: Ino, purpose: Purpose): OpenFile {
    const key = `${purpose} ${ino}`;
    const known = this.#files.get(key);
    if (known !== undefined) return known;
    const opened = this.#deps.vfs.open(ino, { writing: purpose === 'writing', append: false, truncate: false });
    const file = { ino, purpose, opened, users: 0, usedAt: this.#deps.now() };
    this.#add(key, file);
    opened.catch(() => {
      if (this.#files.get(key) === file) this.#files.delete(key);
    });
    return file;
  }

  async #during<T>(file: OpenFile, work: (fh: Fh) => Promise<T>): Promise<T> {
    // Before the first await: from here on nobody closes it.
    file.users += 1;
    const key = `${file.purpose} ${file.ino}`;
    if (this.#files.get(key) === file) {
      this.#files.delete(key);
      this.#files.set(key, file);
    }
    try {
      return await work(await file.opened);
    } finally {
      file.users -= 1;
      file.usedAt = this.#deps.now();
    }
  }

  #add(key: string, file: OpenFile): void {
    this.#files.set(key, file);
    if (this.#files.size <= nfsLimits.openFiles) return;
    const unused = [...this.#files].find(([, one]) => one.users === 0 && one !== file);
    if (unused !== undefined) this.#close(...unused);
  }

  #closeIdle(): void {
    const now = this.#deps.now();
    for (const [key, file] of [...this.#files]) {
      const idleMs = file.purpose === 'writing' ? nfsLimits.writerIdleMs : nfsLimits.readerIdleMs;
      if (file.users === 0 && now - file.usedAt >= idleMs) this.#close(key, file);
    }
  }

  #close(key: string, file: OpenFile): void {
    this.#files.delete(key);
    const closing = file.opened.then(
      async (fh) => {
        await this.#release(fh);
        if (file.purpose === 'writing') this.#deps.onWritten(file.ino);
      },
      () => {},
    );
    this.#closing.add(closing);
    void closing.then(() => this.#closing.delete(closing));
  }

  async #release(fh: Fh): Promise<void> {
    await this.#deps.vfs.release(fh).catch((error) => this.#deps.log.warn('a file was not released', { error }));
  }
}
