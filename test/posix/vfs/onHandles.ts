import { constants } from 'node:fs';
import { contentBytes, describeBytes } from '../operations.ts';
import { CallError } from './calls.ts';
import { closeHandle, type Kernel, kindOf, type OpenFile, type Stats, walk } from './kernel.ts';
import { report, toTimespec } from './report.ts';
import type { Performers } from './vfsDriver.ts';

/** Bytes that the kernel asks for or sends at once. */
const requestBytes = 128 * 1024;
const fallocateModes = { '': 0, KEEP_SIZE: 1, PUNCH_HOLE: 3, PUNCH_HOLE_ALONE: 2, COLLAPSE_RANGE: 8, ZERO_RANGE: 16 };

export const onHandles: Performers<
  | 'open'
  | 'close'
  | 'read'
  | 'write'
  | 'save'
  | 'load'
  | 'ftruncate'
  | 'fsync'
  | 'fdatasync'
  | 'fstat'
  | 'futimens'
  | 'fchmod'
  | 'fallocate'
  | 'copyRange'
  | 'seek'
> = {
  open: (kernel, { fh, path, flags, mode }) => openFile(kernel, fh, path, parseFlags(flags), mode),
  close: (kernel, { fh }) => closeHandle(kernel, fh),
  read: async (kernel, { fh, length, at }) => describeBytes(await readBytes(kernel, handleOf(kernel, fh), length, at)),
  write: (kernel, { fh, data, at }) => writeBytes(kernel, handleOf(kernel, fh), contentBytes(data), at),
  save: async (kernel, { path, data }) => {
    await openFile(kernel, 'save', path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o644);
    try {
      return await writeBytes(kernel, handleOf(kernel, 'save'), contentBytes(data), null);
    } finally {
      await closeHandle(kernel, 'save');
    }
  },
  load: async (kernel, { path }) => describeBytes(await readFile(kernel, path)),
  ftruncate: async (kernel, { fh, size }) => {
    const { path, fh: open, writes } = handleOf(kernel, fh);
    if (!writes || size < 0) throw new CallError('EINVAL');
    await kernel.calls.value('ftruncate', path, open, size);
  },
  fsync: (kernel, { fh }) => sync(kernel, fh, false),
  fdatasync: (kernel, { fh }) => sync(kernel, fh, true),
  fstat: async (kernel, { fh, fields }) => report(await statHandle(kernel, handleOf(kernel, fh)), fields),
  futimens: (kernel, { fh, atime, mtime }) =>
    kernel.calls.value('utimensWithTimespec', handleOf(kernel, fh).path, toTimespec(atime), toTimespec(mtime)),
  fchmod: (kernel, { fh, mode }) => kernel.calls.value('chmod', handleOf(kernel, fh).path, mode),
  fallocate: async (kernel, { fh, mode, offset, length }) => {
    const { path, fh: open, writes } = handleOf(kernel, fh);
    if (!writes) throw new CallError('EBADF');
    await kernel.calls.value('fallocate', path, open, fallocateModes[mode], offset, length);
  },
  copyRange: async (kernel, { from, to, length, fromAt, toAt }) => {
    const [source, target] = [handleOf(kernel, from), handleOf(kernel, to)];
    if (source.folder || target.folder) throw new CallError('EISDIR');
    if (!source.reads || !target.writes || target.appends) throw new CallError('EBADF');
    const [start, place] = [fromAt ?? source.position, toAt ?? target.position];
    const stats = await statHandle(kernel, source);
    const count = Math.max(0, Math.min(length, Number(stats.size) - start));
    const same = stats.ino === (await statHandle(kernel, target)).ino;
    if (same && place + count > start && place < start + count) throw new CallError('EINVAL');
    const ends = [source.path, source.fh, start, target.path, target.fh, place];
    const copied = count === 0 ? 0 : await kernel.calls.count('copyFileRange', ...ends, count, 0);
    if (fromAt === null) source.position += copied;
    if (toAt === null) target.position += copied;
    return copied;
  },
  seek: async (kernel, { fh, offset, whence }) => {
    const handle = handleOf(kernel, fh);
    const whences = { SEEK_DATA: 3, SEEK_HOLE: 4 };
    if (whence === 'SEEK_DATA' || whence === 'SEEK_HOLE') {
      handle.position = Number(
        await kernel.calls.value<number>('lseek', handle.path, handle.fh, offset, whences[whence]),
      );
      return handle.position;
    }
    const size = whence === 'SEEK_END' ? Number((await statHandle(kernel, handle)).size) : 0;
    handle.position = offset + (whence === 'SEEK_CUR' ? handle.position : size);
    return handle.position;
  },
};

export function handleOf({ handles }: Kernel, name: string): OpenFile {
  const handle = handles.get(name);
  if (handle === undefined) throw new CallError('EBADF');
  return handle;
}

export function parseFlags(text: string): number {
  return text.split('|').reduce((flags, name) => flags | constants[name as 'O_RDONLY'], 0);
}

async function openFile(kernel: Kernel, name: string, given: string, flags: number, mode: number): Promise<void> {
  if (kernel.handles.has(name)) await closeHandle(kernel, name);
  const has = (flag: number) => (flags & flag) !== 0;
  const exclusive = has(constants.O_CREAT) && has(constants.O_EXCL);
  const { path, stats } = await walk(kernel, given, !exclusive);
  const writes = has(constants.O_WRONLY) || has(constants.O_RDWR);
  const add = (fh: number, folder: boolean) => {
    const state = { fh, path, folder, writes, reads: !has(constants.O_WRONLY), appends: has(constants.O_APPEND) };
    kernel.handles.set(name, { ...state, hidden: false, position: 0, listing: undefined });
  };
  if (stats === undefined) {
    if (!has(constants.O_CREAT)) throw new CallError('ENOENT');
    const permissions = constants.S_IFREG | (mode & ~kernel.umask);
    add(await kernel.calls.value<number>('createWithFlags', path, permissions, flags), false);
    return;
  }
  if (exclusive) throw new CallError('EEXIST');
  if (kindOf(stats) === 'folder') {
    if (writes || has(constants.O_TRUNC) || has(constants.O_CREAT)) throw new CallError('EISDIR');
    add(0, true);
    return;
  }
  add(await kernel.calls.value<number>('open', path, flags & ~(constants.O_CREAT | constants.O_EXCL)), false);
}

async function readBytes(kernel: Kernel, handle: OpenFile, length: number, at: number | null): Promise<Buffer> {
  if (!handle.reads) throw new CallError('EBADF');
  if (handle.folder) throw new CallError('EISDIR');
  const start = at ?? handle.position;
  const parts: Buffer[] = [];
  for (let done = 0; done < length; ) {
    const buffer = Buffer.alloc(Math.min(requestBytes, length - done));
    const count = await kernel.calls.count('read', handle.path, handle.fh, buffer, buffer.length, start + done);
    parts.push(buffer.subarray(0, count));
    done += count;
    if (count < buffer.length) break;
  }
  const bytes = Buffer.concat(parts);
  if (at === null) handle.position += bytes.length;
  return bytes;
}

export async function readFile(kernel: Kernel, path: string): Promise<Buffer> {
  await openFile(kernel, 'load', path, constants.O_RDONLY, 0);
  try {
    const handle = handleOf(kernel, 'load');
    return await readBytes(kernel, handle, Number((await statHandle(kernel, handle)).size), 0);
  } finally {
    await closeHandle(kernel, 'load');
  }
}

async function writeBytes(kernel: Kernel, handle: OpenFile, bytes: Buffer, at: number | null): Promise<number> {
  if (!handle.writes) throw new CallError('EBADF');
  // As the kernel does: an appending write goes where it takes the end to be.
  const start = handle.appends ? Number((await statHandle(kernel, handle)).size) : (at ?? handle.position);
  for (let done = 0; done < bytes.length; ) {
    const part = bytes.subarray(done, done + requestBytes);
    done += await kernel.calls.count('write', handle.path, handle.fh, part, part.length, start + done);
  }
  if (at === null && bytes.length > 0) {
    handle.position = start + bytes.length;
  }
  return bytes.length;
}

async function sync(kernel: Kernel, name: string, dataOnly: boolean): Promise<void> {
  const { path, fh, folder } = handleOf(kernel, name);
  await kernel.calls.value(folder ? 'fsyncdir' : 'fsync', path, dataOnly, fh);
}

export function statHandle(kernel: Kernel, { folder, path, fh }: OpenFile): Promise<Stats> {
  return folder ? kernel.calls.value('getattr', path) : kernel.calls.value('fgetattr', path, fh);
}
