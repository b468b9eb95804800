import { ErrnoError } from '../base/errno.ts';
import { emptyMd5 } from '../cache/limits.ts';
import { type Ino, type NodeRow, rootIno } from '../cache/nodeRow.ts';
import { type ConflictNames, conflictName } from '../writeback/conflicts.ts';
import { getRow, touchFolder, type VfsContext } from './context.ts';
import { remove } from './remove.ts';

/**
 * Gives up a change that the server refused: what it has is shown again, what it never had is removed. EBUSY while a
 * program has the file open for writing. The names are for the case that something else took the old place.
 */
export async function discard(context: VfsContext, ino: Ino, names: ConflictNames): Promise<void> {
  const row = getRow(context, ino);
  if (row.failure === null) throw new ErrnoError('EINVAL', 'the change was not refused');
  if (context.activity.isOpenForWriting(ino)) throw new ErrnoError('EBUSY', 'open for writing');
  if (row.synced === null || (row.kind === 'file' && row.synced.md5 === null)) await removeNew(context, row);
  else await revert(context, row, names);
  await context.barrier.barrier();
  context.pusher.nudge();
}

async function removeNew(context: VfsContext, row: NodeRow): Promise<void> {
  if (row.kind !== 'file') {
    for (const child of context.nodes.getChildren(row.ino)) {
      // Only what the server does not have either: the rest was refused on its own account or waits.
      if (child.synced !== null) throw new ErrnoError('ENOTEMPTY', 'holds what is in the account');
      await removeNew(context, child);
    }
  }
  await remove(context, row);
}

async function revert(context: VfsContext, row: NodeRow, names: ConflictNames): Promise<void> {
  const { nodes, staging } = context;
  const { synced } = row;
  if (synced === null) return;
  const folder = nodes.get(synced.parent);
  if (folder === undefined || (folder.parent === null && folder.ino !== rootIno))
    throw new ErrnoError('ENOENT', 'its folder is gone');
  const content =
    row.kind === 'file'
      ? { staging: null, md5: synced.md5 ?? emptyMd5, size: synced.size, mtime: { sec: synced.mtime, nsec: 0 } }
      : {};
  await context.writing.run(row.ino, async () => {
    nodes.transaction(() => {
      const occupant = nodes.getChild(synced.parent, synced.name);
      const taken = occupant !== undefined && occupant.ino !== row.ino;
      const name = taken ? conflictName(nodes, synced.parent, synced.name, names) : synced.name;
      nodes.update(row.ino, { parent: synced.parent, name, failure: null, ctimeMs: context.clock.now(), ...content });
      if (row.parent !== null) touchFolder(context, row.parent);
      touchFolder(context, synced.parent);
    });
    if (row.staging !== null) await staging.unlink(row.staging);
  });
}
