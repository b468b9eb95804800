import { ErrnoError } from '../base/errno.ts';
import type { StagingFile } from '../content/stagingFile.ts';
import type { Ino } from '../store/nodeRow.ts';
import { getAttr } from './attr.ts';
import { getHandle, getNow, getOpen, type VfsContext } from './context.ts';
import { toErrno } from './errors.ts';
import { vfsLimits } from './limits.ts';
import type { Fh, OpenInode } from './openInode.ts';

/**
 * Answers the bytes written, all of them. Never waits for the network. An appending handle writes at the end, unless the
 * bytes are `mapped`: pages of a memory map, which the kernel puts back through any handle open for writing.
 * EFBIG beyond the largest size, ENOSPC.
 */
export async function write(
  context: VfsContext,
  fh: Fh,
  bytes: Buffer,
  position: number,
  mapped = false,
): Promise<number> {
  const handle = getHandle(context, fh);
  await context.room.ensure(bytes.length);
  return changeContent(context, handle.ino, async (staging) => {
    const at = handle.append && !mapped ? staging.size : position;
    checkSize(at + bytes.length);
    await staging.write(bytes, at);
    return bytes.length;
  });
}

export async function truncateHandle(context: VfsContext, fh: Fh, size: number): Promise<void> {
  const { ino } = getHandle(context, fh);
  await context.writing.run(ino, () => truncateOpen(context, ino, size));
}

/** After this the bytes written through any handle survive the process, and the machine a moment later. */
export async function flush(context: VfsContext, ino: Ino): Promise<void> {
  await context.writing.run(ino, () => flushOpen(context, ino));
}

/** fsync(2) of a file: what was done through any handle, open or closed by now, survives the machine. */
export async function syncFile(context: VfsContext, ino: Ino): Promise<void> {
  await makeBytesDurable(context, ino);
  await context.barrier.barrier();
}

/** Runs `change` on the newest content of an open inode and notes that it changed. */
export async function changeContent<T>(
  context: VfsContext,
  ino: Ino,
  change: (staging: StagingFile) => Promise<T>,
): Promise<T> {
  return context.writing.run(ino, () => changeOpen(context, ino, change));
}

async function changeOpen<T>(context: VfsContext, ino: Ino, change: (staging: StagingFile) => Promise<T>): Promise<T> {
  try {
    const inode = getOpen(context, ino);
    const before = inode.staging;
    let staging = await ensureStaging(context, ino);
    // Look again: an upload of what was there may have ended in the very moment before. What was just made none knows.
    if (staging === before && isAdopted(context, inode)) staging = await ensureStaging(context, ino);
    try {
      return await change(staging);
    } finally {
      noteWrite(context, ino, staging.dirty);
    }
  } catch (error) {
    throw toErrno(error);
  }
}

export function checkSize(size: number): void {
  if (size > vfsLimits.fileMax) throw new ErrnoError('EFBIG', 'larger than a file can be');
}

/** Under the inode's mutex. A size that does not change is a change of the times only. */
export async function truncateOpen(context: VfsContext, ino: Ino, size: number): Promise<void> {
  checkSize(size);
  if (getAttr(context, ino).size === size) {
    context.nodes.update(ino, { mtime: getNow(context), ctimeMs: context.clock.now() });
    context.barrier.note();
    context.activity.noteChange(ino);
    return;
  }
  const inode = getOpen(context, ino);
  const promised = context.nodes.get(ino)?.staging ?? null;
  // The row promises these bytes: they go when a row on the disk says so, not before.
  if (promised !== null && promised === (inode.staging?.id ?? promised)) {
    if (size === 0) return startEmpty(context, inode);
    if (inode.staging !== undefined && size < inode.staging.size) await promiseLess(context, inode.staging, ino, size);
  }
  await changeOpen(context, ino, (file) => file.truncate(size));
}

/** A staging file of no bytes takes the place of the one there is, whose row stands until the next flush. */
async function startEmpty(context: VfsContext, inode: OpenInode): Promise<void> {
  try {
    const empty = await context.staging.create(null, context.reader);
    await empty.truncate(0);
    const former = inode.staging;
    // First: nobody is to read from what is being closed.
    inode.staging = empty;
    noteWrite(context, inode.ino, true);
    if (former !== undefined) await context.staging.close(former.id);
  } catch (error) {
    throw toErrno(error);
  }
}

/** The row of a staging file that is about to be cut tells of `size` bytes, durably. */
async function promiseLess(context: VfsContext, file: StagingFile, ino: Ino, size: number): Promise<void> {
  const { nodes, staging, barrier } = context;
  // An upload that ends meanwhile must not take the file away.
  file.touch();
  noteWrite(context, ino, true);
  try {
    // From before the sync: what an upload fills in from the base meanwhile may not be on the disk.
    const info = file.infoAt(size);
    await file.sync();
    nodes.transaction(() => {
      staging.save(info, []);
      nodes.update(ino, { size });
    });
    await barrier.barrier();
  } catch (error) {
    throw toErrno(error);
  }
}

/**
 * Under the inode's mutex: the staging file becomes what the row tells of. The bytes are with the kernel, and the group commit
 * syncs them before the row; they are on the disk at once where that is asked for, where no checksum could tell later that they
 * were lost, and where the row gives up other bytes that only this computer has.
 */
export async function flushOpen(context: VfsContext, ino: Ino, syncs = false): Promise<void> {
  const { nodes, staging, barrier, pusher, activity } = context;
  const inode = context.open.get(ino);
  const file = inode?.staging;
  if (inode === undefined || file === undefined || !file.dirty) return;
  file.dirty = false;
  try {
    // From before the sync: what an upload fills in from the base meanwhile may not be on the disk.
    let { info, sums } = file;
    const promised = nodes.get(ino)?.staging ?? null;
    if (syncs || sums === undefined || (promised !== null && promised !== file.id)) {
      await file.sync();
      sums = [];
    }
    const row = nodes.get(ino);
    if (row === undefined) throw new ErrnoError('ESTALE', 'the file is gone');
    const shared = file.wholeBase;
    const replaced = row.staging === file.id ? null : row.staging;
    nodes.transaction(() => {
      if (shared === null) staging.save(info, sums);
      const content = shared === null ? { staging: file.id, md5: null } : { staging: null, md5: shared.md5 };
      nodes.update(ino, {
        ...content,
        size: file.size,
        mtime: row.mtime,
        ctimeMs: row.ctimeMs,
        failure: null,
        // What was written here under the name of a link file is what it is.
        ...(row.link === null ? {} : { link: 'file' as const }),
      });
    });
    inode.mtime = row.mtime;
    if (sums.length > 0) staging.noteUnsettled(file.id);
    if (replaced !== null) staging.discard(replaced);
    activity.noteUnflushed(ino, file.dirty);
    await barrier.acknowledge();
    if (shared !== null) staging.discard(file.id);
  } catch (error) {
    file.dirty = true;
    activity.noteUnflushed(ino, true);
    throw toErrno(error);
  }
  activity.noteChange(ino);
  pusher.nudge();
}

/** All that was written to a file is on the disk, its row perhaps not. What the disk refused before is tried again, and told here. */
export async function makeBytesDurable(context: VfsContext, ino: Ino): Promise<void> {
  const { nodes, staging, open } = context;
  await context.writing.run(ino, async () => {
    if (open.get(ino)?.staging?.dirty === true) await flushOpen(context, ino, true);
    const flushed = nodes.get(ino)?.staging ?? null;
    if (flushed === null) return;
    await staging.makeDurable(flushed).catch((error) => {
      throw toErrno(error);
    });
  });
}

/** An upload has turned the staging file into cache: it may not change any more. */
function isAdopted({ nodes }: VfsContext, { ino, staging }: OpenInode): boolean {
  const row = nodes.get(ino);
  return staging !== undefined && !staging.dirty && row !== undefined && row.staging === null && row.md5 !== null;
}

/** Under the inode's mutex: the staging file to write to, made over the clean content if need be. */
async function ensureStaging(context: VfsContext, ino: Ino): Promise<StagingFile> {
  const { nodes, staging, reader } = context;
  const open = getOpen(context, ino);
  const adopted = open.staging;
  if (adopted !== undefined && !isAdopted(context, open)) return adopted;
  const row = nodes.get(ino);
  if (row !== undefined && row.md5 !== null) open.clean = { md5: row.md5, size: row.size };
  const base = open.clean.size === 0 ? null : { content: open.clean, limit: open.clean.size };
  open.staging = await staging.create(base, reader);
  if (adopted !== undefined) await staging.close(adopted.id);
  return open.staging;
}

function noteWrite(context: VfsContext, ino: Ino, dirty: boolean): void {
  const { activity, pusher, nodes } = context;
  if (!dirty) return;
  activity.noteChange(ino);
  activity.noteUnflushed(ino, true);
  pusher.cancelUpload(ino);
  // Seen at once by getattr; made durable by the flush.
  if (nodes.get(ino) !== undefined) nodes.peekTime(ino, getNow(context));
}
