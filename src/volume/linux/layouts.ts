/*
 * The kernel's structures, as <linux/fuse.h> defines them (version 7.45; every later one only adds). Numbers are in the order
 * of the machine's bytes, which is little-endian on all that this runs on.
 */

export const opcodes = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  setattr: 4,
  readlink: 5,
  symlink: 6,
  mknod: 8,
  mkdir: 9,
  unlink: 10,
  rmdir: 11,
  rename: 12,
  link: 13,
  open: 14,
  read: 15,
  write: 16,
  statfs: 17,
  release: 18,
  fsync: 20,
  setxattr: 21,
  getxattr: 22,
  listxattr: 23,
  removexattr: 24,
  flush: 25,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  fsyncdir: 30,
  create: 35,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
  fallocate: 43,
  readdirplus: 44,
  rename2: 45,
  lseek: 46,
  copyFileRange: 47,
} as const;

export type OperationName = keyof typeof opcodes;

/** Bytes of each: 2, 4 or 8. */
type Fields = Readonly<Record<string, number>>;
type Layout<F extends Fields> = { readonly [Name in keyof F]: number } & { readonly bytes: number };

/** Offsets of fields of these sizes, one after the other from `start` on; `bytes` is where they end. */
function layout<F extends Fields>(fields: F, start = 0): Layout<F> {
  let at = start;
  const offsets: Record<string, number> = {};
  for (const [name, size] of Object.entries(fields)) {
    offsets[name] = at;
    at += size;
  }
  return { ...offsets, bytes: at } as Layout<F>;
}

/** Before every request. */
export const requestHeader = layout({ length: 4, opcode: 4, unique: 8, node: 8, uid: 4, gid: 4, pid: 4, padding: 4 });

/** Before every answer and notice; `error` is minus the errno, or the number of a notice whose `unique` is 0. */
export const answerHeader = layout({ length: 4, error: 4, unique: 8 });

const argument = <F extends Fields>(fields: F) => layout(fields, requestHeader.bytes);
const answer = <F extends Fields>(fields: F) => layout(fields, answerHeader.bytes);

/** The arguments of requests, behind their header. Names and bytes follow where a layout ends. */
export const requests = {
  none: argument({}),
  forget: argument({ count: 8 }),
  batchForget: argument({ count: 4, dummy: 4 }),
  getattr: argument({ flags: 4, dummy: 4, fh: 8 }),
  setattr: argument({
    ...{ valid: 4, padding: 4, fh: 8, size: 8, lockOwner: 8, atime: 8, mtime: 8, ctime: 8 },
    ...{ atimeNsec: 4, mtimeNsec: 4, ctimeNsec: 4, mode: 4, unused: 4, uid: 4, gid: 4, unused2: 4 },
  }),
  mknod: argument({ mode: 4, device: 4, umask: 4, padding: 4 }),
  mkdir: argument({ mode: 4, umask: 4 }),
  rename: argument({ folder: 8 }),
  rename2: argument({ folder: 8, flags: 4, padding: 4 }),
  open: argument({ flags: 4, openFlags: 4 }),
  create: argument({ flags: 4, mode: 4, umask: 4, openFlags: 4 }),
  /** Also of `readdir` and `readdirplus`. */
  read: argument({ fh: 8, offset: 8, size: 4, readFlags: 4, lockOwner: 8, flags: 4, padding: 4 }),
  write: argument({ fh: 8, offset: 8, size: 4, writeFlags: 4, lockOwner: 8, flags: 4, padding: 4 }),
  /** `release`, `flush`, `fsync` and those of folders begin with it. */
  handle: argument({ fh: 8 }),
  setxattr: argument({ size: 4, flags: 4 }),
  /** Also of `listxattr`. */
  getxattr: argument({ size: 4, padding: 4 }),
  init: argument({ major: 4, minor: 4, maxReadahead: 4, flags: 4, flags2: 4 }),
  interrupt: argument({ unique: 8 }),
  fallocate: argument({ fh: 8, offset: 8, length: 8, mode: 4, padding: 4 }),
  lseek: argument({ fh: 8, offset: 8, whence: 4, padding: 4 }),
  copyFileRange: argument({ fhIn: 8, offsetIn: 8, nodeOut: 8, fhOut: 8, offsetOut: 8, length: 8, flags: 8 }),
} as const;

/** One of `batchForget`'s. */
export const forgetOne = layout({ node: 8, count: 8 });

const attrFields = {
  ...{ ino: 8, size: 8, blocks: 8, atime: 8, mtime: 8, ctime: 8, atimeNsec: 4, mtimeNsec: 4, ctimeNsec: 4 },
  ...{ mode: 4, links: 4, uid: 4, gid: 4, device: 4, blockSize: 4, flags: 4 },
} as const;

/** What stat(2) shows, within an answer. */
export const attr = layout(attrFields);

const entryFields = {
  ...{ node: 8, generation: 8, entryValid: 8, attrValid: 8, entryValidNsec: 4, attrValidNsec: 4 },
} as const;

/** What a name stands for, before its `attr`; within an answer. */
export const entry = layout(entryFields);
export const entryBytes = entry.bytes + attr.bytes;

/** A name in a listing: behind it the name, filled up to eight bytes. */
export const dirent = layout({ ino: 8, next: 8, nameLength: 4, type: 4 });

/** The answers, behind their header. */
export const answers = {
  attr: answer({ valid: 8, validNsec: 4, dummy: 4 }),
  open: answer({ fh: 8, flags: 4, padding: 4 }),
  /** Also of `getxattr` and `copyFileRange`: a count of bytes. */
  write: answer({ size: 4, padding: 4 }),
  lseek: answer({ offset: 8 }),
  statfs: answer({
    ...{ blocks: 8, free: 8, available: 8, files: 8, freeFiles: 8, blockSize: 4, nameMax: 4, fragment: 4, padding: 4 },
    ...{ spare1: 8, spare2: 8, spare3: 8 },
  }),
  init: answer({
    ...{ major: 4, minor: 4, maxReadahead: 4, flags: 4, background: 2, congestion: 2, maxWrite: 4, granularity: 4 },
    ...{ maxPages: 2, mapAlignment: 2, flags2: 4, stackDepth: 4, timeout: 2, unused: 2 },
    ...{ unused1: 4, unused2: 4, unused3: 4, unused4: 4, unused5: 4 },
  }),
} as const;

/** Messages of our own: what the kernel is to forget. */
export const notices = {
  inode: { code: 2, ...answer({ node: 8, offset: 8, length: 8 }) },
  entry: { code: 3, ...answer({ parent: 8, nameLength: 4, flags: 4 }) },
} as const;

/** The entry is asked about again instead of being dropped: folders that programs stand in stay reachable. */
export const expireOnly = 1;

export function readU64(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * 0x1_0000_0000;
}

export function readI64(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readInt32LE(at + 4) * 0x1_0000_0000;
}

/** Signed numbers too: as two's complement. */
export function write64(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt32LE(value >>> 0, at);
  buffer.writeUInt32LE(Math.floor(value / 0x1_0000_0000) >>> 0, at + 4);
}
