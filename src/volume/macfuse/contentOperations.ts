import { constants } from 'node:fs';
import type Fuse from 'fuse-native';
import { ErrnoError } from '../../base/errno.ts';
import type { Fh } from '../../vfs/openInode.ts';
import { parseAllocateMode } from '../allocateMode.ts';
import type { VolumeView } from '../volume.ts';
import { change, find, locateNew, serve } from './serve.ts';

/** open(2)'s access mode bits; node:fs does not name the mask. */
const accessMode = 3;

/** lseek(2)'s words, which node:fs does not name. */
const seekData = process.platform === 'darwin' ? 4 : 3;
const seekHole = process.platform === 'darwin' ? 3 : 4;

/** The program behind the operation that is under way. */
export interface Caller {
  /** Within a write: does it put back pages of a memory map? Those come through any handle open for writing, an appending one too. */
  isMappedWrite(): boolean;
  /** Does it make previews or indexes of its own accord? */
  isPreviewDaemon(): Promise<boolean>;
}

/** Opens and closes files, and keeps account of who has them open. */
export function handleOperations(view: VolumeView, handles: Set<Fh>, caller: Caller) {
  const { vfs } = view;
  const keep = (fh: Fh) => {
    handles.add(fh);
    return fh;
  };
  return {
    open: (path, flags, cb) =>
      serve(view, 'open', path, cb, async () => {
        const ino = await find(view, path);
        if (view.previewsStayLocal() && !vfs.isLocal(ino) && (await caller.isPreviewDaemon())) {
          throw new ErrnoError('EACCES', 'a preview of what is not here');
        }
        return keep(await vfs.open(ino, parseFlags(flags, view.readOnly)));
      }),
    createWithFlags: (path, mode, flags, cb) =>
      serve(view, 'create', path, cb, async () => {
        const options = parseFlags(flags | constants.O_CREAT, view.readOnly);
        const { parent, name } = await locateNew(view, path);
        const exclusive = (flags & constants.O_EXCL) !== 0;
        return keep((await vfs.create(parent, name, mode, { ...options, exclusive })).fh);
      }),
    flush: (path, fh, cb) => serve(view, 'flush', path, cb, () => vfs.flushHandle(Number(fh))),
    fsync: (path, _dataOnly, fh, cb) => serve(view, 'fsync', path, cb, () => vfs.syncHandle(Number(fh))),
    release: (path, fh, cb) =>
      serve(view, 'release', path, cb, () => {
        handles.delete(Number(fh));
        return vfs.release(Number(fh));
      }),
  } satisfies Fuse.OPERATIONS;
}

/** The bytes of open files, and their number. */
export function byteOperations(view: VolumeView, caller: Pick<Caller, 'isMappedWrite'>) {
  const { vfs } = view;
  return {
    read: (path, fh, buffer, length, position, cb) =>
      serve(
        view,
        'read',
        path,
        (result, bytes?: Buffer) => cb(bytes === undefined ? result : bytes.copy(buffer)),
        () => vfs.read(Number(fh), Number(position), length),
      ),
    write: (path, fh, buffer, length, position, cb) =>
      change(
        view,
        'write',
        path,
        (result, written?: number) => cb(written ?? result),
        () => vfs.write(Number(fh), buffer.subarray(0, length), Number(position), caller.isMappedWrite()),
      ),
    truncate: (path, size, cb) =>
      change(view, 'truncate', path, cb, async () => vfs.truncate(await find(view, path), Number(size))),
    ftruncate: (path, fh, size, cb) =>
      change(view, 'truncate', path, cb, () => vfs.truncateHandle(Number(fh), Number(size))),
    fallocate: (path, fh, mode, offset, length, cb) =>
      change(view, 'fallocate', path, cb, () =>
        vfs.allocate(Number(fh), Number(offset), Number(length), parseAllocateMode(mode)),
      ),
    copyFileRange: (path, sourceFh, sourcePosition, _to, fh, position, length, _flags, cb) =>
      change(
        view,
        'copyFileRange',
        path,
        (result, copied?: number) => cb(copied ?? result),
        () =>
          vfs.copyRange(
            { fh: Number(sourceFh), position: Number(sourcePosition) },
            { fh: Number(fh), position: Number(position) },
            Number(length),
          ),
      ),
    lseek: (path, fh, position, whence, cb) =>
      serve(view, 'lseek', path, cb, () => {
        if (whence !== seekData && whence !== seekHole) throw new ErrnoError('EINVAL', 'the kernel seeks by itself');
        return vfs.seek(Number(fh), Number(position), whence === seekData ? 'data' : 'hole');
      }),
  } satisfies Fuse.OPERATIONS;
}

function parseFlags(flags: number, readOnly: boolean) {
  const writing = (flags & accessMode) !== constants.O_RDONLY;
  const truncate = (flags & constants.O_TRUNC) !== 0;
  if (readOnly && (writing || truncate || (flags & constants.O_CREAT) !== 0)) {
    throw new ErrnoError('EROFS', 'the volume is mounted read-only');
  }
  return { writing, truncate, append: (flags & constants.O_APPEND) !== 0 };
}
