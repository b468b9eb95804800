import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ContentRef } from '../../content/blocks.ts';
import { DriveError } from '../../protocol/errors.ts';
import type { NodeRow, Place } from '../../store/nodeRow.ts';
import type { Fh } from '../../vfs/openInode.ts';
import type { Draft } from '../../vfs/put.ts';
import type { PutOptions } from '../../vfs/vfs.ts';
import type { Session } from '../session.ts';
import { type FilesContext, noting } from './context.ts';

const reading = { writing: false, append: false, truncate: false };
/** Bytes read at a time from a local file. */
const pieceBytes = 1024 * 1024;

export interface FillOptions extends Omit<PutOptions, 'link'> {
  /** Ends the work between two pieces; the file is then what it was. */
  readonly signal: AbortSignal;
}

/** Gives a name `size` bytes as its new content, whole or not at all; room for them is asked for before the first is read. */
export async function fillFile(
  context: FilesContext,
  place: Place,
  size: number,
  pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
  options: FillOptions,
  report: (done: number) => void = () => {},
): Promise<void> {
  const { signal } = options;
  const fill = async (draft: Draft) => {
    signal.throwIfAborted();
    await draft.reserve(size);
    let done = 0;
    for await (const piece of pieces) {
      signal.throwIfAborted();
      await draft.write(piece);
      done += piece.length;
      report(done);
    }
    signal.throwIfAborted();
  };
  await noting(context, place, () => context.session.vfs.put(place, options, fill));
}

/** Gives a name a content that the server holds. Nothing is read. */
export async function shareContent(
  context: FilesContext,
  place: Place,
  content: ContentRef,
  options: Omit<PutOptions, 'link'>,
): Promise<void> {
  await noting(context, place, () => context.session.vfs.put(place, options, (draft) => draft.share(content)));
}

/** Opens a file for reading for the time of `work`; the revision it opened is the one it reads. */
export async function withFile<T>({ vfs }: Session, row: NodeRow, work: (fh: Fh) => Promise<T>): Promise<T> {
  const fh = await vfs.open(row.ino, reading);
  try {
    return await work(fh);
  } finally {
    await vfs.release(fh);
  }
}

// A link or pipe that took the file's place meanwhile is not followed, and not waited for.
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * All of a local file, which had `size` bytes when it was looked at. DriveError `sourceChanged` when it is none any more, or ends
 * before that: what was read would be a piece of it.
 */
export async function* readPieces(localFile: string, size: number): AsyncGenerator<Buffer, void> {
  const file = await open(localFile, readFlags);
  try {
    if (!(await file.stat()).isFile()) throw new DriveError('sourceChanged', { path: localFile });
    for (let done = 0; ; ) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, null);
      if (bytesRead === 0 && done < size) throw new DriveError('sourceChanged', { path: localFile });
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      done += bytesRead;
    }
  } finally {
    await file.close();
  }
}
