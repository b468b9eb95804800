import type Fuse from 'fuse-native';
import { ErrnoError } from '../../base/errno.ts';
import type { XattrMode } from '../../vfs/xattrs.ts';
import { isForeignXattr } from '../../vfs/xattrs.ts';
import type { VolumeView } from '../volume.ts';
import { change, checkUtf8, find, serve } from './serve.ts';

/** setxattr(2)'s flags. */
const darwin = process.platform === 'darwin';
const createFlag = darwin ? 2 : 1;
const replaceFlag = darwin ? 4 : 2;

/** Extended attributes, kept on this computer. */
export function xattrOperations(view: VolumeView) {
  const { vfs } = view;
  return {
    getxattr: (path, name, position, cb) =>
      serve(view, 'getxattr', path, cb, async () => {
        if (isForeignXattr(name)) throw new ErrnoError('EOPNOTSUPP', 'no attributes of that kind here');
        return vfs.getXattr(await find(view, path), name).subarray(position);
      }),
    setxattr: (path, name, value, position, flags, cb) =>
      change(view, 'setxattr', path, cb, async () => {
        checkUtf8(name);
        vfs.setXattr(await find(view, path), name, value, { mode: parseMode(flags), position });
      }),
    listxattr: (path, cb) => serve(view, 'listxattr', path, cb, async () => vfs.listXattrs(await find(view, path))),
    removexattr: (path, name, cb) =>
      change(view, 'removexattr', path, cb, async () => vfs.removeXattr(await find(view, path), name)),
  } satisfies Fuse.OPERATIONS;
}

function parseMode(flags: number): XattrMode {
  if ((flags & createFlag) !== 0) return 'create';
  return (flags & replaceFlag) !== 0 ? 'replace' : 'set';
}
