import type { Content } from './operations.ts';

/**
 * Makers of operations. Paths are relative to the folder of the run; a handle (`fh`) and a map have the name the
 * caller gives them; on a name that is not open an operation is EBADF (EINVAL for maps). `at: null` is the file position.
 */

export type Field = 'kind' | 'size' | 'mode' | 'nlink' | 'mtime' | 'atime' | 'owner' | 'blocks';
/** `now`, `omit`, or `seconds.nanoseconds` with nine digits. */
export type Time = string;

const usual: readonly Field[] = ['kind', 'size', 'mode', 'mtime'];

// Handles

/** `flags` as in `O_RDWR|O_CREAT`. A handle of that name is closed before. */
export const open = (fh: string, path: string, flags: string, mode = 0o644) =>
  ({ op: 'open', fh, path, flags, mode }) as const;
export const close = (fh: string) => ({ op: 'close', fh }) as const;
export const dup = (fh: string, to: string) => ({ op: 'dup', fh, to }) as const;
export const read = (fh: string, length: number, at: number | null = null) => ({ op: 'read', fh, length, at }) as const;
export const write = (fh: string, data: Content, at: number | null = null) => ({ op: 'write', fh, data, at }) as const;
export const seek = (
  fh: string,
  offset: number,
  whence: 'SEEK_SET' | 'SEEK_CUR' | 'SEEK_END' | 'SEEK_DATA' | 'SEEK_HOLE',
) => ({ op: 'seek', fh, offset, whence }) as const;
export const ftruncate = (fh: string, size: number) => ({ op: 'ftruncate', fh, size }) as const;
export const fsync = (fh: string) => ({ op: 'fsync', fh }) as const;
export const fdatasync = (fh: string) => ({ op: 'fdatasync', fh }) as const;
export const fstat = (fh: string, ...fields: Field[]) =>
  ({ op: 'fstat', fh, fields: fields.length === 0 ? usual : fields }) as const;
export const futimens = (fh: string, atime: Time, mtime: Time) => ({ op: 'futimens', fh, atime, mtime }) as const;
export const fchmod = (fh: string, mode: number) => ({ op: 'fchmod', fh, mode }) as const;
/** syncfs(2) */
export const sync = (fh: string) => ({ op: 'sync', fh }) as const;
export const fallocate = (
  fh: string,
  mode: '' | 'KEEP_SIZE' | 'PUNCH_HOLE' | 'PUNCH_HOLE_ALONE' | 'COLLAPSE_RANGE' | 'ZERO_RANGE',
  offset: number,
  length: number,
) => ({ op: 'fallocate', fh, mode, offset, length }) as const;
export const posixFallocate = (fh: string, offset: number, length: number) =>
  ({ op: 'posixFallocate', fh, offset, length }) as const;
export const copyRange = (
  from: string,
  to: string,
  length: number,
  fromAt: number | null = null,
  toAt: number | null = null,
) => ({ op: 'copyRange', from, to, length, fromAt, toAt }) as const;

// Whole files by path

/** O_WRONLY|O_CREAT|O_TRUNC, one write, close. */
export const save = (path: string, data: Content) => ({ op: 'save', path, data }) as const;
/** O_RDONLY, read to the end, close. */
export const load = (path: string) => ({ op: 'load', path }) as const;

// Names

export const mkdir = (path: string, mode = 0o755) => ({ op: 'mkdir', path, mode }) as const;
export const rmdir = (path: string) => ({ op: 'rmdir', path }) as const;
export const unlink = (path: string) => ({ op: 'unlink', path }) as const;
export const rename = (from: string, to: string, flags: '' | 'NOREPLACE' | 'EXCHANGE' | 'WHITEOUT' | 'UNKNOWN' = '') =>
  ({ op: 'rename', from, to, flags }) as const;
export const link = (from: string, to: string) => ({ op: 'link', from, to }) as const;
/** `{root}` in the target stands for the folder of the run, here and in what readlink answers. */
export const symlink = (target: string, path: string) => ({ op: 'symlink', target, path }) as const;
export const readlink = (path: string) => ({ op: 'readlink', path }) as const;
export const mknod = (path: string, kind: 'file' | 'fifo') => ({ op: 'mknod', path, kind }) as const;

// Attributes by path

export const stat = (path: string, ...fields: Field[]) =>
  ({ op: 'stat', path, fields: fields.length === 0 ? usual : fields }) as const;
export const lstat = (path: string, ...fields: Field[]) =>
  ({ op: 'lstat', path, fields: fields.length === 0 ? usual : fields }) as const;
/** Keeps the times and the inode number under a name for `since`. */
export const remember = (path: string, as = 'before') => ({ op: 'remember', path, as }) as const;
/** What has become of them: `same`, `later`, `earlier`, `other`. */
export const since = (path: string, fields: readonly ('mtime' | 'ctime' | 'ino')[], as = 'before') =>
  ({ op: 'since', path, fields, as }) as const;
/** Returns when the clock of the file system has moved. */
export const tick = () => ({ op: 'tick' }) as const;
export const truncate = (path: string, size: number) => ({ op: 'truncate', path, size }) as const;
export const utimens = (path: string, atime: Time, mtime: Time, follow = true) =>
  ({ op: 'utimens', path, atime, mtime, follow }) as const;
export const chmod = (path: string, mode: number) => ({ op: 'chmod', path, mode }) as const;
export const chown = (path: string, uid: 'self' | 'none' | 'other', gid: 'self' | 'none' | 'other', follow = true) =>
  ({ op: 'chown', path, uid, gid, follow }) as const;
export const access = (path: string, mode: string) => ({ op: 'access', path, mode }) as const;
export const umask = (mode: number) => ({ op: 'umask', mode }) as const;
export const statfs = (path: string, ...fields: ('namemax' | 'blocks' | 'free')[]) =>
  ({ op: 'statfs', path, fields }) as const;
export const getxattr = (path: string, name: string, follow = true) =>
  ({ op: 'getxattr', path, name, follow }) as const;
export const setxattr = (
  path: string,
  name: string,
  data: Content,
  flags: '' | 'XATTR_CREATE' | 'XATTR_REPLACE' = '',
  follow = true,
) => ({ op: 'setxattr', path, name, data, flags, follow }) as const;
export const listxattr = (path: string, follow = true) => ({ op: 'listxattr', path, follow }) as const;
export const removexattr = (path: string, name: string, follow = true) =>
  ({ op: 'removexattr', path, name, follow }) as const;

// Listings

/** Sorted lines `name kind`. */
export const list = (path: string) => ({ op: 'list', path }) as const;
/** One getdents(2) of so many bytes on a folder's handle. */
export const listSome = (fh: string, bytes: number) => ({ op: 'listSome', fh, bytes }) as const;
/** Reads to the end; answers all names since the start (or `rewind`) that begin with `prefix`, or their number. */
export const listRest = (fh: string, prefix = '') => ({ op: 'listRest', fh, prefix }) as const;
export const rewind = (fh: string) => ({ op: 'rewind', fh }) as const;
/** Everything below, a line each: name, mode, time if it was set, size and md5, xattrs, targets. */
export const tree = (path: string) => ({ op: 'tree', path }) as const;
/** Sorted lines as rclone writes them: `md5  path` of files (symlinks as `.rclonelink` files), `path/` of folders. */
export const digests = (path: string) => ({ op: 'digests', path }) as const;

// Memory maps; `access` is r, rw (shared), pr or prw (private)

export const mmap = (map: string, fh: string, length: number, access: 'r' | 'rw' | 'pr' | 'prw', offset = 0) =>
  ({ op: 'mmap', map, fh, length, access, offset }) as const;
export const mapRead = (map: string, at: number, length: number) => ({ op: 'mapRead', map, at, length }) as const;
export const mapWrite = (map: string, at: number, data: Content) => ({ op: 'mapWrite', map, at, data }) as const;
export const msync = (map: string) => ({ op: 'msync', map }) as const;
export const munmap = (map: string) => ({ op: 'munmap', map }) as const;
/** Map of the whole file, one store at `at` modulo its size, msync, munmap. */
export const store = (fh: string, at: number, data: Content) => ({ op: 'store', fh, at, data }) as const;

// Processes

/** fcntl(F_SETLK) on a range; 0 is "to the end". */
export const lock = (fh: string, kind: 'read' | 'write' | 'unlock', start: number, length: number) =>
  ({ op: 'lock', fh, kind, start, length }) as const;
export const flock = (fh: string, kind: 'shared' | 'exclusive' | 'unlock') => ({ op: 'flock', fh, kind }) as const;
export const exec = (path: string) => ({ op: 'exec', path }) as const;
/** The operations as another process, with handles of its own. */
export const otherProcess = (operation: { readonly op: string }) => ({ op: 'otherProcess', operation }) as const;
/** The file system goes and comes back; nothing may be open. A plain folder takes no notice. */
export const remount = () => ({ op: 'remount' }) as const;
/** What was saved has reached the server. A plain folder takes no notice. */
export const settle = () => ({ op: 'settle' }) as const;
