import { ErrnoError } from '../base/errno.ts';
import { type Extents, missingExtents } from '../base/extents.ts';
import { newReadahead } from '../content/readahead.ts';
import { changeContent, checkSize } from './content.ts';
import { getHandle, getOpen, getRow, type VfsContext } from './context.ts';
import { toErrno } from './errors.ts';
import { vfsLimits } from './limits.ts';
import type { Fh } from './openInode.ts';
import { getServerContent } from './reads.ts';

/** fallocate(2): `allocate` makes room and grows the file unless `keepSize`; `zero` makes the range read as zeros. */
export interface AllocateMode {
  readonly what: 'allocate' | 'zero';
  readonly keepSize: boolean;
}

/** Local. Room is not reserved: a later write may still find the disk full. */
export async function allocate(
  context: VfsContext,
  fh: Fh,
  start: number,
  length: number,
  mode: AllocateMode,
): Promise<void> {
  const handle = getHandle(context, fh);
  if (!handle.writing) throw new ErrnoError('EBADF', 'not open for writing');
  if (start < 0 || length <= 0) throw new ErrnoError('EINVAL', 'not a range');
  const end = start + length;
  const { staging, clean } = getOpen(context, handle.ino);
  const size = staging?.size ?? clean.size;
  if (mode.what === 'zero' && mode.keepSize) {
    if (start >= size) return;
  } else checkSize(end);
  const written = staging?.info ?? { extents: [], base: { limit: clean.size } };
  const bytes = mode.what === 'allocate' ? length : countZeros(written, size, start, end, mode);
  if (bytes > 0) await context.room.ensure(bytes);
  if (mode.what === 'allocate' && mode.keepSize) return;
  await changeContent(context, handle.ino, async (file) => {
    if (mode.what === 'zero') await file.zero(start, Math.min(end, file.size));
    if (!mode.keepSize && end > file.size) await file.truncate(end);
  });
}

/** Bytes that zeroing `[start, end)` writes or adds; a hole is none, and what shows of a base is written over. */
function countZeros(
  { extents, base }: { readonly extents: Extents; readonly base: { readonly limit: number } | null },
  size: number,
  start: number,
  end: number,
  { keepSize }: AllocateMode,
): number {
  const stop = Math.min(end, size);
  const holes = missingExtents(extents, Math.max(start, base?.limit ?? 0), stop);
  const empty = holes.reduce((sum, hole) => sum + hole.end - hole.start, 0);
  return Math.max(0, stop - start) - empty + (keepSize ? 0 : Math.max(0, end - Math.max(start, size)));
}

/**
 * copy_file_range(2) within the volume; answers the bytes copied, 0 at the source's end, fewer than asked for where bytes
 * have to be read. Copying a clean file from its start into an empty one shares the content: nothing is read, and the
 * upload needs no transfer. What stays on this computer holds its own bytes.
 */
export async function copyRange(
  context: VfsContext,
  from: { fh: Fh; position: number },
  to: { fh: Fh; position: number },
  length: number,
): Promise<number> {
  const source = getHandle(context, from.fh);
  const target = getHandle(context, to.fh);
  if (!target.writing || target.append) throw new ErrnoError('EBADF', 'not open for writing at a position');
  const open = getOpen(context, source.ino);
  // Reading and writing one inode in turn, never two inodes' mutexes at once.
  const size = open.staging?.size ?? open.clean.size;
  const wanted = Math.max(0, Math.min(length, size - from.position));
  if (wanted === 0) return 0;
  if (source.ino === target.ino && from.position < to.position + wanted && to.position < from.position + wanted) {
    throw new ErrnoError('EINVAL', 'the ranges overlap');
  }
  checkSize(to.position + wanted);
  const content = getServerContent(context, source.ino);
  const isElsewhere = source.ino !== target.ino && !getRow(context, target.ino).localOnly;
  if (content?.md5 === open.clean.md5 && isElsewhere && from.position === to.position) {
    const shared = await changeContent(context, target.ino, (staging) =>
      staging.tryShare(open.clean, from.position, from.position + wanted),
    );
    if (shared) return wanted;
  }
  const step = Math.min(wanted, vfsLimits.copyBytes);
  await context.room.ensure(step);
  const bytes = await readFrom(context, from, step);
  await changeContent(context, target.ino, (staging) => staging.write(bytes, to.position));
  return bytes.length;
}

async function readFrom(context: VfsContext, from: { fh: Fh; position: number }, length: number): Promise<Buffer> {
  const open = getOpen(context, getHandle(context, from.fh).ino);
  const end = from.position + length;
  try {
    return open.staging === undefined
      ? await context.reader.read(open.clean, from.position, end, newReadahead())
      : await open.staging.read(from.position, end, newReadahead());
  } catch (error) {
    throw toErrno(error);
  }
}

/**
 * lseek(2) to the next data or hole at or after `position`; ENXIO at or beyond the end. Only bytes not yet uploaded have
 * holes; what the server holds is all data.
 */
export function seek(context: VfsContext, fh: Fh, position: number, what: 'data' | 'hole'): number {
  const { ino } = getHandle(context, fh);
  const { staging, clean } = getOpen(context, ino);
  const size = staging?.size ?? clean.size;
  if (position < 0 || position >= size) throw new ErrnoError('ENXIO', 'beyond the end');
  if (staging === undefined) return what === 'data' ? position : size;
  const found = what === 'data' ? staging.nextData(position) : staging.nextHole(position);
  if (found === undefined) throw new ErrnoError('ENXIO', 'no data from here');
  return found;
}
