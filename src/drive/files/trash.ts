import { nameKey } from '../../base/nameKey.ts';
import type { TrashedEntry as RemoteTrashed } from '../../jottacloud/changes/trash.ts';
import type { JottaPath } from '../../jottacloud/types.ts';
import { DriveError } from '../../protocol/errors.ts';
import type { TrashEntry } from '../../protocol/fileMessages.ts';
import { splitPath } from '../../vfs/names.ts';
import { toLocalName } from '../adapters/names.ts';
import { checkWritable, type FilesContext, toPath, tryFind } from './context.ts';

export async function listTrash({ session }: FilesContext, signal: AbortSignal): Promise<TrashEntry[]> {
  return (await session.client.fetchTrash(signal)).map(toTrashEntry);
}

/** Puts it where it was, and shows it at once where that folder is known. */
export async function restoreFromTrash(context: FilesContext, path: string, signal: AbortSignal): Promise<void> {
  checkWritable(context, path);
  const { client } = context.session;
  await client.restore(await findTrashed(context, path, signal), signal);
  await showRestored(context, path);
}

export async function deleteForever(context: FilesContext, path: string, signal: AbortSignal): Promise<void> {
  checkWritable(context, path);
  const { client } = context.session;
  const wire = await findTrashed(context, path, signal);
  // Something of that name that is still to be uploaded would be there by then.
  if ((await tryFind(context, path)) !== undefined) throw new DriveError('alreadyExists', { path });
  await client.removeForGood(wire, signal);
}

export async function emptyTrash({ session }: FilesContext, signal: AbortSignal): Promise<void> {
  await session.client.purgeTrash(signal);
}

/** The server's spelling of a path that the trash lists. `notFound` when it does not. */
async function findTrashed({ session }: FilesContext, path: string, signal: AbortSignal): Promise<JottaPath> {
  const key = nameKey(path);
  const found = (await session.client.fetchTrash(signal)).find((entry) => nameKey(toTrashEntry(entry).path) === key);
  if (found === undefined) throw new DriveError('notFound', { path });
  return found.path;
}

/** Folders above it may have come back as well: the highest one that is known is listed again, then each below. */
async function showRestored(context: FilesContext, path: string): Promise<void> {
  const { folders } = context.session;
  const names = splitPath(path);
  for (let depth = 2; depth < names.length; depth += 1) {
    const row = await tryFind(context, toPath(names.slice(0, depth)));
    if (row === undefined) return;
    if (row.listedAt !== null) await folders.refresh(row.ino);
  }
}

function toTrashEntry({ kind, path, deleted, size }: RemoteTrashed): TrashEntry {
  return { kind, path: toPath(path.map(toLocalName)), deletedMs: deleted * 1000, size };
}
