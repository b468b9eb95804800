import type { Clock } from '../base/clock.ts';
import { ErrnoError } from '../base/errno.ts';
import { KeyedMutex } from '../base/flights.ts';
import type { Foreground } from '../base/foreground.ts';
import type { Log } from '../base/log.ts';
import type { ContentReader } from '../content/contentReader.ts';
import type { Room } from '../content/room.ts';
import type { StagingStore } from '../content/stagingStore.ts';
import type { DurabilityBarrier } from '../store/durability.ts';
import { type Ino, type NodeRow, rootIno, type Timestamp, timestampOfMs } from '../store/nodeRow.ts';
import type { Nodes } from '../store/nodes.ts';
import type { Pins } from '../store/pins.ts';
import type { Xattrs } from '../store/xattrs.ts';
import type { Folders } from '../sync/pull/folders.ts';
import type { TreeChange } from '../sync/pull/mergeResult.ts';
import type { Pusher } from '../sync/push/pusher.ts';
import type { Activity } from '../sync/tree/activity.ts';
import type { Remote } from '../sync/tree/remote.ts';
import { toErrno } from './errors.ts';
import type { Hidden } from './hidden.ts';
import type { LocalNames } from './localNames.ts';
import type { Fh, Handle, OpenInode } from './openInode.ts';

/** The user's choice, which may change at any moment. */
export interface LinkRules {
  /** Links made elsewhere are links wherever they lead. */
  followOutside: boolean;
}

export interface VfsDeps {
  readonly linkRules: LinkRules;
  readonly nodes: Nodes;
  readonly xattrs: Xattrs;
  readonly pins: Pins;
  readonly staging: StagingStore;
  readonly reader: ContentReader;
  readonly barrier: DurabilityBarrier;
  readonly activity: Activity;
  readonly folders: Folders;
  readonly remote: Pick<Remote, 'isReadOnly'>;
  readonly pusher: Pusher;
  readonly localNames: LocalNames;
  readonly room: Room;
  readonly foreground: Foreground;
  /** A name shows something else from now on, though nothing was changed here. */
  readonly onVisibleChange: (change: TreeChange) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The part of the tree that one volume shows. */
export interface Bounds {
  readonly root: Ino;
  /** Where the system shows it; absent when it does not. */
  readonly mountPoint?: string;
}

/** What the operations of one Vfs share, and with those of its parts (`Vfs.within`): no field is ever replaced. */
export interface VfsContext extends VfsDeps {
  readonly handles: Map<Fh, Handle>;
  readonly open: Map<Ino, OpenInode>;
  /** libfuse's names for these: they live here, not in the tree. Key: `getHiddenKey`. */
  readonly hiddenNames: Map<string, Hidden>;
  /** Last closes of a moment ago, oldest first; ms since the epoch. */
  readonly closedAt: Map<Ino, number>;
  /** Serialises what changes the content of one inode: open, write, truncate, flush, setTimes, release. */
  readonly writing: KeyedMutex<Ino>;
  readonly handleIds: { next: Fh };
  readonly bounds: Bounds;
}

export function createContext(deps: VfsDeps): VfsContext {
  return {
    ...deps,
    handles: new Map(),
    open: new Map(),
    hiddenNames: new Map(),
    closedAt: new Map(),
    writing: new KeyedMutex(),
    handleIds: { next: 1 },
    bounds: { root: rootIno },
  };
}

/** ENOENT when there is no such node. */
export function getRow({ nodes }: VfsContext, ino: Ino): NodeRow {
  const row = nodes.get(ino);
  if (row === undefined) throw new ErrnoError('ENOENT', `no node ${ino}`);
  return row;
}

/** ENOTDIR for a file. */
export function getFolder(context: VfsContext, ino: Ino): NodeRow {
  const row = getRow(context, ino);
  if (row.kind === 'file') throw new ErrnoError('ENOTDIR', 'not a folder');
  return row;
}

/** A folder that takes something new: ENOENT when it was removed here, even though the server still has it. */
export function getLiveFolder(context: VfsContext, ino: Ino): NodeRow {
  const row = getFolder(context, ino);
  if (row.parent === null && ino !== rootIno) throw new ErrnoError('ENOENT', 'the folder was removed');
  return row;
}

/** EISDIR for a folder. */
export function getFile(context: VfsContext, ino: Ino): NodeRow {
  const row = getRow(context, ino);
  if (row.kind !== 'file') throw new ErrnoError('EISDIR', 'is a folder');
  return row;
}

/** True of what the account only lets be read, and of a folder that takes nothing for that reason. */
export function isReadOnly({ nodes, remote }: VfsContext, ino: Ino): boolean {
  for (let at = nodes.get(ino); at !== undefined && at.parent !== null; at = nodes.get(at.parent)) {
    if (at.kind !== 'mountpoint') continue;
    return remote.isReadOnly([nodes.get(at.parent)?.synced?.wire ?? '', at.synced?.wire ?? '']);
  }
  return false;
}

/** EROFS there. */
export function checkChangeable(context: VfsContext, ino: Ino): void {
  if (isReadOnly(context, ino)) throw new ErrnoError('EROFS', 'the account only lets this be read');
}

export function getHandle({ handles }: VfsContext, fh: Fh): Handle {
  const handle = handles.get(fh);
  if (handle === undefined) throw new ErrnoError('EBADF', `no handle ${fh}`);
  return handle;
}

/** The shared state of an inode that has a handle. */
export function getOpen({ open }: VfsContext, ino: Ino): OpenInode {
  const inode = open.get(ino);
  if (inode === undefined) throw new ErrnoError('EBADF', `node ${ino} is not open`);
  return inode;
}

export function getNow({ clock }: VfsContext): Timestamp {
  return timestampOfMs(clock.now());
}

/** The folder's children are known when this resolves; waits for the network only where it was never listed. */
export async function ensureListed({ folders }: VfsContext, ino: Ino): Promise<void> {
  try {
    await folders.ensureListed(ino);
  } catch (error) {
    throw toErrno(error);
  }
}

/** A folder whose entries changed has a new time, as everywhere; what changed them reaches the disk with it. */
export function touchFolder(context: VfsContext, ino: Ino): void {
  const time = getNow(context);
  context.barrier.note();
  context.nodes.update(ino, { mtime: time, ctimeMs: context.clock.now() });
}
