import { ErrnoError } from '../../base/errno.ts';
import type { Attr, DirEntry } from '../../vfs/vfs.ts';
import { putEntry } from './attrs.ts';
import { openFlags } from './flags.ts';
import { answerHeader, answers, dirent, entryBytes, readU64, requests, write64 } from './layouts.ts';
import { done, inoOf, type Listing, type Operation, type Request, type Served } from './served.ts';

/** DT_REG, DT_DIR, DT_LNK. */
const types = { file: 8, folder: 4, link: 10 };

/** `.` and `..`. */
const dots = 2;

export const opendir: Operation = (served, request) => {
  const { vfs, ids, notices } = served;
  const ino = inoOf(served, request);
  if (vfs.getAttr(ino).kind !== 'folder') throw new ErrnoError('ENOTDIR', 'not a folder');
  // The kernel may show what it keeps, and then asks for nothing more.
  vfs.noteViewed(ino);
  const fh = served.nextFolder;
  served.nextFolder += 1;
  const cached = !ids.isAlias(request.node) && !notices.isStale(ids.toId(ino));
  return (out) => {
    write64(out, fh, answers.open.fh);
    out.writeUInt32LE(cached ? openFlags.cacheFolder | openFlags.keepCache : 0, answers.open.flags);
    out.writeUInt32LE(0, answers.open.padding);
    return answers.open.bytes;
  };
};

export const releasedir: Operation = ({ listings }, { buffer }) => {
  listings.delete(readU64(buffer, requests.handle.fh));
  return done;
};

export const fsyncdir: Operation = async ({ vfs }) => {
  await vfs.sync();
  return done;
};

export const readdir: Operation = (served, request) => list(served, request, false);
export const readdirplus: Operation = (served, request) => list(served, request, true);

async function list(served: Served, request: Request, plus: boolean) {
  const { buffer } = request;
  const fh = readU64(buffer, requests.read.fh);
  const [offset, size] = [readU64(buffer, requests.read.offset), buffer.readUInt32LE(requests.read.size)];
  const ino = inoOf(served, request);
  let listing = offset === 0 ? undefined : served.listings.get(fh);
  if (listing === undefined) {
    const entries = await served.vfs.readdir(ino);
    listing = { entries, changes: served.changes };
    served.listings.set(fh, listing);
  }
  const found = listing;
  return (out: Buffer) => fill(served, request, found, out, { offset, size, plus });
}

interface Part {
  readonly offset: number;
  readonly size: number;
  readonly plus: boolean;
}

/** As many names from the offset on as fit; the offset of a name is its place in the listing, from 1. */
function fill(served: Served, request: Request, listing: Listing, out: Buffer, { offset, size, plus }: Part): number {
  const { entries } = listing;
  const end = answerHeader.bytes + size;
  const canKeep = !served.ids.isAlias(request.node) && served.corrections.canKeep(inoOf(served, request));
  const isFresh = canKeep && listing.changes === served.changes;
  if (plus && isFresh) served.names.noteTold(inoOf(served, request));
  let at = answerHeader.bytes;
  for (let index = offset; index < entries.length + dots; index += 1) {
    const dirEntry = entries[index - dots];
    const name = dirEntry?.name ?? '.'.repeat(index + 1);
    const length = Buffer.byteLength(name);
    const bytes = (plus ? entryBytes : 0) + filled(dirent.bytes + length);
    if (at + bytes > end) break;
    const attr = dirEntry === undefined ? undefined : tryGetAttr(served, dirEntry);
    if (plus) at = putPlus(served, out, at, isFresh ? attr : undefined);
    write64(out, dirEntry?.row.ino ?? inoOf(served, request), at + dirent.ino);
    write64(out, index + 1, at + dirent.next);
    out.writeUInt32LE(length, at + dirent.nameLength);
    out.writeUInt32LE(types[attr?.kind ?? (dirEntry?.row.kind === 'file' ? 'file' : 'folder')], at + dirent.type);
    out.write(name, at + dirent.bytes, length, 'utf8');
    out.fill(0, at + dirent.bytes + length, at + filled(dirent.bytes + length));
    at += filled(dirent.bytes + length);
  }
  return at;
}

/** What the name stands for; nothing where that is not certain: the kernel then asks when it wants to know. */
function putPlus(served: Served, out: Buffer, at: number, attr: Attr | undefined): number {
  if (attr === undefined) {
    out.fill(0, at, at + entryBytes);
    return at + entryBytes;
  }
  return putEntry(out, at, served.ids.tellShown(attr.ino), attr, true, served);
}

function tryGetAttr({ vfs }: Served, { row }: DirEntry): Attr | undefined {
  try {
    return vfs.getAttr(row.ino);
  } catch {
    // Removed since the listing was made.
    return undefined;
  }
}

const filled = (bytes: number) => (bytes + 7) & ~7;
