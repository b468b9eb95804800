import type { Log } from '../base/log.ts';
import type { Ino, NodeRow } from '../store/nodeRow.ts';
import type { Vfs } from '../vfs/vfs.ts';

/*
 * Volumes
 *
 * A *view* is what is to be shown: a part of the tree, whose owner, and whether it may be changed. A *volume* is a view
 * mounted on a folder. A *driver* makes volumes: it speaks to the operating system on one side and to `Vfs` on the other,
 * and decides nothing about files. What an operation means stands in the VFS once, for all drivers.
 *
 *   macfuse/   the libfuse binding, path by path: macOS, and Linux where nothing better can be had
 *   linux/     the kernel's FUSE protocol, inode by inode
 *   nfs/       NFSv3 on loopback, to the client that every macOS and Linux has
 *
 * The operating system keeps what it was told about names, attributes and bytes. What changes through a volume it sees
 * itself; every other change is told with `notify`, and what a volume changes it reports with `view.onChanged`, so that the
 * other volumes of the same tree can be told.
 *
 * The life of a volume: `driver.prepare` says whether this computer can have one, before anything is touched;
 * `ensureMountPoint` makes an empty folder of one's own; `driver.mount` resolves when programs can use it; `gone` resolves
 * once it is taken away, by `unmount`, by the user, or by the death of what it depends on.
 */

/** A name in a folder that means something else than before: it came, went, or what it stands for has other content. */
export interface NameChange {
  readonly parent: Ino;
  /** As the volume shows or showed it. */
  readonly name: string;
  /** There was nothing of that name before. */
  readonly came?: boolean;
  /** What had that name before and is gone; without it, what is there now has changed. */
  readonly went?: NodeRow;
}

/** One mounted volume's content: a part of the tree with an owner. */
export interface VolumeView {
  readonly vfs: Vfs;
  /** The folder that is the volume's root. */
  readonly root: Ino;
  readonly readOnly: boolean;
  /** What makes previews and indexes of its own accord gets the bytes that are on this computer only (previews.ts). */
  readonly previewsStayLocal: () => boolean;
  /** Bytes; -1 total = unlimited. Answered from memory. */
  readonly getQuota: () => { used: number; total: number };
  /** Path of a folder from the volume's root, `/` for the root itself; undefined when it is not below it. */
  readonly getPath: (folder: Ino) => string | undefined;
  /** Hears of every change that programs make through this volume. */
  readonly onChanged: (change: NameChange) => void;
  readonly log: Log;
  readonly uid: number;
  readonly gid: number;
}

export interface Volume {
  /** What the operating system takes it for. */
  readonly kind: 'fuse' | 'nfs';
  readonly mountPoint: string;
  /** Resolves when the volume is gone, by us or by the user's eject. */
  readonly gone: Promise<void>;
  /** Makes the system forget what it knows of a name, its attributes and its bytes, so that the next look asks us. Returns at once. */
  notify(change: NameChange): void;
  /** Resolves when the system has heard of every `notify` so far: of one in a folder, once no operation there is under way. */
  told(): Promise<void>;
  /** false: something uses it and `force` was not given. With it, files that are open stay usable for who has them. */
  unmount(force: boolean): Promise<boolean>;
}

export interface VolumeDriver {
  readonly name: string;
  /** Rejects with MountError when this computer cannot have such volumes. Changes nothing. */
  prepare(): Promise<void>;
  /** Has an earlier process left a volume mounted there that `mount` would go on with? Asked before the folder is looked at. */
  readonly canResume?: (mountPoint: string) => Promise<boolean>;
  /** Mounts on an empty folder (see `ensureMountPoint`), or goes on with what is mounted there; resolves when the volume is usable. Rejects with MountError when that is not allowed. */
  mount(mountPoint: string, volumeName: string, view: VolumeView): Promise<Volume>;
}
