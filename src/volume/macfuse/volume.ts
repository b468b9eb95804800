import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type Fuse from 'fuse-native';
import { isContainer } from '../../store/nodeRow.ts';
import type { Fh } from '../../vfs/openInode.ts';
import { detach, loadMounts, tryUnmount } from '../mountPoint.ts';
import type { Volume, VolumeDriver, VolumeView } from '../volume.ts';
import { fuseLimits } from './limits.ts';
import { createOperations } from './operations.ts';
import { getFuseOptions, getMacMountOptions, withMountOptions } from './options.ts';
import { ensureFuse, type FuseModule, toFuseError } from './preflight.ts';
import { Programs } from './programs.ts';

/** Volumes by the libfuse binding. */
export const bindingDriver: VolumeDriver = {
  name: 'binding',
  prepare: async () => {
    await ensureFuse();
  },
  mount: async (mountPoint, volumeName, view) => mountVolume(await ensureFuse(), mountPoint, volumeName, view),
};

/** Mounts `view` on an empty folder (see `ensureMountPoint`). Rejects with MountError when FUSE may not be used. */
export async function mountVolume(
  fuseModule: FuseModule,
  mountPoint: string,
  volumeName: string,
  view: VolumeView,
): Promise<Volume> {
  const handles = new Set<Fh>();
  const programs = new Programs();
  const gone = Promise.withResolvers<void>();
  const operations = {
    ...createOperations(view, fuseModule, handles, {
      isMappedWrite: () => fuse.context()?.fileInfo?.writepage === true,
      isPreviewDaemon: () => programs.isPreviewDaemon(fuse.context()?.pid),
    }),
    destroy: (cb: (code: number) => void) => {
      cb(0);
      void releaseAll(view, handles).then(gone.resolve);
    },
  };
  const binding = withMountOptions(fuseModule, process.platform === 'darwin' ? getMacMountOptions(volumeName) : []);
  const fuse: Fuse = new binding(mountPoint, operations, {
    ...getFuseOptions(process.platform, view),
    // An unmount from outside (eject, fusermount3 -u) ends the request loop: no failure of an operation.
    onError: (error, operation) =>
      view.log[operation === 'lifecycle' ? 'debug' : 'error']('file operation threw', { operation, error }),
  });
  try {
    await promisify(fuse.mount.bind(fuse))();
  } catch (error) {
    throw toFuseError(error) ?? error;
  }
  // The binding unrefs its handles; the volume must keep the process alive until it is gone.
  const keepAlive = setInterval(() => {}, 60_000);
  void gone.promise.then(() => clearInterval(keepAlive));
  return {
    kind: 'fuse',
    mountPoint,
    gone: gone.promise,
    ...createNotices(view, fuse),
    unmount: async (force) => {
      if (!(await loadMounts()).some((mount) => mount.path === mountPoint)) return true;
      if (force) {
        await detach(mountPoint);
        // Out of sight at once; who has a file open is served until it is closed, however long that takes.
        await Promise.race([gone.promise, delay(fuseLimits.detachMs, undefined, { ref: false })]);
        return true;
      }
      if (!(await tryUnmount(mountPoint))) return false;
      const end = await Promise.race([gone.promise, delay(fuseLimits.goneMs, 'late' as const, { ref: false })]);
      if (end === 'late') {
        view.log.warn('the volume is gone, and its driver has not said so', { mountPoint });
        await releaseAll(view, handles);
        gone.resolve();
      }
      return true;
    },
  };
}

/** Tells the kernel of names that mean something else now. */
function createNotices(view: VolumeView, fuse: Fuse): Pick<Volume, 'notify' | 'told'> {
  /** On their way to the kernel. */
  const notices = new Set<Promise<void>>();
  const outside = AsyncLocalStorage.snapshot();
  return {
    notify: ({ parent, name }) => {
      const folder = view.getPath(parent);
      // The binding can only have an entry dropped, and on Linux a program in a folder whose entry is dropped has no working
      // directory any more. What a folder's name stands for is asked again after a second (fuseLimits.kernelTtl).
      const named = view.vfs.getKnown(parent, name);
      if (folder === undefined || (named !== undefined && isContainer(named))) return;
      const path = `${folder === '/' ? '' : folder}/${name}`;
      const notice = outside(() => promisify(fuse.invalidateEntry.bind(fuse))(path))
        .catch((error) => view.log.debug('kernel was not notified', { path, error }))
        .finally(() => notices.delete(notice));
      notices.add(notice);
    },
    told: async () => {
      await Promise.all(notices);
    },
  };
}

/** The kernel may let go of a detached volume without releasing what was open last. */
async function releaseAll({ vfs, log }: VolumeView, handles: Set<Fh>): Promise<void> {
  for (const fh of handles) {
    await vfs.release(fh).catch((error) => log.warn('a file of a volume that is gone was not released', { error }));
  }
  handles.clear();
}
