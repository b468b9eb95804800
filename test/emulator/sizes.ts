import type { Account, DeviceNode, FileNode, MountPointNode } from './model.ts';
import { descendants, mountPointsOf } from './tree.ts';

/** Bytes of the current revisions of live files; of a trashed mountpoint, of those that were trashed with it. */
export function mountPointSize(mountPoint: MountPointNode): number {
  if (mountPoint.size !== undefined) return mountPoint.size;
  let size = 0;
  for (const node of descendants(mountPoint)) {
    if (node.kind === 'file' && node.deleted === mountPoint.deleted) size += node.current?.size ?? 0;
  }
  mountPoint.size = size;
  return size;
}

/** When the newest of the live files arrived; undefined without any. */
export function newestUpload(mountPoint: MountPointNode): number | undefined {
  let newest: number | undefined;
  for (const node of descendants(mountPoint)) {
    if (node.kind !== 'file' || node.deleted !== undefined || !node.current) continue;
    newest = Math.max(newest ?? 0, node.current.updated);
  }
  return newest;
}

export function deviceSize(device: DeviceNode): number {
  let size = 0;
  for (const mountPoint of device.mountPoints.values()) size += mountPointSize(mountPoint);
  return size;
}

/** Bytes that count to the quota: every revision and the trash (PROTOCOL.md §6). */
export function accountUsage(account: Account): number {
  if (account.usage !== undefined) return account.usage;
  let usage = 0;
  for (const mountPoint of mountPointsOf(account)) {
    for (const node of descendants(mountPoint)) if (node.kind === 'file') usage += fileUsage(node);
  }
  account.usage = usage;
  return usage;
}

/** Whether uploads are refused for want of room: `quota-write-locked` (§3.3). */
export function quotaFull(account: Account): boolean {
  return account.capacity >= 0 && accountUsage(account) >= account.capacity;
}

function fileUsage({ current, older }: FileNode): number {
  let usage = current?.size ?? 0;
  for (const revision of older) if (revision.state === 'COMPLETED') usage += revision.size;
  return usage;
}
