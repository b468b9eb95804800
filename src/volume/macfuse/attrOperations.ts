import { constants } from 'node:fs';
import type Fuse from 'fuse-native';
import { ErrnoError } from '../../base/errno.ts';
import { vfsLimits } from '../../vfs/limits.ts';
import type { Attr, TimeChange } from '../../vfs/vfs.ts';
import { hintNames } from '../previews.ts';
import type { VolumeView } from '../volume.ts';
import { fuseLimits } from './limits.ts';
import { change, find, serve } from './serve.ts';

const fileTypes = { file: constants.S_IFREG, folder: constants.S_IFDIR, link: constants.S_IFLNK };

/** What stat(2) and its kin show and change. */
export function attrOperations(view: VolumeView, fuse: typeof Fuse) {
  const { vfs } = view;
  const toTimeChange = (time: Readonly<Fuse.Timespec>): TimeChange => {
    if (time.nanoseconds === fuse.UTIME_NOW) return 'now';
    if (time.nanoseconds === fuse.UTIME_OMIT) return 'omit';
    return { sec: Number(time.seconds), nsec: time.nanoseconds };
  };
  return {
    getattr: (path, cb) => serve(view, 'getattr', path, cb, async () => toStats(view, await findAttr(view, path))),
    fgetattr: (path, fh, cb) => serve(view, 'getattr', path, cb, () => toStats(view, vfs.getHandleAttr(Number(fh)))),
    utimensWithTimespec: (path, _atime, mtime, cb) =>
      change(view, 'utimens', path, cb, async () => vfs.setTimes(await find(view, path), toTimeChange(mtime))),
    chmod: (path, mode, cb) => change(view, 'chmod', path, cb, async () => vfs.setMode(await find(view, path), mode)),
    chown: (path, uid, gid, cb) =>
      change(view, 'chown', path, cb, async () => {
        const foreign = (id: number, own: number) => id !== own && id >>> 0 !== 0xffffffff;
        if (foreign(uid, view.uid) || foreign(gid, view.gid)) throw new ErrnoError('EPERM', 'one owner only');
        vfs.noteOwner(await find(view, path));
      }),
    statfs: (path, cb) =>
      serve(view, 'statfs', path, cb, () => {
        const { used, total } = view.getQuota();
        const size = total < 0 ? vfsLimits.unlimitedBytes : total;
        const blocks = Math.floor(size / vfsLimits.statfsBlock);
        const free = Math.max(0, Math.floor((size - used) / vfsLimits.statfsBlock));
        const counts = { blocks, bfree: free, bavail: free, files: 2 ** 32, ffree: 2 ** 31, favail: 2 ** 31 };
        const sizes = { bsize: vfsLimits.statfsBlock, frsize: vfsLimits.statfsBlock, namemax: vfsLimits.nameMax };
        return { ...counts, ...sizes };
      }),
  } satisfies Fuse.OPERATIONS;
}

/** What a path shows; of the hints, which are nowhere else, that they are empty files. */
async function findAttr(view: VolumeView, path: string | null): Promise<Attr> {
  try {
    return view.vfs.getAttr(await find(view, path));
  } catch (error) {
    const isMissing = error instanceof ErrnoError && error.code === 'ENOENT';
    if (!isMissing || !view.previewsStayLocal() || !hintNames.includes(path?.slice(1) ?? '')) throw error;
    return hintAttr;
  }
}

/** The kernel numbers the files by itself. */
const hintAttr: Attr = {
  ...{ ino: 0, kind: 'file', size: 0, mode: 0o444, linked: true },
  ...{ mtime: { sec: 0, nsec: 0 }, ctimeMs: 0 },
};

export function toStats(view: VolumeView, attr: Attr): Fuse.Stats {
  const mtime = { seconds: attr.mtime.sec, nanoseconds: attr.mtime.nsec };
  return {
    ino: attr.ino,
    mode: fileTypes[attr.kind] | attr.mode,
    nlink: attr.kind === 'folder' ? 2 : 1,
    uid: view.uid,
    gid: view.gid,
    size: attr.size,
    blksize: process.platform === 'darwin' ? fuseLimits.macTransferBytes : vfsLimits.statfsBlock,
    blocks: Math.ceil(attr.size / 512),
    mtime,
    atime: mtime,
    ctime: attr.ctimeMs,
  };
}
