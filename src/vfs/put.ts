import { emptyMd5 } from '../base/emptyMd5.ts';
import { ErrnoError } from '../base/errno.ts';
import type { ContentRef } from '../content/blocks.ts';
import { newReadahead } from '../content/readahead.ts';
import type { StagingFile } from '../content/stagingFile.ts';
import type { NodeRow, Place, Timestamp } from '../store/nodeRow.ts';
import { defaultFileMode } from '../sync/tree/modes.ts';
import { checkSize } from './content.ts';
import { getNow, getRow, type VfsContext } from './context.ts';
import { insert, prepareParent } from './create.ts';
import { toErrno } from './errors.ts';
import { vfsLimits } from './limits.ts';
import { getShownChild, isLink } from './links.ts';

export interface PutOptions {
  /** A symbolic link, whose content is its target. */
  readonly link?: boolean;
  /** False: ENOENT unless something of that name is there. */
  readonly create: boolean;
  /** False: EEXIST when something of that name is there. */
  readonly overwrite: boolean;
  /** The moment of the call when absent. */
  readonly mtime?: Timestamp;
}

/** Content in the making, which belongs to no node yet. */
export interface Draft {
  /** ENOSPC unless the disk has room for that many bytes more. */
  reserve(bytes: number): Promise<void>;
  /** At the end of what was written. ENOSPC, EFBIG. */
  write(bytes: Buffer): Promise<void>;
  /** A whole content that the server holds; nothing is read, unless the name is one that stays on this computer. EINVAL after a write. */
  share(content: ContentRef): Promise<void>;
}

/**
 * Gives a name a whole new content: `fill` writes it aside, then the name gets it in one step. Until that step, and when
 * `fill` rejects or the process dies, the name is what it was: nothing half-made is ever seen or pushed. A file that is there becomes
 * its next revision, and whoever has it open goes on in the new content. EISDIR onto a folder, EEXIST where one is a link and
 * the other a file. Rejects with what `fill` rejects with, else with ErrnoError.
 */
export async function put(
  context: VfsContext,
  place: Place,
  options: PutOptions,
  fill: (draft: Draft) => Promise<void>,
): Promise<NodeRow> {
  const { staging, barrier, pusher, reader } = context;
  await prepareParent(context, place.parent, place.name);
  // Refused before a byte is read. What is there when the content is whole counts.
  findTarget(context, place, options);
  const file = await staging.createDraft(reader).catch((error) => {
    throw toErrno(error);
  });
  let placed: Placed;
  try {
    await fill(createDraft(context, place, file));
    placed = await settle(context, place, options, file);
  } catch (error) {
    await staging.dropDraft(file.id);
    throw error;
  }
  if (placed.keeper === 'nobody') await staging.dropDraft(file.id);
  else if (placed.keeper === 'row') await staging.close(file.id);
  for (const id of placed.replaced) staging.discard(id);
  await barrier.acknowledge();
  pusher.nudge();
  return placed.row;
}

function createDraft(context: VfsContext, { parent, name }: Place, file: StagingFile): Draft {
  const { room, reader, localNames } = context;
  const write = async (bytes: Buffer) => {
    checkSize(file.size + bytes.length);
    await room.ensure(bytes.length);
    await file.write(bytes, file.size);
  };
  const copy = async (content: ContentRef) => {
    const ahead = newReadahead();
    for (let at = 0; at < content.size; at += vfsLimits.copyBytes) {
      await write(await reader.read(content, at, Math.min(content.size, at + vfsLimits.copyBytes), ahead));
    }
  };
  const failing = <A extends unknown[]>(work: (...given: A) => Promise<void>) => {
    return (...given: A) =>
      work(...given).catch((error) => {
        throw toErrno(error);
      });
  };
  return {
    reserve: failing((bytes: number) => room.ensure(bytes)),
    write: failing(write),
    share: failing(async (content: ContentRef) => {
      checkSize(content.size);
      if (content.size === 0) return;
      if (getRow(context, parent).localOnly || localNames.matches(name)) return copy(content);
      const shared = await file.tryShare(content, 0, content.size);
      if (!shared) throw new ErrnoError('EINVAL', 'the content was begun otherwise');
    }),
  };
}

interface Placed {
  readonly row: NodeRow;
  /** Staging files that nobody needs any more. */
  readonly replaced: readonly string[];
  /** Who has the draft now: open handles of the file, its row alone, or nobody because its content has a home. */
  readonly keeper: 'handles' | 'row' | 'nobody';
}

/** The whole content becomes that of the name. */
async function settle(context: VfsContext, place: Place, options: PutOptions, file: StagingFile): Promise<Placed> {
  try {
    file.dirty = false;
    const content = file.size === 0 ? { md5: emptyMd5, size: 0 } : file.wholeBase;
    if (content === null) {
      if (file.sums === undefined) await file.sync();
      await context.staging.keep(file.id);
    }
    for (;;) {
      const target = findTarget(context, place, options);
      if (target === undefined) return insertWhole(context, place, options, file, content);
      const placed = await context.writing.run(target.ino, async () => {
        // Look again: it may have gone, or been renamed, while the mutex was waited for.
        if (findTarget(context, place, options)?.ino !== target.ino) return undefined;
        return replaceWhole(context, target, options, file, content);
      });
      if (placed !== undefined) return placed;
    }
  } catch (error) {
    throw toErrno(error);
  }
}

function insertWhole(
  context: VfsContext,
  { parent, name }: Place,
  { link = false, mtime }: PutOptions,
  file: StagingFile,
  content: ContentRef | null,
): Placed {
  const { nodes, staging } = context;
  const row = nodes.transaction(() => {
    const made = insert(context, parent, name, {
      kind: 'file',
      link,
      size: file.size,
      md5: content?.md5 ?? null,
      mode: link ? vfsLimits.linkMode : defaultFileMode,
      ...(mtime === undefined ? {} : { mtime }),
    });
    if (content !== null) return made;
    staging.save(file.info, file.sums ?? []);
    return nodes.update(made.ino, { staging: file.id });
  });
  if (content === null) staging.noteUnsettled(file.id);
  return { row, replaced: [], keeper: content === null ? 'row' : 'nobody' };
}

/** Under the inode's mutex. */
async function replaceWhole(
  context: VfsContext,
  { ino }: NodeRow,
  { link: asLink = false, mtime = getNow(context) }: PutOptions,
  file: StagingFile,
  content: ContentRef | null,
): Promise<Placed> {
  const { nodes, staging, activity, pusher, clock } = context;
  // As after a rename over it: the name never shows a content that the disk does not have.
  await file.sync();
  const { staging: promised, link: linkState } = getRow(context, ino);
  const link = linkState === null ? null : asLink ? 'own' : 'file';
  const row = nodes.transaction(() => {
    if (content === null) staging.save(file.info, []);
    const held = content === null ? { staging: file.id, md5: null } : { staging: null, md5: content.md5 };
    return nodes.update(ino, { ...held, link, size: file.size, mtime, ctimeMs: clock.now(), failure: null });
  });
  activity.noteUnflushed(ino, false);
  activity.noteChange(ino);
  pusher.cancelUpload(ino);
  const inode = context.open.get(ino);
  const former = inode?.staging;
  if (inode !== undefined) {
    inode.staging = content === null ? file : undefined;
    inode.clean = content ?? inode.clean;
    inode.mtime = row.mtime;
  }
  const unflushed = former?.dirty === true ? former.id : null;
  if (former !== undefined) await staging.close(former.id);
  const replaced = new Set([promised, unflushed].filter((id) => id !== null));
  const keeper = content !== null ? 'nobody' : inode === undefined ? 'row' : 'handles';
  return { row, replaced: [...replaced], keeper };
}

/** The file whose content is to be replaced; undefined when the name is free. */
function findTarget(
  context: VfsContext,
  { parent, name }: Place,
  { link = false, create, overwrite }: PutOptions,
): NodeRow | undefined {
  const target = getShownChild(context, parent, name);
  if (target === undefined && !create) throw new ErrnoError('ENOENT', 'no such file');
  if (target === undefined) return undefined;
  if (!overwrite) throw new ErrnoError('EEXIST', 'name is taken');
  if (target.kind !== 'file') throw new ErrnoError('EISDIR', 'is a folder');
  if (isLink(context, target) !== link) throw new ErrnoError('EEXIST', 'one is a link, the other a file');
  return target;
}
