import { stat } from 'node:fs/promises';
import { DriveError } from '../../protocol/errors.ts';
import {
  type FileChunk,
  type PutFileParams,
  type ReadFileParams,
  readChunkBytes,
  type WriteFileParams,
} from '../../protocol/fileMessages.ts';
import type { NodeRow, Place } from '../../store/nodeRow.ts';
import { checkWritable, type FilesContext, find, followLinks, locate } from './context.ts';
import { copyFile } from './copy.ts';
import { fillFile, readPieces, withFile } from './fill.ts';
import { resolveLocal } from './localPaths.ts';

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
export async function writeFile(context: FilesContext, params: WriteFileParams, signal: AbortSignal): Promise<void> {
  const bytes = Buffer.from(params.content, 'base64');
  const place = await locateFile(context, params.path);
  await fillFile(context, place, bytes.length, [bytes], { ...params, signal });
}

/** The same with the content of a local file, which is read as it goes; one in a mount of ours is copied inside the account. */
export async function putFile(context: FilesContext, params: PutFileParams, signal: AbortSignal): Promise<void> {
  const { localFile } = params;
  const source = await resolveLocal(localFile, context.getMounts());
  const place = await locateFile(context, params.path);
  if (source.kind === 'mounted') {
    const row = await find(context, await followLinks(context, source.path));
    if (row.kind !== 'file') throw new DriveError('isFolder', { path: localFile });
    await copyFile(context, row, place, { ...params, signal });
    return;
  }
  const info = await stat(source.path);
  if (info.isDirectory()) throw new DriveError('isFolder', { path: localFile });
  // Opening a pipe waits for somebody to write to it.
  if (!info.isFile()) throw new DriveError('localAccess', { path: localFile });
  await fillFile(context, place, info.size, readPieces(source.path, info.size), { ...params, signal });
}

/** Where a file is written to: what links in the last part of the path stand for. */
async function locateFile(context: FilesContext, given: string): Promise<Place> {
  const path = await followLinks(context, given);
  checkWritable(context, path);
  return locate(context, path);
}
