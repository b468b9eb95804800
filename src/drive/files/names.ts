import { ErrnoError } from '../../base/errno.ts';
import { inParallel } from '../../base/parallel.ts';
import { DriveError } from '../../protocol/errors.ts';
import type { DeleteParams, RenameParams } from '../../protocol/fileMessages.ts';
import type { Ino, Place } from '../../store/nodeRow.ts';
import { getLocalPath } from '../../sync/tree/paths.ts';
import { checkWritable, type FilesContext, find, locate, noteChanged, noting } from './context.ts';

/** Each removal waits for the disk; together they share one wait. */
const parallelRemovals = 64;

export async function createFolder(context: FilesContext, path: string): Promise<void> {
  checkWritable(context, path);
  const place = await locate(context, path);
  await noting(context, place, () => context.session.vfs.mkdir(place.parent, place.name, 0));
}

export async function rename(context: FilesContext, { from, to, overwrite }: RenameParams): Promise<void> {
  checkWritable(context, from);
  checkWritable(context, to);
  const [source, target] = [await locate(context, from), await locate(context, to)];
  const { vfs } = context.session;
  const went = vfs.getShownChild(source.parent, source.name);
  const taken = vfs.getShownChild(target.parent, target.name);
  await vfs.rename(source, target, overwrite ? 'replace' : 'noReplace');
  // Another case of its own name comes as well. It comes before the other goes: programs that are in a folder go along.
  const came = taken === undefined || taken.ino === went?.ino;
  await noteChanged(context, { ...target, came }, went === undefined ? source : { ...source, went });
}

/** To the trash. A folder with all that it holds: what other devices put into it meanwhile comes back, and it with that. */
export async function remove(
  context: FilesContext,
  { path, recursive }: DeleteParams,
  signal: AbortSignal,
): Promise<void> {
  checkWritable(context, path);
  const place = await locate(context, path);
  const { vfs } = context.session;
  const row = await find(context, path);
  if (row.kind === 'file') await vfs.unlink(place.parent, place.name);
  else {
    if (recursive && row.kind === 'folder') await empty(context, row.ino, signal);
    await removeFolder(context, place, row.ino);
  }
  await noteChanged(context, { ...place, went: row });
}

/** `folderNotEmpty` with `unusable` for what the server holds in it and nobody sees here. */
async function removeFolder({ session }: FilesContext, { parent, name }: Place, ino: Ino): Promise<void> {
  const { vfs, nodes } = session;
  try {
    await vfs.rmdir(parent, name);
  } catch (error) {
    const unusable = nodes.get(ino)?.unusable ?? 0;
    const isUnseen = unusable > 0 && !nodes.hasChildren(ino) && error instanceof ErrnoError;
    const path = getLocalPath(nodes, ino);
    if (!isUnseen || error.code !== 'ENOTEMPTY' || path === undefined) throw error;
    throw new DriveError('folderNotEmpty', { path, unusable: String(unusable) });
  }
}

async function empty(context: FilesContext, folder: Ino, signal: AbortSignal): Promise<void> {
  const { vfs } = context.session;
  const children = await vfs.readdir(folder);
  // Folders one by one: each may ask the server what it holds.
  for (const { name, row } of children) {
    signal.throwIfAborted();
    if (row.kind === 'file') continue;
    await empty(context, row.ino, signal);
    await removeFolder(context, { parent: folder, name }, row.ino);
  }
  signal.throwIfAborted();
  const files = children.filter(({ row }) => row.kind === 'file');
  await inParallel(files, parallelRemovals, ({ name }) => vfs.unlink(folder, name));
}
