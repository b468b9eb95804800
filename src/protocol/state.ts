/** What the drive process tells every window; one snapshot holds all that views and the status bar show. */
import type { DriveErrorCode } from './errors.ts';

/** `offline`: requests fail for want of a network. `signedOut`: the refresh token was refused; work is kept. */
export type Health = 'ok' | 'offline' | 'signedOut';

export interface AccountState {
  readonly username: string;
  readonly email: string;
  readonly name: string;
  /** Bytes; `totalBytes` is -1 for an unlimited account. */
  readonly usedBytes: number;
  readonly totalBytes: number;
}

export type MountStatus = 'mounting' | 'mounted' | 'unmounting' | 'failed';

export type VolumeKind = 'fuse' | 'nfs';

export interface MountState {
  /** Absolute local folder; the identity of a mount. */
  readonly mountPoint: string;
  /** Path in the account, `/` for all of it, else `/Jotta/Archive/…`. */
  readonly source: string;
  readonly readOnly: boolean;
  readonly status: MountStatus;
  /** What it is mounted by; absent until it is mounted. */
  readonly kind?: VolumeKind;
}

export type TransferKind = 'upload' | 'download' | 'move' | 'delete' | 'createFolder' | 'setTimes';
export type TransferStatus = 'queued' | 'running' | 'failed';

export interface TransferState {
  /** Stable while the transfer lives. */
  readonly id: string;
  readonly kind: TransferKind;
  readonly status: TransferStatus;
  /** Path in the account. */
  readonly path: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** `stopTransfer` ends it. */
  readonly canStop?: true;
  /** Why it failed; absent otherwise. */
  readonly reason?: string;
  /** Of a queued one that did not succeed several times in a row: when it is tried again, ms since the epoch. */
  readonly retryAt?: number;
}

/** One that ended. */
export interface PastTransfer {
  /** ms since the epoch of its end. */
  readonly at: number;
  readonly kind: TransferKind;
  /** Path in the account. */
  readonly path: string;
  /** Bytes of the file. */
  readonly bytes: number;
  /** Time it took, ms. */
  readonly ms: number;
  /** `done`, or why it failed: an error code or another word for the log. */
  readonly outcome: string;
}

export interface ConflictNotice {
  /** Path in the account of the version that kept the name. */
  readonly path: string;
  readonly copyPath: string;
}

export interface DriveState {
  /** null before sign-in. */
  readonly account: AccountState | null;
  readonly health: Health;
  readonly mounts: readonly MountState[];
  /** Changes not yet on the server, running ones included. */
  readonly pendingChanges: number;
  readonly failedChanges: number;
  readonly transfersPaused: boolean;
  /** At most 200 rows: running first, then failed, then queued. */
  readonly transfers: readonly TransferState[];
  /** ms since the epoch of the last poll that got an answer; null before the first. */
  readonly lastPollAt: number | null;
  /** Where content that was not uploaded went when this start found it without a place in the tree. */
  readonly rescued: RescuedFiles | null;
  /** What the service turned out not to do since this start, each a word of the program; it is done another way. */
  readonly lacking: readonly string[];
}

export interface RescuedFiles {
  /** `damage`: the drive's database was damaged. `unclaimed`: the drive ended before the bytes were kept for good. */
  readonly cause: 'damage' | 'unclaimed';
  /** Folder of this computer. */
  readonly folder: string;
  readonly files: number;
  /** ms since the epoch. */
  readonly at: number;
}

export const emptyDriveState: DriveState = {
  account: null,
  health: 'ok',
  mounts: [],
  pendingChanges: 0,
  failedChanges: 0,
  transfersPaused: false,
  transfers: [],
  lastPollAt: null,
  rescued: null,
  lacking: [],
};

/** How far a node is from the server; the tree shows it as icon and description. */
export type SyncState = 'cloud' | 'cached' | 'pending' | 'uploading' | 'failed' | 'conflicted';

/** Kept offline: by itself, by a folder above, or not. */
export type PinState = 'own' | 'inherited' | 'none';

export interface EntryInfo {
  readonly name: string;
  /** Path in the account. */
  readonly path: string;
  readonly kind: 'device' | 'mountpoint' | 'folder' | 'file';
  /** Bytes; 0 for containers. */
  readonly size: number;
  /** ms since the epoch; 0 when unknown (folders). */
  readonly modifiedMs: number;
  readonly sync: SyncState;
  readonly pin: PinState;
  /** A file that is shown as a symbolic link. */
  readonly link: boolean;
  /** Number of the newest version on the server, as far as it is known; files only. */
  readonly revision?: number;
  /**
   * Its name on the server, where that is not `name`: too long to be shown, but for its case another's in the same folder, or
   * spelled with look-alikes of characters that the server refuses.
   */
  readonly serverName?: string;
  /** How many entries the server holds in it that cannot be shown, where there are any: it cannot be removed. */
  readonly unusable?: number;
  /** Why the server could not be asked about it lately. What is known of it is shown. */
  readonly unanswered?: DriveErrorCode;
  /** Nothing in or about it may be changed: the account itself, a device, what others share, below a read-only mount. */
  readonly readOnly: boolean;
}
