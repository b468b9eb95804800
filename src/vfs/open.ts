import { emptyMd5 } from '../base/emptyMd5.ts';
import { ErrnoError } from '../base/errno.ts';
import type { ContentRef } from '../content/blocks.ts';
import { newReadahead } from '../content/readahead.ts';
import { type Ino, type NodeRow, rootIno, type Timestamp } from '../store/nodeRow.ts';
import { defaultFileMode } from '../sync/tree/modes.ts';
import { getPinned } from './attr.ts';
import { flush, flushOpen, syncFile, truncateOpen } from './content.ts';
import { checkChangeable, getFile, getHandle, getOpen, type VfsContext } from './context.ts';
import { insert, prepareParent } from './create.ts';
import { toErrno } from './errors.ts';
import { noteLastClose } from './hidden.ts';
import { getShownChild, isLink } from './links.ts';
import type { Fh, Handle, OpenInode } from './openInode.ts';
import { ReadPatience } from './readPatience.ts';

export interface OpenOptions {
  readonly writing: boolean;
  readonly append: boolean;
  readonly truncate: boolean;
}

/** Needs no network. EISDIR for a folder, EROFS to change what can only be read. */
export async function open(context: VfsContext, ino: Ino, options: OpenOptions): Promise<Fh> {
  const row = getFile(context, ino);
  if (options.writing || options.truncate) checkChangeable(context, ino);
  const handle = newHandle(context, row, options);
  try {
    await context.writing.run(ino, async () => {
      const inode = getOpen(context, ino);
      // Look again: an upload may have ended while the mutex was waited for.
      const now = context.nodes.get(ino);
      const staged = now?.staging ?? null;
      if (inode.staging === undefined && staged !== null) {
        // The old bytes of a file that is cut to nothing are not needed.
        if (!options.truncate) inode.staging = await context.staging.open(staged, context.reader);
      } else if (now !== undefined && now.md5 !== null) {
        // What is going to be written rests on the newest revision; readers go on in it, as after a write in place.
        const isBehind = options.writing && getPinned(context, now) !== undefined;
        if (isBehind || (inode.staging === undefined && row.md5 === null)) {
          await turnToServer(context, inode, { md5: now.md5, size: now.size }, now.mtime);
        }
        if (isBehind && now.parent !== null) context.onVisibleChange({ parent: now.parent, name: now.name });
      }
      if (options.truncate) await truncateOpen(context, ino, 0);
    });
    return handle.fh;
  } catch (error) {
    await release(context, handle.fh);
    throw toErrno(error);
  }
}

/** Under the inode's mutex: whoever has it open reads on in what the server has. */
async function turnToServer(
  { staging }: VfsContext,
  inode: OpenInode,
  content: ContentRef,
  mtime: Timestamp,
): Promise<void> {
  const former = inode.staging;
  inode.staging = undefined;
  inode.clean = content;
  inode.mtime = mtime;
  if (former !== undefined) await staging.close(former.id);
}

/** Creates and opens. EEXIST when the name is taken (in any spelling) and `exclusive`, or taken by a link or a folder. */
export async function create(
  context: VfsContext,
  parent: Ino,
  name: string,
  mode: number,
  options: OpenOptions & { exclusive: boolean },
): Promise<{ row: NodeRow; fh: Fh }> {
  await prepareParent(context, parent, name);
  const existing = getShownChild(context, parent, name);
  if (existing !== undefined) {
    if (options.exclusive || isLink(context, existing)) throw new ErrnoError('EEXIST', 'file exists');
    return { row: existing, fh: await open(context, existing.ino, options) };
  }
  const row = insert(context, parent, name, {
    kind: 'file',
    mode: mode === 0 ? defaultFileMode : mode & 0o7777,
    md5: emptyMd5,
  });
  return { row, fh: newHandle(context, row, options).fh };
}

/** close(2) of a handle opened for writing: see flush. */
export async function flushHandle(context: VfsContext, fh: Fh): Promise<void> {
  const handle = getHandle(context, fh);
  if (handle.writing) await flush(context, handle.ino);
}

/** fsync(2), of any handle: see syncFile. */
export async function syncHandle(context: VfsContext, fh: Fh): Promise<void> {
  await syncFile(context, getHandle(context, fh).ino);
}

/** Flushes what is left; the last release of a removed file lets its bytes go. */
export async function release(context: VfsContext, fh: Fh): Promise<void> {
  const handle = getHandle(context, fh);
  const { activity, nodes, staging, pusher } = context;
  await context.writing.run(handle.ino, async () => {
    const inode = getOpen(context, handle.ino);
    // Its error was told by the close before it, or reaches nobody: the handle goes whatever happens.
    if (inode.staging?.dirty === true) {
      await flushOpen(context, handle.ino).catch((error) => context.log.warn('bytes were not kept', { error }));
    }
    context.handles.delete(fh);
    inode.handles -= 1;
    const last = inode.handles === 0;
    const before = nodes.get(handle.ino);
    const wasPinned = before !== undefined && getPinned(context, before) !== undefined;
    if (last) {
      context.open.delete(handle.ino);
      noteLastClose(context, handle.ino);
      if (inode.staging !== undefined) await staging.close(inode.staging.id);
    }
    // Bytes that could not be kept are lost by now; the row says what is to be sent.
    if (last) activity.noteUnflushed(handle.ino, false);
    // Only now: what is removed and not open any more may be forgotten at any moment.
    activity.noteClose(handle.ino, handle.writing);
    if (activity.takeDeferredRefresh(handle.ino)) listAgain(context, before);
    if (!last) return;
    const row = nodes.get(handle.ino);
    // The kernel still knows the attributes of the revision that was read.
    if (wasPinned && row !== undefined && row.parent !== null) {
      context.onVisibleChange({ parent: row.parent, name: row.name });
    }
    if (row === undefined || (row.parent === null && row.synced === null && row.ino !== rootIno)) {
      forget(context, handle.ino, row);
    } else if (row.parent === null && row.staging !== null) {
      nodes.update(row.ino, { staging: null, md5: row.synced?.md5 ?? emptyMd5 });
      staging.discard(row.staging);
    }
  });
  pusher.nudge();
}

/** truncate(2): of a file nobody need have open. */
export async function truncate(context: VfsContext, ino: Ino, size: number): Promise<void> {
  getFile(context, ino);
  await withOpen(context, ino, () => context.writing.run(ino, () => truncateOpen(context, ino, size)));
}

/** Opens the inode for writing for the time of `work`. */
async function withOpen(context: VfsContext, ino: Ino, work: () => Promise<void>): Promise<void> {
  const fh = await open(context, ino, { writing: true, append: false, truncate: false });
  try {
    await work();
  } finally {
    await release(context, fh);
  }
}

function newHandle(context: VfsContext, row: NodeRow, options: OpenOptions): Handle {
  const { writing, append } = options;
  const handle: Handle = { fh: context.handleIds.next, ino: row.ino, writing, append, ahead: newReadahead() };
  context.handleIds.next += 1;
  context.handles.set(handle.fh, handle);
  context.activity.noteOpen(row.ino, writing);
  const inode = context.open.get(row.ino);
  const clean = { md5: row.md5 ?? emptyMd5, size: row.md5 === null ? 0 : row.size };
  if (inode !== undefined) inode.handles += 1;
  else {
    const patience = new ReadPatience(() => performance.now());
    context.open.set(row.ino, { ino: row.ino, handles: 1, clean, mtime: row.mtime, staging: undefined, patience });
  }
  return handle;
}

/** In the background: what the server has of the file in the meantime. */
function listAgain({ folders, log }: VfsContext, row: NodeRow | undefined): void {
  if (row === undefined || row.synced === null) return;
  folders.look(row.synced.parent).catch((error) => log.debug('a file that was open is not looked at', { error }));
}

/** Last release of a file that is no longer in the tree. */
function forget(context: VfsContext, ino: Ino, row: NodeRow | undefined): void {
  if (row === undefined) return;
  context.nodes.remove(ino);
  if (row.staging !== null) context.staging.discard(row.staging);
}
