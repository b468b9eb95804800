import { DriveError } from '../../protocol/errors.ts';
import type { CopyParams } from '../../protocol/fileMessages.ts';
import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import { isLocallyWithin } from '../../sync/tree/paths.ts';
import { getShownChild, isLink } from '../../vfs/links.ts';
import { resolveName } from './collision.ts';
import { fillFile, withFile } from './content.ts';
import { checkWritable, type FilesContext, find, joinPath, locate, noteChanged, type Place } from './context.ts';

/** Read of a file with unsent bytes at a time. */
const pieceBytes = 1024 * 1024;

/** Copies a file, or a folder with all it holds. What the server has is shared, not read: such a copy needs no transfer. */
export async function copy(
  context: FilesContext,
  { from, to, collision }: CopyParams,
  signal: AbortSignal,
): Promise<string> {
  checkWritable(context, to);
  const { nodes } = context.session;
  const source = await find(context, from);
  const { parent, name: wanted } = await locate(context, to);
  if (source.kind !== 'file' && isLocallyWithin(nodes, parent, source.ino)) {
    throw new DriveError('invalidName', { path: to, name: wanted });
  }
  const isTaken = async (name: string) => getShownChild(nodes, parent, name) !== undefined;
  await context.session.vfs.readdir(parent);
  const name = await resolveName(wanted, collision, isTaken, to);
  await copyInto(context, source, { parent, name }, signal);
  return joinPath(to.slice(0, to.replace(/\/+$/, '').lastIndexOf('/')), name);
}

/** Into a folder that is there already a folder is merged; a file becomes a revision of the one there. */
export async function copyInto(
  context: FilesContext,
  source: NodeRow,
  place: Place,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { vfs, nodes } = context.session;
  if (source.kind === 'file') {
    await copyFile(context, source, place);
    return;
  }
  // Listed before anything is made: a copy into itself would never end.
  const children = await vfs.readdir(source.ino);
  const folder = await ensureFolder(context, place);
  for (const { name, row } of children) {
    const now = nodes.get(row.ino);
    if (now !== undefined && !row.localOnly) await copyInto(context, now, { parent: folder, name }, signal);
  }
}

/** The folder of that name, made when there is none. `alreadyExists` when a file has the name. */
export async function ensureFolder(context: FilesContext, { parent, name }: Place): Promise<Ino> {
  const { vfs, nodes } = context.session;
  const existing = getShownChild(nodes, parent, name);
  if (existing !== undefined && existing.kind !== 'file') return existing.ino;
  const { ino } = await vfs.mkdir(parent, name, 0);
  noteChanged(context, { parent, name });
  return ino;
}

async function copyFile(context: FilesContext, source: NodeRow, place: Place): Promise<void> {
  const { vfs, nodes } = context.session;
  if (isLink(nodes, source)) {
    await vfs.symlink(place.parent, place.name, await vfs.readlink(source.ino));
    noteChanged(context, place);
    return;
  }
  const { mtime } = vfs.getAttr(source.ino);
  const target = await withFile(context.session, source, async (fh) => {
    const { size } = vfs.getHandleAttr(fh);
    const row = nodes.get(source.ino);
    const clean = row?.staging === null && row.md5 !== null && row.size === size;
    if (clean && row.md5 !== null) return shareContent(context, { md5: row.md5, size }, place);
    return fillFile(context, place, size, readAll(fh, size));
  });
  await vfs.setTimes(target.ino, mtime);

  async function* readAll(fh: number, size: number): AsyncGenerator<Buffer, void> {
    for (let at = 0; at < size; at += pieceBytes) yield await vfs.read(fh, at, Math.min(pieceBytes, size - at));
  }
}

/** Creates a file of a content that the server holds, or gives that content to the one there. Nothing is read. */
export async function shareContent(
  context: FilesContext,
  content: { md5: string; size: number },
  place: Place,
): Promise<NodeRow> {
  const { vfs } = context.session;
  const options = { writing: true, append: false, truncate: true, exclusive: false };
  const { row, fh } = await vfs.create(place.parent, place.name, 0, options);
  try {
    await vfs.shareContent(fh, content);
    await vfs.flushHandle(fh);
  } finally {
    await vfs.release(fh);
  }
  noteChanged(context, place);
  return row;
}
