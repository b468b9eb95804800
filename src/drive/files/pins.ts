import { DriveError } from '../../protocol/errors.ts';
import { type NodeRow, rootIno } from '../../store/nodeRow.ts';
import { getLocalPath } from '../../sync/tree/paths.ts';
import { findPinnedAbove } from '../offline/pinned.ts';
import { type FilesContext, find } from './context.ts';

/** Keep Offline. Durable; the content comes in the background. */
export async function pin(context: FilesContext, path: string): Promise<void> {
  const { pins, keeper, shown, vfs } = context.session;
  const row = await find(context, path);
  if (row.ino === rootIno) throw new DriveError('notChangeable', { path });
  pins.add(row.ino);
  shown.noteRow(row);
  keeper.nudge();
  await vfs.sync();
}

/** Ends Keep Offline, and frees what is below that is neither pinned otherwise nor waiting to be uploaded. */
export async function removeOfflineCopy(context: FilesContext, path: string): Promise<{ freedBytes: number }> {
  const { pins, keeper, shown, nodes, store } = context.session;
  const row = await find(context, path);
  const above = findPinnedAbove(pins, nodes, row);
  if (above !== undefined) {
    throw new DriveError('pinnedAbove', { path, folder: getLocalPath(nodes, above) ?? '/' });
  }
  const contents = getContents(context, row);
  pins.remove(row.ino);
  const pinned = new Set(keeper.update().map(({ md5 }) => md5));
  const before = store.usedBytes;
  for (const [md5, size] of contents) if (!pinned.has(md5)) store.drop(md5, size);
  shown.noteRow(row);
  return { freedBytes: before - store.usedBytes };
}

/** Evicts everything that may be evicted. */
export async function freeUpSpace({ session }: FilesContext): Promise<{ freedBytes: number }> {
  session.keeper.update();
  return { freedBytes: await session.store.evict(Number.POSITIVE_INFINITY) };
}

/** md5 → bytes of every clean file at or below a node. */
function getContents(context: FilesContext, row: NodeRow, found = new Map<string, number>()): Map<string, number> {
  if (row.kind === 'file') {
    if (row.md5 !== null) found.set(row.md5, row.size);
    return found;
  }
  for (const child of context.session.nodes.getChildren(row.ino)) getContents(context, child, found);
  return found;
}
