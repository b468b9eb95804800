import { constants } from 'node:fs';
import type Fuse from 'fuse-native';
import { CallError, type Calls } from './calls.ts';

/** One open(2). */
export interface OpenFile {
  readonly fh: number;
  /** Follows renames, and becomes libfuse's hidden name when the file is removed while open. */
  path: string;
  hidden: boolean;
  readonly folder: boolean;
  readonly reads: boolean;
  readonly writes: boolean;
  readonly appends: boolean;
  position: number;
  listing: readonly string[] | undefined;
}

/** What the operations work on; `base` is the folder of the run. */
export interface Kernel {
  readonly calls: Calls;
  readonly base: string;
  readonly handles: Map<string, OpenFile>;
  /** Counts the names given to removed open files. */
  hiddenCount: number;
  umask: number;
}

export type Stats = Required<Pick<Fuse.Stats, 'mode' | 'size' | 'ino' | 'nlink' | 'uid' | 'gid' | 'blocks'>> & {
  readonly mtime: Fuse.Timespec;
  readonly atime: Fuse.Timespec;
  readonly ctime: number;
};

/** As Linux: the 41st symlink is one too many. */
const linkMax = 40;

export const kindOf = (stats: Stats): 'file' | 'folder' | 'link' => {
  const type = stats.mode & constants.S_IFMT;
  return type === constants.S_IFDIR ? 'folder' : type === constants.S_IFLNK ? 'link' : 'file';
};

export async function tryGetAttr({ calls }: Kernel, path: string): Promise<Stats | undefined> {
  try {
    return await calls.value<Stats>('getattr', path);
  } catch (error) {
    if (error instanceof CallError && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The kernel's walk: symlinks on the way are followed, the last one when `follow`. Only the last name may be absent. */
export async function walk(
  kernel: Kernel,
  given: string,
  follow: boolean,
): Promise<{ path: string; stats: Stats | undefined }> {
  let links = 0;
  let path = kernel.base;
  let stats = await tryGetAttr(kernel, path);
  const names = split(given);
  while (names.length > 0) {
    const name = names.shift() as string;
    if (stats === undefined) throw new CallError('ENOENT');
    if (kindOf(stats) !== 'folder') throw new CallError('ENOTDIR');
    const above = path;
    path = name === '..' ? path.slice(0, path.lastIndexOf('/')) : `${path}/${name}`;
    stats = await tryGetAttr(kernel, path);
    if (stats === undefined || kindOf(stats) !== 'link' || (names.length === 0 && !follow)) continue;
    links += 1;
    if (links > linkMax) throw new CallError('ELOOP');
    names.unshift(...split(await kernel.calls.value<string>('readlink', path)));
    path = above;
    stats = await tryGetAttr(kernel, path);
  }
  return { path, stats };
}

export async function walkToExisting(
  kernel: Kernel,
  given: string,
  follow = true,
): Promise<{ path: string; stats: Stats }> {
  const { path, stats } = await walk(kernel, given, follow);
  if (stats === undefined) throw new CallError('ENOENT');
  return { path, stats };
}

/** As libfuse: a file that is open is not removed but renamed, and removed with its last close. */
export async function hideIfOpen(kernel: Kernel, path: string): Promise<boolean> {
  const open = [...kernel.handles.values()].filter((handle) => handle.path === path && !handle.folder);
  if (open.length === 0) return false;
  kernel.hiddenCount += 1;
  const number = kernel.hiddenCount.toString(16).padStart(16, '0');
  const hidden = `${path.slice(0, path.lastIndexOf('/'))}/.fuse_hidden${number}`;
  await kernel.calls.value('renameWithFlags', path, hidden, 0);
  for (const handle of open) {
    handle.path = hidden;
    handle.hidden = true;
  }
  return true;
}

/** Flush and release; the last close of a hidden file removes it. */
export async function closeHandle(kernel: Kernel, name: string): Promise<void> {
  const handle = kernel.handles.get(name);
  if (handle === undefined) throw new CallError('EBADF');
  kernel.handles.delete(name);
  if (handle.folder) return;
  await kernel.calls.value('flush', handle.path, handle.fh);
  await kernel.calls.value('release', handle.path, handle.fh);
  const isLast = ![...kernel.handles.values()].some(({ path }) => path === handle.path);
  // Its folder may be gone: libfuse does not mind.
  if (handle.hidden && isLast) await kernel.calls.value('unlink', handle.path).catch(() => {});
}

/** After a rename: the handles of what moved have its new path. */
export function followRename(kernel: Kernel, from: string, to: string): void {
  for (const handle of kernel.handles.values()) {
    if (handle.path === from || handle.path.startsWith(`${from}/`)) handle.path = to + handle.path.slice(from.length);
  }
}

const split = (path: string) => path.split('/').filter((name) => name !== '' && name !== '.');
