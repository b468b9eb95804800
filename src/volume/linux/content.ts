import { constants } from 'node:fs';
import { ErrnoError } from '../../base/errno.ts';
import type { Fh } from '../../vfs/openInode.ts';
import { parseAllocateMode } from '../allocateMode.ts';
import { dropPrivileges } from './attrs.ts';
import { openFlags, openRequestFlags, writeFlags } from './flags.ts';
import { answerHeader, answers, readU64, requests, write64 } from './layouts.ts';
import { kernelLimits } from './limits.ts';
import { entryOf, make } from './names.ts';
import { done, inoOf, inoToChange, type Operation, type Reply, readName, reportNode } from './served.ts';

/** open(2)'s access mode bits; node:fs does not name the mask. */
const accessMode = 3;

/** lseek(2)'s words, which node:fs does not name. */
const seekData = 3;
const seekHole = 4;

function parseFlags(flags: number) {
  const writing = (flags & accessMode) !== constants.O_RDONLY;
  const truncate = (flags & constants.O_TRUNC) !== 0;
  return { writing, truncate, append: (flags & constants.O_APPEND) !== 0 };
}

/** The kernel keeps the bytes it has, unless it is yet to hear that they are old; the close of a reader needs no word of ours. */
export function putOpen(out: Buffer, start: number, fh: Fh, kept: boolean, writing: boolean): number {
  write64(out, fh, start);
  out.writeUInt32LE((kept ? openFlags.keepCache : 0) | (writing ? 0 : openFlags.noFlush), start + 8);
  out.writeUInt32LE(0, start + 12);
  return start + 16;
}

export const open: Operation = async (served, request) => {
  const { vfs, handles, notices, ids } = served;
  const flags = request.buffer.readUInt32LE(requests.open.flags);
  const kill = (request.buffer.readUInt32LE(requests.open.openFlags) & openRequestFlags.killPrivileges) !== 0;
  const options = parseFlags(flags);
  if (served.view.readOnly && (options.writing || options.truncate)) throw readOnly();
  const ino = inoToChange(served, request);
  const fh = await vfs.open(ino, options);
  handles.add(fh);
  if (kill) dropPrivileges(served, ino);
  if (options.truncate) served.written.add(ino);
  return (out) => putOpen(out, answers.open.fh, fh, !notices.isStale(ids.toId(ino)), options.writing);
};

export const create: Operation = async (served, request) => {
  const { vfs, handles, notices, ids } = served;
  const { buffer } = request;
  const parent = inoOf(served, request);
  const flags = buffer.readUInt32LE(requests.create.flags);
  const mode = buffer.readUInt32LE(requests.create.mode);
  const { name } = readName(request, requests.create.bytes);
  const options = parseFlags(flags);
  const exclusive = (flags & constants.O_EXCL) !== 0;
  const { row, fh } = await make(served, request, name, () =>
    vfs.create(parent, name, mode, { ...options, exclusive }),
  );
  handles.add(fh);
  const entry = entryOf(served, request, name, row);
  return (out) => {
    const end = entry.put(out, answerHeader.bytes, true);
    return putOpen(out, end, fh, !notices.isStale(ids.toId(row.ino)), options.writing);
  };
};

export const read: Operation = ({ vfs }, { buffer }) => {
  const layout = requests.read;
  return vfs.borrow(readU64(buffer, layout.fh), readU64(buffer, layout.offset), buffer.readUInt32LE(layout.size));
};

/** The request's buffer is used until this resolves. */
export const write: Operation = async (served, request) => {
  const { vfs, written } = served;
  const { buffer } = request;
  const layout = requests.write;
  const fh = readU64(buffer, layout.fh);
  const [offset, size] = [readU64(buffer, layout.offset), buffer.readUInt32LE(layout.size)];
  const flags = buffer.readUInt32LE(layout.writeFlags);
  const ino = inoOf(served, request);
  written.add(ino);
  const bytes = buffer.subarray(layout.bytes, layout.bytes + size);
  const count = await vfs.write(fh, bytes, offset, (flags & writeFlags.fromCache) !== 0);
  if ((flags & writeFlags.killPrivileges) !== 0) dropPrivileges(served, ino);
  return countReply(count);
};

function countReply(count: number): Reply {
  return (out) => {
    out.writeUInt32LE(count, answers.write.size);
    out.writeUInt32LE(0, answers.write.padding);
    return answers.write.bytes;
  };
}

export const flush: Operation = async (served, request) => {
  const { vfs, written } = served;
  const ino = inoOf(served, request);
  await vfs.flushHandle(readU64(request.buffer, requests.handle.fh));
  if (written.delete(ino)) reportNode(served, ino);
  return done;
};

/** What was written to the file is on the disk when this resolves. The kernel asks for it after each write with O_SYNC too. */
export const fsync: Operation = async ({ vfs }, { buffer }) => {
  await vfs.syncHandle(readU64(buffer, requests.handle.fh));
  return done;
};

export const release: Operation = async (served, request) => {
  const { vfs, handles, written } = served;
  const fh = readU64(request.buffer, requests.handle.fh);
  const ino = inoOf(served, request);
  handles.delete(fh);
  await vfs.release(fh);
  if (written.delete(ino)) reportNode(served, ino);
  return done;
};

export const fallocate: Operation = async (served, request) => {
  const { buffer } = request;
  const layout = requests.fallocate;
  const mode = buffer.readUInt32LE(layout.mode);
  const [fh, start, length] = [layout.fh, layout.offset, layout.length].map((at) => readU64(buffer, at)) as Triple;
  served.written.add(inoOf(served, request));
  await served.vfs.allocate(fh, start, length, parseAllocateMode(mode));
  return done;
};

type Triple = [number, number, number];

export const copyFileRange: Operation = async (served, request) => {
  const { buffer } = request;
  const layout = requests.copyFileRange;
  const from = { fh: readU64(buffer, layout.fhIn), position: readU64(buffer, layout.offsetIn) };
  const to = { fh: readU64(buffer, layout.fhOut), position: readU64(buffer, layout.offsetOut) };
  // Kernels ask for more than fits into the answer; programs ask again for the rest.
  const length = Math.min(readU64(buffer, layout.length), kernelLimits.copyBytes);
  served.written.add(served.ids.toIno(readU64(buffer, layout.nodeOut)));
  return countReply(await served.vfs.copyRange(from, to, length));
};

export const lseek: Operation = ({ vfs }, { buffer }) => {
  const layout = requests.lseek;
  const whence = buffer.readUInt32LE(layout.whence);
  if (whence !== seekData && whence !== seekHole) throw new ErrnoError('EINVAL', 'the kernel seeks by itself');
  const what = whence === seekData ? 'data' : 'hole';
  const position = vfs.seek(readU64(buffer, layout.fh), readU64(buffer, layout.offset), what);
  return (out) => {
    write64(out, position, answers.lseek.offset);
    return answers.lseek.bytes;
  };
};

export function readOnly(): ErrnoError {
  return new ErrnoError('EROFS', 'the volume is mounted read-only');
}
