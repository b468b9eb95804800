import type { Account, DeviceNode, FileNode, MountPointNode } from './model.ts';
import { descendants, mountPointsOf } from './tree.ts';

/** Bytes of the current revisions of live files. */
export function mountPointSize(mountPoint: MountPointNode): number {
  if (mountPoint.size !== undefined) return mountPoint.size;
  let size = 0;
  for (const node of descendants(mountPoint)) {
    if (node.kind === 'file' && node.deleted === undefined) size += node.current?.size ?? 0;
  }
  mountPoint.size = size;
  return size;
}

export function deviceSize(device: DeviceNode): number {
  let size = 0;
  for (const mountPoint of device.mountPoints.values()) size += mountPointSize(mountPoint);
  return size;
}

/** Bytes that count to the quota: every revision and the trash (jottacloud-protocol.md §6). */
export function accountUsage(account: Account): number {
  if (account.usage !== undefined) return account.usage;
  let usage = 0;
  for (const mountPoint of mountPointsOf(account)) {
    for (const node of descendants(mountPoint)) if (node.kind === 'file') usage += fileUsage(node);
  }
  account.usage = usage;
  return usage;
}

function fileUsage(file: FileNode): number {
  return file.older.reduce((sum, revision) => sum + revision.size, file.current?.size ?? 0);
}
