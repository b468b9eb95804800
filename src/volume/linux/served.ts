import { ErrnoError } from '../../base/errno.ts';
import type { Loan } from '../../content/loan.ts';
import type { Ino } from '../../store/nodeRow.ts';
import type { Fh } from '../../vfs/openInode.ts';
import type { DirEntry, Vfs } from '../../vfs/vfs.ts';
import type { NameChange, VolumeView } from '../volume.ts';
import type { Corrections } from './corrections.ts';
import type { KnownNames } from './knownNames.ts';
import { answerHeader, readU64, requestHeader } from './layouts.ts';
import type { MovedFolders } from './movedFolders.ts';
import type { NodeId, NodeIds } from './nodeIds.ts';
import type { Notices } from './notices.ts';
import type { SecondLooks } from './secondLooks.ts';

/** What the operations of one mounted volume share. */
export interface Served {
  readonly view: VolumeView;
  readonly vfs: Vfs;
  readonly ids: NodeIds;
  readonly names: KnownNames;
  readonly looks: SecondLooks;
  readonly moved: MovedFolders;
  readonly corrections: Corrections;
  readonly notices: Notices;
  readonly repeats: Repeating;
  /** Given to the kernel and not released. */
  readonly handles: Set<Fh>;
  /** Open files of which other volumes have not been told what was written. */
  readonly written: Set<Ino>;
  /** Listings that are being read, by the handle of the folder. */
  readonly listings: Map<number, Listing>;
  nextFolder: number;
  /** Grows with every change of a name, from wherever it comes. */
  changes: number;
}

/** The repetition of changes from elsewhere, for watchers of files (repeats.ts). */
export interface Repeating {
  note(change: NameChange): void;
  find(request: Request): Operation | undefined;
  pause(): Promise<void>;
  resume(): void;
  close(): void;
}

export interface Listing {
  readonly entries: readonly DirEntry[];
  /** `Served.changes` when it was made: with another one it may be wrong by now. */
  readonly changes: number;
}

/** A request as it lies in its buffer, which is used for another one as soon as the operation has returned. */
export interface Request {
  readonly opcode: number;
  readonly unique: number;
  readonly node: NodeId;
  readonly uid: number;
  readonly gid: number;
  /** Number of the thread; 0 when it cannot be seen from here. */
  readonly pid: number;
  readonly buffer: Buffer;
  /** Where it ends in the buffer. */
  readonly end: number;
}

/** Fills the space behind the header and answers where that ends; or bytes as they are; or no answer at all. */
export type Reply = ((out: Buffer) => number) | Loan | undefined;
export type Operation = (served: Served, request: Request) => Reply | Promise<Reply>;

export const done: Reply = () => answerHeader.bytes;

export function parseRequest(buffer: Buffer, end: number): Request {
  return {
    opcode: buffer.readUInt32LE(requestHeader.opcode),
    unique: readU64(buffer, requestHeader.unique),
    node: readU64(buffer, requestHeader.node),
    uid: buffer.readUInt32LE(requestHeader.uid),
    gid: buffer.readUInt32LE(requestHeader.gid),
    pid: buffer.readUInt32LE(requestHeader.pid),
    buffer,
    end,
  };
}

/** The text from `start` to the NUL behind it, and where the next one begins. EILSEQ when it is not UTF-8. */
export function readName({ buffer, end }: Request, start: number): { name: string; next: number } {
  const stop = buffer.indexOf(0, start);
  const next = stop < 0 || stop >= end ? end : stop;
  const name = buffer.toString('utf8', start, next);
  // Where bytes are no UTF-8 the text is another one, and longer or shorter.
  if (name.includes('\uFFFD') && !buffer.subarray(start, next).equals(Buffer.from(name))) {
    throw new ErrnoError('EILSEQ', 'not UTF-8');
  }
  return { name, next: next + 1 };
}

/** The node that is asked about. */
export function inoOf({ ids }: Served, { node }: Request): Ino {
  return ids.toIno(node);
}

/**
 * The node that is to be opened or changed. Who reached a file by another spelling than the one shown is sent back to look it
 * up once more, and then has the node itself (nodeIds.ts). A folder is one and the same by any of its ids.
 */
export function inoToChange(served: Served, request: Request): Ino {
  const { ids, looks, vfs } = served;
  const ino = ids.toIno(request.node);
  const spelling = ids.getSpelling(request.node);
  if (spelling !== undefined && vfs.getAttr(ino).kind !== 'folder') {
    looks.expect(request.pid, ino, spelling);
    throw new ErrnoError('ESTALE', 'to be looked up again');
  }
  looks.end(request.pid, ino);
  return ino;
}

/** Path of a node from the volume's root, for the log; its number where it has no name any more. */
export function describeNode({ ids, vfs, view }: Served, id: NodeId): string {
  const ino = ids.toIno(id);
  const place = vfs.getPlace(ino);
  const folder = place === undefined || ino === view.root ? view.getPath(ino) : view.getPath(place.parent);
  if (folder === undefined) return `node ${ino}`;
  return place === undefined || ino === view.root ? folder : `${folder === '/' ? '' : folder}/${place.name}`;
}

/** Tells the other volumes that a node has other content or attributes. */
export function reportNode({ view, vfs }: Served, ino: Ino): void {
  const place = vfs.getPlace(ino);
  if (place !== undefined) view.onChanged(place);
}

/** Notes that names of a folder changed: for listings that are being read, for the node itself if it was reached by an alias, and for others. */
export function noteNames(served: Served, folderId: NodeId, parent: Ino, ...names: readonly string[]): void {
  const { ids, notices, view } = served;
  served.changes += 1;
  if (ids.isAlias(folderId)) {
    // The kernel has noted it at the alias.
    notices.attributes(ids.toId(parent));
    notices.content(ids.toId(parent));
  }
  for (const name of names) view.onChanged({ parent, name });
}
