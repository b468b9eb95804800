import type { StagingFile } from '../content/stagingFile.ts';
import { type Ino, type NodeRow, rootIno, type Timestamp } from '../store/nodeRow.ts';
import { checkChangeable, getRow, type VfsContext } from './context.ts';
import { isLink } from './links.ts';
import type { OpenInode } from './openInode.ts';

export interface Attr {
  readonly ino: Ino;
  readonly kind: 'file' | 'folder' | 'link';
  /** Bytes. */
  readonly size: number;
  readonly mtime: Timestamp;
  readonly ctimeMs: number;
  readonly mode: number;
  /** false: removed, and known only to who has it open. */
  readonly linked: boolean;
}

/** From memory or the database, never from the network. */
export function getAttr(context: VfsContext, ino: Ino): Attr {
  const row = getRow(context, ino);
  const staging = context.open.get(ino)?.staging;
  const pinned = getPinned(context, row);
  const kind = row.kind !== 'file' ? 'folder' : isLink(context, row) ? 'link' : 'file';
  return {
    ino,
    kind,
    size: isNewest(context, staging, row) ? staging.size : (pinned?.staging?.size ?? pinned?.clean.size ?? row.size),
    mtime: pinned?.mtime ?? row.mtime,
    ctimeMs: row.ctimeMs,
    mode: row.mode,
    linked: row.parent !== null || ino === rootIno,
  };
}

/** The revision that is being read, when the row already tells of another one from elsewhere. */
export function getPinned({ open, activity }: VfsContext, row: NodeRow): OpenInode | undefined {
  const inode = open.get(row.ino);
  if (inode === undefined || row.staging !== null || row.md5 === null) return undefined;
  const { staging, clean } = inode;
  if (staging === undefined) return row.md5 === clean.md5 ? undefined : inode;
  // What an upload, or a writer who wrote nothing, has left is a revision itself; what was given up never was one.
  const isWritten = staging.dirty || activity.isUnflushed(row.ino);
  return isWritten || row.md5 === staging.knownContent?.md5 ? undefined : inode;
}

/** Does this staging file, rather than the row, tell the size? While a flush runs too; not once an upload has made it clean. */
function isNewest({ activity }: VfsContext, staging: StagingFile | undefined, row: NodeRow): staging is StagingFile {
  return staging !== undefined && (staging.dirty || activity.isUnflushed(row.ino) || row.staging === staging.id);
}

/** Mode bits have no home on the server: they are kept with the node. */
export function setMode(context: VfsContext, ino: Ino, mode: number): void {
  getRow(context, ino);
  checkChangeable(context, ino);
  context.nodes.update(ino, { mode: mode & 0o7777, ctimeMs: context.clock.now() });
  context.barrier.note();
}

/** An owner cannot be changed to another, but the attempt to keep it counts as a change of the inode. */
export function noteOwner(context: VfsContext, ino: Ino): void {
  getRow(context, ino);
  checkChangeable(context, ino);
  context.nodes.update(ino, { ctimeMs: context.clock.now() });
  context.barrier.note();
}
