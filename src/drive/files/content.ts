import { open, stat } from 'node:fs/promises';
import { DriveError } from '../../protocol/errors.ts';
import {
  type FileChunk,
  type PutFileParams,
  type ReadFileParams,
  readChunkBytes,
  type WriteFileParams,
} from '../../protocol/fileMessages.ts';
import type { NodeRow } from '../../store/nodeRow.ts';
import type { Fh } from '../../vfs/openInode.ts';
import type { Session } from '../session.ts';
import {
  checkWritable,
  type FilesContext,
  find,
  followLinks,
  locate,
  noteChanged,
  type Place,
  tryFind,
} from './context.ts';

const reading = { writing: false, append: false, truncate: false };
const writing = { writing: true, append: false, truncate: false };
/** Read from a local file at a time. */
const pieceBytes = 1024 * 1024;

/** Bytes of the newest content, flushed or not; through a link those of what it stands for in the account. */
export async function readFile(context: FilesContext, { path, offset, length }: ReadFileParams): Promise<FileChunk> {
  const { vfs } = context.session;
  const row = await find(context, await followLinks(context, path));
  return withFile(context.session, row, async (fh) => {
    const { size } = vfs.getHandleAttr(fh);
    const bytes = await vfs.read(fh, offset, Math.min(length, readChunkBytes));
    return { content: bytes.toString('base64'), size, version: getVersion(context, row) };
  });
}

/** Another text after every change of the content. */
function getVersion({ session }: FilesContext, { ino }: NodeRow): string {
  const row = session.nodes.get(ino);
  const { mtime, size } = session.vfs.getAttr(ino);
  return `${row?.md5 ?? row?.staging ?? ''} ${size} ${mtime.sec}.${mtime.nsec}`;
}

/** Puts the whole content at once: a reader never sees half of it, and it becomes one revision. */
export async function writeFile(context: FilesContext, params: WriteFileParams): Promise<void> {
  const bytes = Buffer.from(params.content, 'base64');
  await put(context, params, bytes.length, [bytes]);
}

/** The same with the content of a local file, which is read as it goes. */
export async function putFile(context: FilesContext, params: PutFileParams): Promise<void> {
  const { size } = await stat(params.localFile);
  await put(context, params, size, readPieces(params.localFile));
}

/** Opens or creates the file; for a new one of that name `alreadyExists` or `notFound` as the flags say. */
async function put(
  context: FilesContext,
  params: Omit<WriteFileParams, 'content'>,
  size: number,
  pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<void> {
  const { create, overwrite } = params;
  const path = await followLinks(context, params.path);
  checkWritable(context, path);
  const place = await locate(context, path);
  const existing = await tryFind(context, path);
  if (existing === undefined && !create) throw new DriveError('notFound', { path });
  if (existing !== undefined && !overwrite) throw new DriveError('alreadyExists', { path });
  await fillFile(context, place, size, pieces);
}

/** Creates the file, or gives the one there new content. What it had is kept when there is no room for the new bytes. */
export async function fillFile(
  context: FilesContext,
  { parent, name }: Place,
  size: number,
  pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
  report: (done: number) => void = () => {},
): Promise<NodeRow> {
  const { vfs } = context.session;
  const { row, fh } = await vfs.create(parent, name, 0, { ...writing, exclusive: false });
  try {
    if (size > 0) await vfs.allocate(fh, 0, size, { what: 'allocate', keepSize: true });
    await vfs.truncateHandle(fh, 0);
    let at = 0;
    for await (const piece of pieces) {
      await vfs.write(fh, piece, at);
      at += piece.length;
      report(at);
    }
    await vfs.flushHandle(fh);
  } finally {
    await vfs.release(fh);
  }
  noteChanged(context, { parent, name });
  return row;
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

export async function* readPieces(localFile: string): AsyncGenerator<Buffer, void> {
  const file = await open(localFile, 'r');
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
