import { ErrnoError } from '../../base/errno.ts';
import type { Ino, Timestamp } from '../../store/nodeRow.ts';
import type { Attr } from '../../vfs/vfs.ts';
import type { NfsContext } from './context.ts';
import { getHintAttr, isHint } from './hints.ts';
import type { XdrReader, XdrWriter } from './xdr.ts';

const typeOf = { file: 1, folder: 2, link: 5 } as const;

/** What a cached copy of a node is compared by, before a change and after it (wcc_attr). */
export interface Before {
  readonly size: number;
  readonly mtime: Timestamp;
  readonly ctimeMs: number;
}

/** What a call wants to change (sattr3). `size` in bytes; atime is not kept. */
export interface Changes {
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly size: number | undefined;
  readonly mtime: Timestamp | 'now' | undefined;
}

/**
 * Attributes of a node as clients see them. ESTALE for one that is gone: a client then forgets its handle, where ENOENT
 * would be said of a name. What changed elsewhere shows as a newer time, because clients keep listings as long as the
 * folder's times stand still.
 */
export function getAttr({ view, changes, files }: NfsContext, ino: Ino): Attr {
  if (isHint(ino)) return getHintAttr(view, ino);
  let attr: Attr;
  try {
    attr = view.vfs.getAttr(ino);
  } catch (error) {
    if (error instanceof ErrnoError && error.code === 'ENOENT') {
      throw new ErrnoError('ESTALE', 'the node is gone', { cause: error });
    }
    throw error;
  }
  if (ino !== view.root && view.vfs.getPlace(ino) === undefined && !files.isHeld(ino)) {
    throw new ErrnoError('ESTALE', 'the node was removed');
  }
  const changedAt = changes.get(ino);
  if (changedAt === undefined || changedAt < attr.ctimeMs) return attr;
  if (attr.kind !== 'folder') return { ...attr, ctimeMs: changedAt };
  const mtime = { sec: Math.floor(changedAt / 1000), nsec: Math.floor((changedAt % 1000) * 1_000_000) };
  return { ...attr, ctimeMs: changedAt, mtime };
}

/** ENOTDIR for what is no folder. */
export function getFolder(context: NfsContext, ino: Ino): Attr {
  const attr = getAttr(context, ino);
  if (attr.kind !== 'folder') throw new ErrnoError('ENOTDIR', 'not a folder');
  return attr;
}

/** For a change of its names. EACCES where the folder's mode keeps it from its owner: clients leave that to the server. */
export function getWritableFolder(context: NfsContext, ino: Ino): Attr {
  const attr = getFolder(context, ino);
  if ((attr.mode & 0o300) !== 0o300) throw new ErrnoError('EACCES', 'the mode of the folder forbids it');
  return attr;
}

/** undefined where there is nothing to compare with. */
export function getBefore(context: NfsContext, ino: Ino): Before | undefined {
  try {
    return getAttr(context, ino);
  } catch {
    return undefined;
  }
}

/** NFSv3 has 32 bits without a sign: what lies before 1970 or after 2106 is shown as the nearest time there is. */
function writeTime(writer: XdrWriter, { sec, nsec }: Timestamp): void {
  writer.u32(Math.min(Math.max(sec, 0), 0xffff_ffff)).u32(sec < 0 ? 0 : Math.floor(nsec));
}

function writeMs(writer: XdrWriter, ms: number): void {
  writeTime(writer, { sec: Math.floor(ms / 1000), nsec: Math.floor((ms % 1000) * 1_000_000) });
}

/** fattr3. */
export function writeAttr({ view, fsid }: NfsContext, writer: XdrWriter, attr: Attr): void {
  writer.u32(typeOf[attr.kind]).u32(attr.mode & 0o7777);
  writer.u32(attr.kind === 'folder' ? 2 : 1);
  writer.u32(view.uid).u32(view.gid);
  writer.u64(attr.size).u64(Math.ceil(attr.size / 512) * 512);
  writer.u32(0).u32(0); // no device
  writer.fixed(fsid).u64(attr.ino);
  writeTime(writer, attr.mtime);
  writeTime(writer, attr.mtime);
  writeMs(writer, attr.ctimeMs);
}

/** post_op_attr: with the attributes where the node is still there. */
export function writePostAttr(context: NfsContext, writer: XdrWriter, ino: Ino | undefined): XdrWriter {
  let attr: Attr | undefined;
  try {
    attr = ino === undefined ? undefined : getAttr(context, ino);
  } catch {
    // The answer just lacks them.
  }
  writer.bool(attr !== undefined);
  if (attr !== undefined) writeAttr(context, writer, attr);
  return writer;
}

/** wcc_data: how the node was before the call, and how it is now. */
export function writeWcc(
  context: NfsContext,
  writer: XdrWriter,
  before: Before | undefined,
  ino: Ino | undefined,
): XdrWriter {
  writer.bool(before !== undefined);
  if (before !== undefined) {
    writer.u64(before.size);
    writeTime(writer, before.mtime);
    writeMs(writer, before.ctimeMs);
  }
  return writePostAttr(context, writer, ino);
}

const setToServerTime = 1;
const setToClientTime = 2;

/** sattr3. */
export function readChanges(args: XdrReader): Changes {
  const optional = (): number | undefined => (args.bool() ? args.u32() : undefined);
  const mode = optional();
  const uid = optional();
  const gid = optional();
  const size = args.bool() ? args.u64() : undefined;
  readTime(args);
  return { mode, uid, gid, size, mtime: readTime(args) };
}

function readTime(args: XdrReader): Timestamp | 'now' | undefined {
  const how = args.u32();
  if (how === setToServerTime) return 'now';
  return how === setToClientTime ? { sec: args.u32(), nsec: args.u32() } : undefined;
}

/** In the order that keeps a given time: a new size would set another. EPERM for an owner other than the one there is. */
export async function applyChanges(
  context: NfsContext,
  ino: Ino,
  { mode, uid, gid, size, mtime }: Changes,
): Promise<void> {
  const { view, files } = context;
  const { vfs } = view;
  if ((uid ?? view.uid) !== view.uid || (gid ?? view.gid) !== view.gid) {
    throw new ErrnoError('EPERM', 'every file belongs to the user who mounted the volume');
  }
  if (size !== undefined) await files.use(ino, 'writing', (fh) => vfs.truncateHandle(fh, size));
  if (mode !== undefined) vfs.setMode(ino, mode);
  else if (uid !== undefined || gid !== undefined) vfs.noteOwner(ino);
  if (mtime !== undefined) await vfs.setTimes(ino, mtime);
}
