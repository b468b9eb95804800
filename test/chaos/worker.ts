import fs from 'node:fs';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * A process of its own for every touch of the volume: what hangs there hangs here, and the harness goes on. Open files
 * have numbers that never come back, so that a late close cannot hit another file.
 */
const call = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  fsync: promisify(fs.fsync),
  ftruncate: promisify(fs.ftruncate),
  read: promisify(fs.read),
  write: promisify(fs.write),
};

const staleErrno = process.platform === 'darwin' ? 70 : 116;

const descriptors = new Map<number, number>();
let nextFile = 1;

function descriptorOf(file: number): number {
  const fd = descriptors.get(file);
  if (fd === undefined) throw Object.assign(new Error('closed'), { code: 'EBADF' });
  return fd;
}

const operations = {
  open: async (path: string, flags: number) => {
    const fd = await call.open(path, flags, 0o644);
    const file = nextFile;
    nextFile += 1;
    descriptors.set(file, fd);
    return file;
  },
  close: async (file: number) => {
    const fd = descriptorOf(file);
    descriptors.delete(file);
    await call.close(fd);
  },
  fsync: async (file: number) => call.fsync(descriptorOf(file)),
  ftruncate: async (file: number, size: number) => call.ftruncate(descriptorOf(file), size),
  /** `position` null: where O_APPEND says. */
  write: async (file: number, bytes: Uint8Array, position: number | null) => {
    const fd = descriptorOf(file);
    for (let done = 0; done < bytes.length; ) {
      const at = position === null ? null : position + done;
      done += (await call.write(fd, bytes, done, bytes.length - done, at)).bytesWritten;
    }
  },
  read: async (file: number, position: number, length: number) => {
    const fd = descriptorOf(file);
    const bytes = Buffer.alloc(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await call.read(fd, bytes, done, length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  },
  readFile: (path: string) => fs.promises.readFile(path),
  rename: (from: string, to: string) => fs.promises.rename(from, to),
  unlink: (path: string) => fs.promises.unlink(path),
  mkdir: (path: string) => fs.promises.mkdir(path),
  rmdir: (path: string) => fs.promises.rmdir(path),
  truncate: (path: string, size: number) => fs.promises.truncate(path, size),
  utimes: (path: string, seconds: number) => fs.promises.utimes(path, seconds, seconds),
  chmod: (path: string, mode: number) => fs.promises.chmod(path, mode),
  stat: async (path: string) => {
    const { size, mtimeMs, ...stats } = await fs.promises.lstat(path);
    return { size, mtimeSec: Math.floor(mtimeMs / 1000), isFile: (stats.mode & 0o170000) === 0o100000 };
  },
  readdir: (path: string) => readdir(path),
};

export type Operations = typeof operations;
export type OperationName = keyof Operations;
export interface WorkerCall {
  readonly id: number;
  readonly name: OperationName;
  readonly args: readonly unknown[];
}
export interface WorkerAnswer {
  readonly id: number;
  readonly value?: unknown;
  /** The errno's name. */
  readonly code?: string;
}

/** Node.js has no name for ESTALE. */
function nameOf(error: NodeJS.ErrnoException): string {
  if (error.errno !== undefined && -error.errno === staleErrno) return 'ESTALE';
  return error.code ?? String(error);
}

process.on('message', ({ id, name, args }: WorkerCall) => {
  const work = operations[name] as (...args: readonly unknown[]) => Promise<unknown>;
  work(...args).then(
    (value) => process.send?.({ id, value }),
    (error: NodeJS.ErrnoException) => process.send?.({ id, code: nameOf(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
