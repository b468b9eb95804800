import { setTimeout as delay } from 'node:timers/promises';
import { isContainer } from '../../store/nodeRow.ts';
import { detach, loadMounts, subtype, tryUnmount } from '../mountPoint.ts';
import type { NameChange, Volume, VolumeDriver, VolumeView } from '../volume.ts';
import { Corrections } from './corrections.ts';
import { checkDescriptor, mountDescriptor } from './descriptor.ts';
import { Device } from './device.ts';
import { startGuard } from './guard.ts';
import { KnownNames } from './knownNames.ts';
import { kernelLimits } from './limits.ts';
import { MovedFolders } from './movedFolders.ts';
import { NodeIds } from './nodeIds.ts';
import { NoticeQueue, Notices } from './notices.ts';
import { Repeats } from './repeats.ts';
import { Requests } from './requests.ts';
import { SecondLooks } from './secondLooks.ts';
import type { Served } from './served.ts';

/** Volumes by the kernel's FUSE protocol. One per process: its volumes share the queue of notices. */
export function createKernelDriver(): VolumeDriver {
  const queue = new NoticeQueue();
  return {
    name: 'fuse',
    prepare: checkDescriptor,
    mount: (mountPoint, _volumeName, view) => mountVolume(mountPoint, view, queue),
  };
}

async function mountVolume(mountPoint: string, view: VolumeView, queue: NoticeQueue): Promise<Volume> {
  const access = view.readOnly ? 'ro' : 'rw';
  const options = [access, 'nosuid', 'nodev', 'default_permissions', 'fsname=Jottacloud', `subtype=${subtype}`];
  const device = new Device(await mountDescriptor(mountPoint, options), view.log);
  const served = createServed(mountPoint, view, device, queue);
  const requests = new Requests(served, device);
  const guard = startGuard(mountPoint);
  const gone = device.gone.then(async () => {
    guard.dismiss();
    served.repeats.close();
    await releaseAll(served);
  });
  try {
    device.start((buffer, length) => requests.receive(buffer, length));
    await Promise.race([requests.ready, refuseLate(gone)]);
  } catch (error) {
    await detach(mountPoint);
    throw error;
  }
  return {
    kind: 'fuse',
    mountPoint,
    gone,
    notify: (change) => notify(served, change),
    told: () => queue.told(),
    unmount: async (force) => {
      await served.repeats.pause();
      const done = await unmount(mountPoint, gone, force);
      if (!done) served.repeats.resume();
      return done;
    },
  };
}

function createServed(mountPoint: string, view: VolumeView, device: Device, queue: NoticeQueue): Served {
  const ids = new NodeIds(view.root);
  const notices = new Notices(device, queue);
  const names = new KnownNames(ids, notices);
  return {
    view,
    vfs: view.vfs,
    ids,
    notices,
    repeats: new Repeats(mountPoint, view),
    names,
    looks: new SecondLooks(),
    moved: new MovedFolders(),
    corrections: new Corrections(ids, names, notices),
    handles: new Set(),
    written: new Set(),
    listings: new Map(),
    nextFolder: 1,
    changes: 0,
  };
}

async function refuseLate(gone: Promise<void>): Promise<never> {
  const end = await Promise.race([gone, delay(kernelLimits.initMs, 'late' as const, { ref: false })]);
  throw new Error(end === 'late' ? 'the kernel has not said a word' : 'the volume went before it was usable');
}

/** A change from elsewhere: the name, the folder's entries, and what the name stands for now are asked for again. */
function notify(served: Served, change: NameChange): void {
  const { vfs, ids, names, moved, notices, repeats } = served;
  const { parent, name } = change;
  served.changes += 1;
  const row = vfs.getKnown(parent, name);
  const isFolder = row !== undefined && isContainer(row);
  if (isFolder) moved.note(row.ino);
  if (!names.noteChanged(parent, name, isFolder)) return;
  repeats.note(change);
  notices.attributes(ids.toId(parent));
  notices.content(ids.toId(parent));
  if (row === undefined) return;
  if (isFolder && vfs.getPlace(row.ino)?.name !== name) ids.noteFormer(row.ino, name);
  notices.attributes(ids.toId(row.ino));
  notices.content(ids.toId(row.ino));
}

async function unmount(mountPoint: string, gone: Promise<void>, force: boolean): Promise<boolean> {
  if (!(await loadMounts()).some((mount) => mount.path === mountPoint)) return true;
  if (force) {
    await detach(mountPoint);
    // Out of sight at once; who has a file open is served until it is closed, however long that takes.
    await Promise.race([gone, delay(kernelLimits.detachMs, undefined, { ref: false })]);
    return true;
  }
  if (!(await tryUnmount(mountPoint))) return false;
  await Promise.race([gone, delay(kernelLimits.goneMs, undefined, { ref: false })]);
  return true;
}

/** The kernel may let go of a volume without releasing what was open last. */
async function releaseAll({ vfs, handles, view }: Served): Promise<void> {
  for (const fh of handles) {
    await vfs
      .release(fh)
      .catch((error) => view.log.warn('a file of a volume that is gone was not released', { error }));
  }
  handles.clear();
}
