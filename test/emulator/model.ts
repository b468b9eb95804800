/** What an account holds. All times are milliseconds since 1970, always whole seconds (PROTOCOL.md §2.4). */

export type RevisionState = 'COMPLETED' | 'INCOMPLETE' | 'CORRUPT';

export interface Revision {
  number: number;
  state: RevisionState;
  created: number;
  modified: number;
  updated: number;
  mime: string;
  /** Bytes promised; for an unfinished revision the bytes received are in its partial upload. */
  size: number;
  /** As the uploader spelled it; compare lower-cased (§2.5). */
  md5: string;
}

export interface FileNode {
  kind: 'file';
  name: string;
  uuid: string;
  parent: Container;
  deleted: number | undefined;
  /** Last complete content; undefined while the first upload is unfinished (§2.6). */
  current: Revision | undefined;
  /** A newer, unfinished revision and the id of its partial upload. */
  latest: (Revision & { uploadId: string }) | undefined;
  /** Newest first, at most four; unfinished ones may be among them. */
  older: Revision[];
  publicUri: string | undefined;
  /** What documents say of it in place of what is so. */
  told?: Told | undefined;
}

/** Texts, each in place of the true one. */
export interface Told {
  name?: string;
  size?: string;
  md5?: string;
}

export interface Children {
  /** By folded name. */
  live: Map<string, Node>;
  /** By folded name, oldest first; several items of one name may be in the trash. */
  trashed: Map<string, Node[]>;
}

export interface FolderNode extends Children {
  kind: 'folder';
  name: string;
  parent: Container;
  deleted: number | undefined;
  publicUri: string | undefined;
}

export type ViewName = 'Latest' | 'Links' | 'Trash' | 'Shared';

/** `modified` as shown, and whether it was shown since it last moved (see `touch` in tree.ts). */
export interface ChangeStamp {
  modified: number;
  shown: boolean;
}

export interface MountPointNode extends Children {
  kind: 'mountPoint';
  name: string;
  device: DeviceNode;
  deleted: number | undefined;
  /** Set for the read-only views of the device Jotta (§5). */
  view: ViewName | undefined;
  stamp: ChangeStamp;
  /** Bytes of live files; undefined when it must be summed again. */
  size: number | undefined;
}

export interface DeviceNode {
  kind: 'device';
  name: string;
  displayName: string;
  type: string;
  sid: string;
  stamp: ChangeStamp;
  mountPoints: Map<string, MountPointNode>;
}

export interface Account {
  kind: 'user';
  user: string;
  devices: Map<string, DeviceNode>;
  /** Bytes, or -1 for unlimited. */
  capacity: number;
  writeLocked: boolean;
  readLocked: boolean;
  /** Bytes of every revision of every item, trash included; undefined when it must be summed again. */
  usage: number | undefined;
}

export type Node = FileNode | FolderNode;
export type Container = FolderNode | MountPointNode;
export type Thing = Account | DeviceNode | MountPointNode | FolderNode | FileNode;

/** Key under which names collide: case-insensitive, no Unicode normalisation (§5). */
export function foldName(name: string): string {
  return name.toLowerCase();
}

export function newFolder(name: string, parent: Container): FolderNode {
  return {
    kind: 'folder',
    name,
    parent,
    deleted: undefined,
    publicUri: undefined,
    live: new Map(),
    trashed: new Map(),
  };
}

export function newFile(name: string, parent: Container): FileNode {
  const nothing = { deleted: undefined, current: undefined, latest: undefined, publicUri: undefined };
  return { kind: 'file', name, uuid: crypto.randomUUID(), parent, older: [], ...nothing };
}

export function newMountPoint(name: string, device: DeviceNode, now: number, view?: ViewName): MountPointNode {
  const stamp = { modified: now, shown: false };
  const children = { live: new Map(), trashed: new Map() };
  return { kind: 'mountPoint', name, device, deleted: undefined, view, stamp, size: 0, ...children };
}

export function newDevice(name: string, type: string, now: number): DeviceNode {
  const stamp = { modified: now, shown: false };
  return { kind: 'device', name, displayName: name, type, sid: crypto.randomUUID(), stamp, mountPoints: new Map() };
}

/** A new account: device Jotta with its mountpoints and views (§5), and one backed-up computer. */
export function newAccount(user: string, capacity: number, now: number): Account {
  const locks = { writeLocked: false, readLocked: false };
  const account: Account = { kind: 'user', user, devices: new Map(), capacity, ...locks, usage: 0 };
  const jotta = newDevice('Jotta', 'JOTTA', now);
  for (const name of ['Archive', 'Sync']) jotta.mountPoints.set(foldName(name), newMountPoint(name, jotta, now));
  for (const view of ['Shared', 'Latest', 'Links', 'Trash'] as const) {
    jotta.mountPoints.set(foldName(view), newMountPoint(view, jotta, now, view));
  }
  const laptop = newDevice('Laptop', 'LAPTOP', now);
  laptop.mountPoints.set('documents', newMountPoint('Documents', laptop, now));
  for (const device of [jotta, laptop]) account.devices.set(foldName(device.name), device);
  return account;
}
