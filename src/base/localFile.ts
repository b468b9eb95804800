import * as fs from 'node:fs';
import { promisify } from 'node:util';

const [readOf, writeOf, readvOf, writevOf, truncateOf, datasyncOf, closeOf] = [
  promisify(fs.read),
  promisify(fs.write),
  promisify(fs.readv),
  promisify(fs.writev),
  promisify(fs.ftruncate),
  promisify(fs.fdatasync),
  promisify(fs.close),
];

/** Stands for the descriptor of a closed file: no file has this number, so that the system refuses whoever still uses it. */
const closed = 0x7fffffff;

/** Up to so many bytes the page cache answers in a few microseconds; a turn through the thread pool takes ten times that. */
const smallBytes = 64 * 1024;

/**
 * An open file of this computer. Small reads and writes are done at once, all else beside the event loop. Its number is given back
 * to the system only when nothing waits for it: the next file that is opened gets it, and would be read or written instead.
 */
export class LocalFile {
  readonly path: string;
  readonly #waiting = new Set<Promise<unknown>>();
  #fd: number;

  /** Flags as of open(2) in fs.open; throws as the disk does. */
  constructor(path: string, flags: string, mode = 0o600) {
    this.path = path;
    this.#fd = fs.openSync(path, flags, mode);
  }

  /** For who reads it without changing it, as long as it is open. */
  get fd(): number {
    return this.#fd;
  }

  get length(): number {
    return fs.fstatSync(this.#fd).size;
  }

  /** Answers the bytes read, 0 at the end. */
  async read(buffer: Buffer, offset: number, length: number, position: number): Promise<number> {
    if (length <= smallBytes) return fs.readSync(this.#fd, buffer, offset, length, position);
    return (await this.#keepOpen(readOf(this.#fd, buffer, offset, length, position))).bytesRead;
  }

  /** Answers the bytes written. */
  async write(bytes: Buffer, offset: number, length: number, position: number): Promise<number> {
    if (length <= smallBytes) return fs.writeSync(this.#fd, bytes, offset, length, position);
    return (await this.#keepOpen(writeOf(this.#fd, bytes, offset, length, position))).bytesWritten;
  }

  /** Fills `buffer` from `position`; bytes beyond the file's end stay as they are. */
  readFully(buffer: Buffer, position: number): Promise<void> {
    return this.#keepOpen(this.#readFully(buffer, position));
  }

  async #readFully(buffer: Buffer, position: number): Promise<void> {
    for (let done = 0; done < buffer.length; ) {
      const read = await this.read(buffer, done, buffer.length - done, position + done);
      if (read === 0) return;
      done += read;
    }
  }

  writeFully(bytes: Buffer, position: number): Promise<void> {
    return this.#keepOpen(this.#writeFully(bytes, position));
  }

  async #writeFully(bytes: Buffer, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      done += await this.write(bytes, done, bytes.length - done, position + done);
    }
  }

  /** Fills the parts one after the other from `position`, in one call of the disk; false when the file ends before that. */
  async readParts(parts: readonly Buffer[], position: number): Promise<boolean> {
    const length = lengthOf(parts);
    if (length <= smallBytes) return fs.readvSync(this.#fd, parts, position) === length;
    return (await this.#keepOpen(readvOf(this.#fd, parts, position))).bytesRead === length;
  }

  /** Writes the parts one after the other, in one call where the disk takes them all. */
  async writeParts(parts: readonly Buffer[], position: number): Promise<void> {
    const length = lengthOf(parts);
    const written =
      length <= smallBytes
        ? fs.writevSync(this.#fd, parts, position)
        : (await this.#keepOpen(writevOf(this.#fd, parts, position))).bytesWritten;
    if (written < length) await this.writeFully(Buffer.concat(parts).subarray(written), position + written);
  }

  truncate(size: number): Promise<void> {
    return this.#keepOpen(truncateOf(this.#fd, size));
  }

  /** fdatasync(2). */
  datasync(): Promise<void> {
    return this.#keepOpen(datasyncOf(this.#fd));
  }

  /** After all that was begun. The end of a large file that was removed meanwhile is work for the disk. */
  async close(): Promise<void> {
    while (this.#waiting.size > 0) await Promise.allSettled(this.#waiting);
    const [fd, { length }] = [this.#fd, this];
    this.#fd = closed;
    if (length <= smallBytes) fs.closeSync(fd);
    else await closeOf(fd);
  }

  async #keepOpen<T>(work: Promise<T>): Promise<T> {
    this.#waiting.add(work);
    try {
      return await work;
    } finally {
      this.#waiting.delete(work);
    }
  }
}

function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
