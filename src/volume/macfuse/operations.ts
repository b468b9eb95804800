import type Fuse from 'fuse-native';
import type { Fh } from '../../vfs/openInode.ts';
import type { VolumeView } from '../volume.ts';
import { attrOperations } from './attrOperations.ts';
import { byteOperations, type Caller, handleOperations } from './contentOperations.ts';
import { fuseLimits } from './limits.ts';
import { listOperations, nameOperations } from './nameOperations.ts';
import { xattrOperations } from './xattrOperations.ts';

/**
 * The kernel's operations on one mounted volume, path by path, over the inode-based VFS. `handles` are those that the kernel
 * was given and has not released.
 */
export function createOperations(
  view: VolumeView,
  fuse: typeof Fuse,
  handles = new Set<Fh>(),
  caller: Caller = { isMappedWrite: () => false, isPreviewDaemon: async () => false },
) {
  return {
    initWithConfig: (connection, cb) =>
      cb(0, {
        maxWrite: connection.maxWrite,
        maxReadahead: Math.min(fuseLimits.transferBytes, connection.maxReadahead),
      }),
    ...attrOperations(view, fuse),
    ...handleOperations(view, handles, caller),
    ...byteOperations(view, caller),
    ...listOperations(view),
    ...nameOperations(view),
    ...xattrOperations(view),
  } satisfies Fuse.OPERATIONS;
}
