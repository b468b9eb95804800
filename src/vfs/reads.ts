import { within } from '../base/deadline.ts';
import { emptyMd5 } from '../base/emptyMd5.ts';
import { ErrnoError } from '../base/errno.ts';
import type { ContentRef } from '../content/blocks.ts';
import type { LocalBytes } from '../content/contentReader.ts';
import { type Loan, lendOwn } from '../content/loan.ts';
import type { Readahead } from '../content/readahead.ts';
import type { Ino, NodeRow } from '../store/nodeRow.ts';
import { getHandle, getOpen, getRow, type VfsContext } from './context.ts';
import { toErrno } from './errors.ts';
import { vfsLimits } from './limits.ts';
import type { Fh } from './openInode.ts';
import type { ReadPatience } from './readPatience.ts';

/**
 * Bytes `[position, position + length)`, clipped to the size, for the caller to keep. ETIMEDOUT after the read deadline
 * (readPatience.ts).
 */
export async function read(context: VfsContext, fh: Fh, position: number, length: number): Promise<Buffer> {
  return (await borrow(context, fh, position, length)).keep();
}

/** The same bytes, lent; at once where they are in memory. */
export function borrow(context: VfsContext, fh: Fh, position: number, length: number): Loan | Promise<Loan> {
  const handle = getHandle(context, fh);
  const open = getOpen(context, handle.ino);
  const end = position + length;
  const bytes =
    open.staging === undefined
      ? context.reader.borrow(open.clean, position, end, handle.ahead)
      : open.staging.read(position, end, handle.ahead).then(lendOwn);
  return bytes instanceof Promise ? arrivedInTime(bytes, open.patience) : bytes;
}

async function arrivedInTime(bytes: Promise<Loan>, patience: ReadPatience): Promise<Loan> {
  const begunAt = performance.now();
  try {
    return await arrived(bytes, patience.getWaitMs());
  } catch (error) {
    patience.noteFailure(begunAt);
    throw error;
  }
}

/** The same without the network. */
export async function readLocal(context: VfsContext, fh: Fh, position: number, length: number): Promise<LocalBytes> {
  const { staging, clean } = getOpen(context, getHandle(context, fh).ino);
  const end = position + length;
  return staging === undefined ? context.reader.readLocal(clean, position, end) : staging.readLocal(position, end);
}

/** True where a read of the whole file would not touch the network. A file with changes counts as here, whatever its base lacks. */
export function isLocal(context: VfsContext, ino: Ino): boolean {
  const open = context.open.get(ino);
  const row = getRow(context, ino);
  if (open?.staging !== undefined || row.staging !== null || row.md5 === null) return true;
  return context.reader.isLocal(open?.clean ?? { md5: row.md5, size: row.size });
}

/** The newest content of an open file where the server holds it, all of it; undefined while there are bytes that only this computer has. */
export function getServerContent(context: VfsContext, ino: Ino): ContentRef | undefined {
  const { staging } = getOpen(context, ino);
  const row = context.nodes.get(ino);
  if (staging !== undefined || row === undefined || row.staging !== null || row.md5 === null) return undefined;
  return { md5: row.md5, size: row.size };
}

/** The whole content of a file, open or not. For small files. */
export async function readRow(context: VfsContext, row: NodeRow, ahead: Readahead): Promise<Buffer> {
  const { staging, reader } = context;
  if (row.staging === null) {
    const content = { md5: row.md5 ?? emptyMd5, size: row.size };
    return arrived(reader.read(content, 0, row.size, ahead), vfsLimits.readDeadlineMs);
  }
  const file = await staging.open(row.staging, reader);
  try {
    return await arrived(file.read(0, file.size, ahead), vfsLimits.readDeadlineMs);
  } finally {
    await staging.close(file.id);
  }
}

/** The bytes, or ETIMEDOUT after `ms`. */
async function arrived<T>(bytes: Promise<T>, ms: number): Promise<T> {
  try {
    return await within(ms, bytes, () => new ErrnoError('ETIMEDOUT', 'the bytes did not arrive in time'));
  } catch (error) {
    throw toErrno(error);
  }
}
