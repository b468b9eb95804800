import { emptyMd5 } from '../base/emptyMd5.ts';
import { ErrnoError } from '../base/errno.ts';
import type { Ino, NodeRow, Place } from '../store/nodeRow.ts';
import { getLocalPath } from '../sync/tree/paths.ts';
import { checkChangeable, ensureListed, touchFolder, type VfsContext } from './context.ts';
import { getHiddenAs, getHiddenKey, getJustHidden, isClosing, isHiddenAs } from './hidden.ts';
import { isLitter } from './localNames.ts';
import { lookup } from './lookup.ts';

/** The name is gone at once. EISDIR for a folder. */
export async function unlink(context: VfsContext, parent: Ino, name: string): Promise<void> {
  if (context.hiddenNames.has(getHiddenKey({ parent, name }))) return unlinkHidden(context, { parent, name });
  const row = await lookup(context, parent, name);
  if (row.kind !== 'file') throw new ErrnoError('EISDIR', 'is a folder');
  checkChangeable(context, row.ino);
  await remove(context, row.ino);
}

/** ENOTDIR for a file, ENOTEMPTY, EPERM for devices and mountpoints. */
export async function rmdir(context: VfsContext, parent: Ino, name: string): Promise<void> {
  const row = await lookup(context, parent, name);
  if (row.kind === 'file') throw new ErrnoError('ENOTDIR', 'not a folder');
  checkChangeable(context, row.ino);
  await ensureEmptied(context, row);
  await remove(context, row.ino);
}

/** ENOTEMPTY unless the folder holds nothing but litter, which goes with it; also for what the server holds and cannot be shown. */
export async function ensureEmptied(context: VfsContext, folder: NodeRow): Promise<void> {
  const { nodes } = context;
  if (folder.kind !== 'folder') throw new ErrnoError('EPERM', 'devices and mountpoints are not removed from here');
  // What the server holds must be known before it is said to be empty: its own rmdir is recursive.
  await ensureListed(context, folder.ino);
  // While one goes, a listing may bring others.
  for (;;) {
    const left = nodes.getChildren(folder.ino);
    const goesWithIt = (row: NodeRow) => !folder.localOnly && isLitter(row);
    if (!left.every(goesWithIt)) throw new ErrnoError('ENOTEMPTY', 'folder is not empty');
    checkAllShown(context, folder.ino);
    if (left.length === 0) return;
    for (const child of left) await remove(context, child.ino);
  }
}

function checkAllShown({ nodes, log }: VfsContext, folder: Ino): void {
  const unusable = nodes.get(folder)?.unusable ?? 0;
  if (unusable === 0) return;
  const path = getLocalPath(nodes, folder);
  log.warn('a folder is not removed: the server holds entries in it that cannot be shown here', { path, unusable });
  throw new ErrnoError('ENOTEMPTY', 'the server holds entries in it that cannot be shown');
}

/** `kept`: as if it were open. */
export async function remove(context: VfsContext, ino: Ino, kept = false): Promise<void> {
  const { nodes, activity, pusher, barrier, staging } = context;
  const parent = nodes.get(ino)?.parent ?? null;
  const discarded = nodes.transaction(() => {
    if (parent !== null) touchFolder(context, parent);
    return detach(context, ino, kept);
  });
  activity.noteChange(ino);
  if (parent !== null) activity.noteRemovalIn(parent);
  if (discarded !== null) staging.discard(discarded);
  await barrier.acknowledge();
  pusher.nudge();
}

/**
 * Takes a node out of the tree, in the caller's transaction. What the server holds stays as a removed row; open handles
 * keep their bytes. Answers the staging file that nobody needs any more. By its number: whoever looked at the row before it
 * waited for something would not know what a push has noted in it meanwhile.
 */
export function detach(context: VfsContext, ino: Ino, kept = false): string | null {
  const { nodes, clock, pusher } = context;
  const row = nodes.get(ino);
  if (row === undefined) return null;
  const open = kept || context.open.has(row.ino);
  pusher.cancelUpload(row.ino);
  if (row.synced === null && row.pendingTarget === null && !open && !pusher.isPushing(row.ino)) {
    nodes.remove(row.ino);
    return row.staging;
  }
  // An upload that goes on all the same has it open.
  const keepsStaging = open || row.staging === null;
  nodes.update(row.ino, {
    parent: null,
    failure: null,
    ctimeMs: clock.now(),
    ...(keepsStaging ? {} : { staging: null, md5: row.synced?.md5 ?? emptyMd5 }),
  });
  return keepsStaging ? null : row.staging;
}

/**
 * libfuse's way to remove an open file, and the first half of its way to rename onto one: its handles go on under the hidden
 * name, the tree forgets it. False, and nothing is done, when it is not open. ENOSPC when the disk has no room for the other half.
 */
export async function tryHide(context: VfsContext, from: Place, to: Place): Promise<boolean> {
  const row = await lookup(context, from.parent, from.name);
  const isOpen = context.open.has(row.ino);
  if (row.kind !== 'file' || !(isOpen || isClosing(context, row.ino))) return false;
  if (row.parent === null) throw new ErrnoError('ENOENT', 'removed already');
  await context.room.ensureAny();
  if (isOpen) await remove(context, row.ino, true);
  // Should the name be a person's and not libfuse's, a file without a handle would be lost outside the tree.
  else context.nodes.update(row.ino, { parent: to.parent, name: to.name, ctimeMs: context.clock.now() });
  const { ino, parent, name } = row;
  context.hiddenNames.set(getHiddenKey(to), { ino, parent, name, at: context.clock.now(), missed: false });
  return true;
}

/** After the last close, which has discarded what nobody needs, unless it came before the file was hidden. */
async function unlinkHidden(context: VfsContext, place: Place): Promise<void> {
  const row = getHiddenAs(context, place);
  context.hiddenNames.delete(getHiddenKey(place));
  // Some have got their own name back.
  if (row === undefined || !isHiddenAs(row, getHiddenKey(place)) || context.open.has(row.ino)) return;
  if (row.parent !== null || row.synced === null || row.staging !== null) await remove(context, row.ino);
}

/** The rename for which libfuse has just hidden the file of that name is refused: the file has its name again. */
export function unhide(context: VfsContext, parent: Ino, name: string): void {
  const { nodes, activity, room, onVisibleChange, log } = context;
  const hidden = getJustHidden(context, { parent, name });
  if (hidden === undefined || nodes.getChild(parent, hidden.name) !== undefined) return;
  const { ino, name: formerName } = hidden;
  const restore = () => {
    nodes.transaction(() => {
      nodes.update(ino, { parent, name: formerName });
      touchFolder(context, parent);
    });
  };
  try {
    try {
      restore();
    } catch {
      // The disk has filled up since the file was hidden.
      room.spendReserve();
      restore();
    }
    activity.noteChange(ino);
    // To the kernel the name is still what libfuse has hidden.
    onVisibleChange({ parent, name: formerName });
  } catch (error) {
    log.error('an open file lost its name to a rename that failed', { name, error });
  }
}
