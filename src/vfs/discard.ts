import { emptyMd5 } from '../base/emptyMd5.ts';
import { ErrnoError } from '../base/errno.ts';
import { type Ino, type NodeRow, rootIno, type Synced } from '../store/nodeRow.ts';
import { type ConflictNames, conflictName } from '../sync/tree/conflicts.ts';
import { getFirstLinkState } from '../sync/tree/links.ts';
import { isLocallyWithin } from '../sync/tree/paths.ts';
import { getRow, touchFolder, type VfsContext } from './context.ts';
import { noteMoved } from './links.ts';
import { remove } from './remove.ts';

/**
 * Gives up a change that the server refused: what it has is shown again, what it never had is removed. EBUSY while a
 * program has the file open for writing. The names are for the case that something else took the old place.
 */
export async function discard(context: VfsContext, ino: Ino, names: ConflictNames): Promise<void> {
  const row = getRow(context, ino);
  if (row.failure === null) throw new ErrnoError('EINVAL', 'the change was not refused');
  if (row.synced === null || (row.kind === 'file' && row.synced.md5 === null)) {
    checkNew(context, row);
    await removeNew(context, row);
  } else await revert(context, ino, names);
  await context.barrier.acknowledge();
  context.pusher.nudge();
}

/** Before anything goes: all that is in it is only here, and nobody writes to it. */
function checkNew(context: VfsContext, row: NodeRow): void {
  checkNotWritten(context, row);
  for (const child of context.nodes.getChildren(row.ino)) {
    // Only what the server does not have either: the rest was refused on its own account or waits.
    if (child.synced !== null) throw new ErrnoError('ENOTEMPTY', 'holds what is in the account');
    checkNew(context, child);
  }
}

function checkNotWritten({ activity }: VfsContext, { ino }: NodeRow): void {
  if (activity.isOpenForWriting(ino)) throw new ErrnoError('EBUSY', 'open for writing');
}

async function removeNew(context: VfsContext, row: NodeRow): Promise<void> {
  for (const child of context.nodes.getChildren(row.ino)) await removeNew(context, child);
  await remove(context, row.ino);
}

interface Reverted {
  readonly from: Ino | null;
  readonly to: Ino;
}

async function revert(context: VfsContext, ino: Ino, names: ConflictNames): Promise<void> {
  const reverted = await context.writing.run(ino, async () => {
    // Not before: a listing may have noted something else while the mutex was waited for.
    const row = getRow(context, ino);
    return row.synced === null ? undefined : revertTo(context, row, row.synced, names);
  });
  if (reverted === undefined) return;
  const { from, to } = reverted;
  if (from !== to) noteMoved(context, ino);
  // A tree is removed with one request: it is given up as a whole too.
  const below = from === null ? context.nodes.getSyncedChildren(ino).filter((child) => child.parent === null) : [];
  for (const child of below) await revert(context, child.ino, names);
}

/** Under the inode's mutex. Answers the folder it was in and the one it is in. */
function revertTo(context: VfsContext, row: NodeRow, synced: Synced, names: ConflictNames): Reverted {
  const { nodes, staging } = context;
  checkNotWritten(context, row);
  const folder = nodes.get(synced.parent);
  if (folder === undefined || (folder.parent === null && folder.ino !== rootIno))
    throw new ErrnoError('ENOENT', 'its folder is gone');
  // Moved into it meanwhile: neither would be anywhere.
  if (isLocallyWithin(nodes, folder.ino, row.ino)) throw new ErrnoError('EBUSY', 'its folder is in it');
  const content =
    row.kind === 'file'
      ? { staging: null, md5: synced.md5 ?? emptyMd5, size: synced.size, mtime: { sec: synced.mtime, nsec: 0 } }
      : {};
  nodes.transaction(() => {
    const occupant = nodes.getChild(synced.parent, synced.name);
    const taken = occupant !== undefined && occupant.ino !== row.ino;
    const name = taken ? conflictName(nodes, synced.parent, synced.name, names) : synced.name;
    const link = row.link ?? getFirstLinkState(row.kind, name);
    nodes.update(row.ino, {
      parent: synced.parent,
      name,
      link,
      failure: null,
      ctimeMs: context.clock.now(),
      ...content,
    });
    if (row.parent !== null) touchFolder(context, row.parent);
    touchFolder(context, synced.parent);
    // What was to be sent is not ours any more, should somebody else write the same.
    nodes.facts.clearSent(row.ino);
  });
  if (row.staging !== null) staging.discard(row.staging);
  return { from: row.parent, to: synced.parent };
}
