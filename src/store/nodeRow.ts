/** Stable local id of a file or folder; never reused within a database. */
export type Ino = number;

export const rootIno: Ino = 1;

/** `root` holds devices, a device holds mountpoints, the rest is as on any drive. */
export type NodeKind = 'root' | 'device' | 'mountpoint' | 'folder' | 'file';

/** Full file-system precision; Jottacloud keeps whole seconds (PROTOCOL.md §2.4). */
export interface Timestamp {
  readonly sec: number;
  readonly nsec: number;
}

/** As far from the epoch as a Date goes: what is further has no place in a row, whose numbers are JavaScript's. */
const mostSeconds = 8_640_000_000_000;
const nsecPerSec = 1_000_000_000;

/** The closest time that a row can keep. Programs set any number, as when they take one unit for another. */
export function toTimestamp(sec: number, nsec: number): Timestamp {
  if (!(Math.abs(sec) < mostSeconds)) return { sec: Math.sign(sec) * mostSeconds || 0, nsec: 0 };
  const whole = Math.floor(sec);
  return { sec: whole, nsec: Number.isInteger(nsec) && nsec >= 0 && nsec < nsecPerSec ? nsec : 0 };
}

/** `ms` since the epoch, before it too. */
export function timestampOfMs(ms: number): Timestamp {
  const sec = Math.floor(ms / 1000);
  return toTimestamp(sec, Math.floor((ms - sec * 1000) * 1_000_000));
}

/** A place on the server. */
export interface ServerPlace {
  readonly parent: Ino;
  /** Local spelling (decoded). */
  readonly name: string;
  /** Spelling on the wire. */
  readonly wire: string;
}

/**
 * What the server was last known to hold for a node. `null` = never uploaded.
 * `md5` null on a file: an upload was begun, its outcome is not known yet.
 */
export interface Synced extends ServerPlace {
  readonly md5: string | null;
  /** Bytes. */
  readonly size: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  /** null when not told yet (an upload's answer has no number). */
  readonly revision: number | null;
  readonly uuid: string | null;
}

/**
 * What a file whose name says that it holds the target of a symbolic link is shown as; null for any other node.
 * `own`: a link made on this computer. `foreign`: a link made elsewhere, of which `target` tells where it leads. `file`: the file that it is, until its name or the
 * server's content changes. `new`: not looked at yet; a file so far.
 */
export type LinkState = 'own' | 'foreign' | 'file' | 'new' | null;

/** One node: the local columns are what the mount shows, `synced` is what the server has. */
export interface NodeRow {
  readonly ino: Ino;
  readonly kind: NodeKind;
  /** null: removed locally, kept until the server follows. */
  readonly parent: Ino | null;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly mtime: Timestamp;
  readonly ctimeMs: number;
  readonly mode: number;
  /** Clean content; null while the content is in a staging file. Files only. */
  readonly md5: string | null;
  /** Staging file with the newest flushed content; null when `md5` tells all. */
  readonly staging: string | null;
  /** Never leaves this machine (`.DS_Store` and friends). */
  readonly localOnly: boolean;
  readonly link: LinkState;
  /** Target of a `foreign` link; null for any other node. */
  readonly target: string | null;
  readonly synced: Synced | null;
  /** Where a move or the making of a folder was to end whose outcome is not known; null = none is begun. */
  readonly pendingTarget: ServerPlace | null;
  /** ms since the epoch of the last complete listing; null = never listed. */
  readonly listedAt: number | null;
  /**
   * How many entries of the last listing no row stands for, because they cannot be used: nobody has seen them here. While there
   * are any, the folder is not empty.
   */
  readonly unusable: number;
  /** Why the server refused the change for good; null = not refused. */
  readonly failure: string | null;
}

export function isContainer(row: NodeRow): boolean {
  return row.kind !== 'file';
}

/** A name in a folder. */
export interface Place {
  readonly parent: Ino;
  readonly name: string;
}
