import { emptyMd5 } from '../base/emptyMd5.ts';
import { ErrnoError } from '../base/errno.ts';
import type { Ino, LinkState, NodeRow, Place } from '../store/nodeRow.ts';
import { getLinkName } from '../sync/tree/links.ts';
import { isLocallyWithin } from '../sync/tree/paths.ts';
import { makeBytesDurable } from './content.ts';
import { checkChangeable, getLiveFolder, touchFolder, type VfsContext } from './context.ts';
import { prepareParent } from './create.ts';
import { getJustHidden } from './hidden.ts';
import { claimName, getShownChild, getShownName, isLink, noteMoved, toStoredName } from './links.ts';
import { lookup } from './lookup.ts';
import { detach, ensureEmptied, unhide } from './remove.ts';

/** renameat2(2)'s ways. */
export type RenameMode = 'replace' | 'noReplace' | 'exchange';

/** Local and atomic. Errors as rename(2); EXDEV between what the server holds and what stays here. */
export async function rename(context: VfsContext, from: Place, to: Place, mode: RenameMode): Promise<void> {
  const { changed, isElsewhere, discarded } = await change(context, from, to, mode).catch((error) => {
    unhide(context, to.parent, to.name);
    throw error;
  });
  for (const ino of changed) {
    context.activity.noteChange(ino);
    if (isElsewhere) noteMoved(context, ino);
  }
  if (discarded !== null) context.staging.discard(discarded);
  await context.barrier.acknowledge();
  context.pusher.nudge();
}

interface Outcome {
  readonly changed: Ino[];
  /** Are they in another folder than before? */
  readonly isElsewhere: boolean;
  /** Staging file that nobody needs any more. */
  readonly discarded: string | null;
}

async function change(context: VfsContext, from: Place, to: Place, mode: RenameMode): Promise<Outcome> {
  // A listing may change either name while a folder is made known: then everything is looked at again.
  for (;;) {
    const row = await lookup(context, from.parent, from.name);
    checkMovable(row);
    checkChangeable(context, row.ino);
    const outcome = mode === 'exchange' ? await exchange(context, row, to) : await move(context, row, to, mode);
    if (outcome !== undefined) return outcome;
  }
}

function checkMovable(row: NodeRow): void {
  if (row.kind !== 'file' && row.kind !== 'folder') throw new ErrnoError('EPERM', 'not movable');
}

/** undefined when `row` or the target was changed by a listing meanwhile. */
async function move(context: VfsContext, known: NodeRow, to: Place, mode: RenameMode): Promise<Outcome | undefined> {
  const { nodes } = context;
  await prepareParent(context, to.parent, to.name);
  checkNotInto(context, known, to.parent);
  const target = getShownChild(context, to.parent, to.name);
  const replaced = target !== undefined && target.ino !== known.ino ? target : undefined;
  if (replaced !== undefined) {
    if (mode === 'noReplace') throw new ErrnoError('EEXIST', 'name is taken');
    if (replaced.kind === 'file' && known.kind !== 'file') throw new ErrnoError('ENOTDIR', 'target is a file');
    if (replaced.kind !== 'file' && known.kind === 'file') throw new ErrnoError('EISDIR', 'target is a folder');
    if (replaced.kind !== 'file') await ensureEmptied(context, replaced);
  }
  const isReplacing = replaced !== undefined || getJustHidden(context, to) !== undefined;
  if (isReplacing && known.kind === 'file') await makeBytesDurable(context, known.ino);
  const row = nodes.get(known.ino);
  if (row === undefined || row.parent !== known.parent || row.name !== known.name) return undefined;
  if (getShownChild(context, to.parent, to.name)?.ino !== target?.ino) return undefined;
  const placed = place(context, row, to);
  // A link, and a plain file that has the name of the link's file, cannot both be there.
  const occupant = nodes.getChild(to.parent, placed.name);
  if (occupant !== undefined && occupant.ino !== row.ino && occupant.ino !== replaced?.ino) {
    throw new ErrnoError('EEXIST', 'the name of the link file is taken');
  }
  const former = replaced ?? getJustHidden(context, to)?.row;
  const discarded = nodes.transaction(() => {
    if (row.kind === 'file' && former !== undefined) context.pins.move(former.ino, row.ino);
    const unneeded = replaced === undefined ? null : detach(context, replaced.ino);
    if (row.parent !== null) touchFolder(context, row.parent);
    touchFolder(context, to.parent);
    settle(context, row, placed);
    return unneeded;
  });
  return { changed: [row.ino], isElsewhere: row.parent !== to.parent, discarded };
}

/** Both names stay; what they mean is swapped. */
async function exchange(context: VfsContext, known: NodeRow, to: Place): Promise<Outcome | undefined> {
  const { nodes } = context;
  const { ino } = await lookup(context, to.parent, to.name);
  if (ino === known.ino) return { changed: [], isElsewhere: false, discarded: null };
  const [row, other] = [nodes.get(known.ino), nodes.get(ino)];
  if (other === undefined || row === undefined || row.parent !== known.parent || row.name !== known.name)
    return undefined;
  checkMovable(other);
  checkChangeable(context, other.ino);
  const here = row.parent;
  const there = other.parent;
  if (here === null || there === null) throw new ErrnoError('ENOENT', 'removed meanwhile');
  checkNotInto(context, row, there);
  checkNotInto(context, other, here);
  const rowPlaced = place(context, row, { parent: there, name: getShownName(context, other) });
  const otherPlaced = place(context, other, { parent: here, name: getShownName(context, row) });
  nodes.transaction(() => {
    // Two rows never share a name, not even for a moment.
    nodes.update(row.ino, { parent: null });
    settle(context, other, otherPlaced);
    settle(context, row, rowPlaced);
    touchFolder(context, here);
    touchFolder(context, there);
  });
  return { changed: [row.ino, other.ino], isElsewhere: here !== there, discarded: null };
}

function checkNotInto({ nodes }: VfsContext, row: NodeRow, folder: Ino): void {
  if (row.kind === 'folder' && isLocallyWithin(nodes, folder, row.ino)) {
    throw new ErrnoError('EINVAL', 'a folder cannot go into itself');
  }
}

interface Placed extends Place {
  readonly link: LinkState;
  readonly localOnly: boolean;
}

/** Where the row goes in the table. EXDEV when it cannot become local-only as it is: programs then copy and delete. */
function place(context: VfsContext, row: NodeRow, to: Place): Placed {
  const asLink = isLink(context, row);
  const name = toStoredName(to.name, asLink);
  const isLinkFile = row.kind === 'file' && getLinkName(name) !== undefined;
  const localOnly = context.localNames.matches(to.name) || getLiveFolder(context, to.parent).localOnly;
  if (localOnly && !row.localOnly && !isOnlyHere(context, row)) {
    throw new ErrnoError('EXDEV', 'between synced and local-only files');
  }
  return { parent: to.parent, name, localOnly, link: asLink ? row.link : isLinkFile ? 'file' : null };
}

/** Is the server not to have it, now or by a push under way, and none of its bytes from there? */
function isOnlyHere(
  { pusher, staging, open }: VfsContext,
  { ino, kind, synced, md5, staging: flushed }: NodeRow,
): boolean {
  if (kind !== 'file' || synced !== null || pusher.isPushing(ino)) return false;
  if (md5 !== null && md5 !== emptyMd5) return false;
  return [flushed, open.get(ino)?.staging?.id].every((id) => typeof id !== 'string' || !staging.hasBase(id));
}

function settle(context: VfsContext, row: NodeRow, placed: Placed): void {
  if (row.localOnly && !placed.localOnly) releaseBelow(context, row.ino);
  context.nodes.update(row.ino, { ...placed, ctimeMs: context.clock.now(), failure: null });
  claimName(context, placed.parent, placed.name);
}

/** What leaves a local-only folder is to be uploaded, all that is below it too. */
function releaseBelow(context: VfsContext, folder: Ino): void {
  const { nodes, activity, localNames } = context;
  for (const child of nodes.getChildren(folder)) {
    if (localNames.matches(getShownName(context, child))) continue;
    nodes.update(child.ino, { localOnly: false });
    activity.noteChange(child.ino);
    releaseBelow(context, child.ino);
  }
}
