import { constants } from 'node:fs';
import type Fuse from 'fuse-native';
import { ErrnoError, errnoNumber } from '../base/errno.ts';
import type { Log } from '../base/log.ts';
import type { Ino, NodeRow } from '../cache/nodeRow.ts';
import { toErrno } from '../vfs/errors.ts';
import { vfsLimits } from '../vfs/limits.ts';
import { splitPath } from '../vfs/names.ts';
import type { Attr, TimeChange, Vfs } from '../vfs/vfs.ts';
import { fuseLimits } from './limits.ts';

export interface FuseView {
  readonly vfs: Vfs;
  /** The folder that is the volume's root. */
  readonly root: Ino;
  readonly readOnly: boolean;
  /** Bytes; -1 total = unlimited. Answered from memory. */
  readonly getQuota: () => { used: number; total: number };
  readonly log: Log;
  readonly uid: number;
  readonly gid: number;
}

const renameNoReplace = 1;

/** open(2)'s access mode bits; node:fs does not name the mask. */
const accessMode = 3;

/** The kernel's operations on one mounted volume, path by path, over the inode-based VFS. */
export function createOperations(view: FuseView, fuse: typeof Fuse): Fuse.OPERATIONS {
  const { vfs, root, log } = view;

  /** Runs one operation; its errors become errno, unexplained ones are logged with operation, path and cause. */
  function serve<V>(
    operation: string,
    path: string | null,
    cb: (result: number, value?: V) => void,
    work: () => Promise<V>,
  ) {
    work().then(
      (value) => cb(0, value),
      (error: unknown) => {
        const errno = toErrno(error);
        if (errno.code === 'EIO') log.error('file operation failed', { operation, path, error: errno });
        else if (errno.cause !== undefined) log.info('file operation refused', { operation, path, error: errno });
        cb(-errnoNumber(errno.code));
      },
    );
  }

  /** A change of the volume: refused on a read-only one before anything is looked at. */
  function change<V>(
    operation: string,
    path: string | null,
    cb: (result: number, value?: V) => void,
    work: () => Promise<V>,
  ) {
    serve(operation, path, cb, async () => {
      if (view.readOnly) throw new ErrnoError('EROFS', 'the volume is mounted read-only');
      return work();
    });
  }

  const toStats = (attr: Attr): Fuse.Stats => ({
    ino: attr.ino,
    mode: (attr.kind === 'file' ? constants.S_IFREG : constants.S_IFDIR) | attr.mode,
    nlink: attr.kind === 'file' ? 1 : 2,
    uid: view.uid,
    gid: view.gid,
    size: attr.size,
    blksize: vfsLimits.statfsBlock,
    blocks: Math.ceil(attr.size / 512),
    mtime: { seconds: attr.mtime.sec, nanoseconds: attr.mtime.nsec },
    atime: { seconds: attr.mtime.sec, nanoseconds: attr.mtime.nsec },
    ctime: attr.ctimeMs,
  });

  const find = async (path: string) => (await vfs.resolve(root, splitPath(path))).ino;
  /** Folder ino and last name. */
  const locate = async (path: string): Promise<[Ino, string]> => {
    const names = splitPath(path);
    const name = names.pop();
    if (name === undefined) throw new ErrnoError('EBUSY', 'the root of the volume');
    return [(await vfs.resolve(root, names)).ino, name];
  };
  const toTimeChange = (time: Readonly<Fuse.Timespec>): TimeChange => {
    if (time.nanoseconds === fuse.UTIME_NOW) return 'now';
    if (time.nanoseconds === fuse.UTIME_OMIT) return 'omit';
    return { sec: Number(time.seconds), nsec: time.nanoseconds };
  };

  return {
    initWithConfig: (connection, cb) =>
      cb(0, {
        maxWrite: connection.maxWrite,
        maxReadahead: Math.min(fuseLimits.transferBytes, connection.maxReadahead),
      }),
    getattr: (path, cb) => serve('getattr', path, cb, async () => toStats(vfs.getAttr(await find(path ?? '/')))),
    fgetattr: (path, fh, cb) => serve('getattr', path, cb, async () => toStats(vfs.getHandleAttr(Number(fh)))),
    readdir: (path, cb) =>
      serve(
        'readdir',
        path,
        (result, children: NodeRow[] = []) =>
          cb(
            result,
            children.map(({ name }) => name),
            children.map(({ ino }) => toStats(vfs.getAttr(ino))),
          ),
        async () => vfs.readdir(await find(path ?? '/')),
      ),
    open: (path, flags, cb) =>
      serve('open', path, cb, async () => vfs.open(await find(path), parseFlags(flags, view.readOnly))),
    createWithFlags: (path, mode, flags, cb) =>
      serve('create', path, cb, async () => {
        const options = parseFlags(flags | constants.O_CREAT, view.readOnly);
        const [parent, name] = await locate(path);
        const exclusive = (flags & constants.O_EXCL) !== 0;
        return (await vfs.create(parent, name, mode, { ...options, exclusive })).fh;
      }),
    read: (path, fh, buffer, length, position, cb) =>
      serve(
        'read',
        path,
        (result, bytes?: Buffer) => cb(bytes === undefined ? result : bytes.copy(buffer)),
        () => vfs.read(Number(fh), Number(position), length),
      ),
    write: (path, fh, buffer, length, position, cb) =>
      change(
        'write',
        path,
        (result, written?: number) => cb(written ?? result),
        () => vfs.write(Number(fh), buffer.subarray(0, length), Number(position)),
      ),
    flush: (path, fh, cb) => serve('flush', path, cb, () => vfs.flushHandle(Number(fh))),
    fsync: (path, _dataOnly, fh, cb) => serve('fsync', path, cb, () => vfs.flushHandle(Number(fh))),
    fsyncdir: (path, _dataOnly, _fh, cb) => serve('fsyncdir', path, cb, () => vfs.sync()),
    release: (path, fh, cb) => serve('release', path, cb, () => vfs.release(Number(fh))),
    truncate: (path, size, cb) =>
      change('truncate', path, cb, async () => vfs.truncate(await find(path ?? '/'), Number(size))),
    ftruncate: (path, fh, size, cb) => change('truncate', path, cb, () => vfs.truncateHandle(Number(fh), Number(size))),
    mkdir: (path, mode, cb) =>
      change('mkdir', path, cb, async () => {
        const [parent, name] = await locate(path);
        await vfs.mkdir(parent, name, mode);
      }),
    unlink: (path, cb) => change('unlink', path, cb, async () => vfs.unlink(...(await locate(path)))),
    rmdir: (path, cb) => change('rmdir', path, cb, async () => vfs.rmdir(...(await locate(path)))),
    renameWithFlags: (from, to, flags, cb) =>
      change('rename', from, cb, async () => {
        if ((flags & ~renameNoReplace) !== 0) throw new ErrnoError('EINVAL', 'rename flag is not supported');
        const noReplace = (flags & renameNoReplace) !== 0;
        await vfs.rename(...(await locate(from)), ...(await locate(to)), { noReplace });
      }),
    utimensWithTimespec: (path, _atime, mtime, cb) =>
      change('utimens', path, cb, async () => vfs.setTimes(await find(path ?? '/'), toTimeChange(mtime))),
    chmod: (path, mode, cb) => change('chmod', path, cb, async () => vfs.setMode(await find(path ?? '/'), mode)),
    chown: (path, uid, gid, cb) =>
      change('chown', path, cb, async () => {
        const foreign = (id: number, own: number) => id !== own && id >>> 0 !== 0xffffffff;
        if (foreign(uid, view.uid) || foreign(gid, view.gid)) throw new ErrnoError('EPERM', 'one owner only');
      }),
    // Plain refusals, so that programs fall back: git copies instead of linking (fuse-semantics.md §3.1).
    link: (path, _to, cb) => change('link', path, cb, refuse),
    symlink: (path, _to, cb) => change('symlink', path, cb, refuse),
    mknod: (path, _mode, _device, cb) => change('mknod', path, cb, refuse),
    statfs: (path, cb) =>
      serve('statfs', path, cb, async () => {
        const { used, total } = view.getQuota();
        const size = total < 0 ? vfsLimits.unlimitedBytes : total;
        const blocks = Math.floor(size / vfsLimits.statfsBlock);
        const free = Math.max(0, Math.floor((size - used) / vfsLimits.statfsBlock));
        const counts = { blocks, bfree: free, bavail: free, files: 2 ** 32, ffree: 2 ** 31, favail: 2 ** 31 };
        const sizes = { bsize: vfsLimits.statfsBlock, frsize: vfsLimits.statfsBlock, namemax: vfsLimits.nameMax };
        return { ...counts, ...sizes };
      }),
  };
}

function parseFlags(flags: number, readOnly: boolean) {
  const writing = (flags & accessMode) !== constants.O_RDONLY;
  const truncate = (flags & constants.O_TRUNC) !== 0;
  if (readOnly && (writing || truncate || (flags & constants.O_CREAT) !== 0)) {
    throw new ErrnoError('EROFS', 'the volume is mounted read-only');
  }
  return { writing, truncate, append: (flags & constants.O_APPEND) !== 0 };
}

async function refuse(): Promise<never> {
  throw new ErrnoError('EPERM', 'not possible on this volume');
}
