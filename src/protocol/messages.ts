import { NotificationType, NotificationType0, RequestType, RequestType0 } from 'vscode-jsonrpc';
import type { NetworkOptions } from '../base/networkOptions.ts';
import type { DriveErrorData } from './errors.ts';
import type { AccountState, ConflictNotice, DriveState, EntryInfo, MountState } from './state.ts';

/** Raised when a request or notification changes meaning; the handshake refuses any other (design.md §2). */
export const protocolVersion = 1;

export interface HelloParams {
  readonly protocolVersion: number;
  /** Extension version; a newer one than the drive's makes the client ask for a hand-over (`shutdown`). */
  readonly clientVersion: string;
  /** A window that can keep tokens in SecretStorage; the drive asks it to (`storeTokens`). */
  readonly keepsTokens: boolean;
}
export interface HelloResult {
  readonly protocolVersion: number;
  readonly driveVersion: string;
  readonly pid: number;
  readonly logFile: string;
  /** True when the drive has a session; false: send `resume` with the stored tokens, or `signIn`. */
  readonly signedIn: boolean;
  readonly state: DriveState;
}

/** Opaque to the extension: it stores the text under `username` and gives it back in `resume`. */
export interface StoredTokens {
  readonly username: string;
  readonly secret: string;
}

export interface MountParams {
  /** `~` is not expanded here: an absolute path. */
  readonly mountPoint: string;
  readonly source: string;
  readonly readOnly: boolean;
}
export interface UnmountParams {
  readonly mountPoint: string;
  /** `drain`: wait for uploads first (cancel the request to stop waiting and stay mounted). `keep`: unmount now, the
   *  changes stay on disk and go on. `force`: also when files are open. */
  readonly mode: 'drain' | 'keep' | 'force';
}

/** Live options; every window may send them, the last one wins. Sizes in bytes, times in ms. */
export interface DriveOptions {
  readonly pollIntervalMs: number;
  readonly cacheMaxBytes: number;
  readonly cacheMinFreeBytes: number;
  readonly keepAfterClose: boolean;
  /** Patterns of names that never leave this computer; `*` stands for any characters. For names made after it is set. */
  readonly ignoredNames: readonly string[];
  /** From VS Code's own `http.*` settings. May hold a password: sent over the user's own socket only, never logged. */
  readonly network: NetworkOptions;
}

export interface ShutdownParams {
  /** `handOver`: flush local state and exit at once, another drive follows. `drain`: finish uploads first. */
  readonly reason: 'handOver' | 'drain';
}

/** Requests of the extension to the drive. */
export const hello = new RequestType<HelloParams, HelloResult, DriveErrorData>('drive/hello');
export const signIn = new RequestType<{ loginToken: string }, AccountState, DriveErrorData>('drive/signIn');
export const resume = new RequestType<StoredTokens, AccountState | null, DriveErrorData>('drive/resume');
export const signOut = new RequestType0<void, DriveErrorData>('drive/signOut');
export const mount = new RequestType<MountParams, MountState, DriveErrorData>('drive/mount');
export const unmount = new RequestType<UnmountParams, void, DriveErrorData>('drive/unmount');
/** Entries of one folder; `/` lists the devices. `refresh` asks the server first. Kept live while `watched`. */
export const list = new RequestType<{ path: string; refresh: boolean }, readonly EntryInfo[], DriveErrorData>(
  'drive/list',
);
/** Folders a window shows; the poller keeps them fresh (design.md §8). Replaces this window's earlier set. */
export const watch = new RequestType<{ paths: readonly string[] }, void, DriveErrorData>('drive/watch');
/** Polls now; resolves when changes are in. */
export const refresh = new RequestType0<void, DriveErrorData>('drive/refresh');
export const setOptions = new RequestType<DriveOptions, void, DriveErrorData>('drive/setOptions');
export const setTransfersPaused = new RequestType<{ paused: boolean }, void, DriveErrorData>(
  'drive/setTransfersPaused',
);
/** Retries failed changes now. */
export const retryFailed = new RequestType0<void, DriveErrorData>('drive/retryFailed');
/** Is FUSE here? Rejects with fuseMissing, fuseNotAllowed or fuseTooOld (args: `hint`, the command to run). */
export const preflight = new RequestType0<void, DriveErrorData>('drive/preflight');
export const shutdown = new RequestType<ShutdownParams, void, DriveErrorData>('drive/shutdown');

/** Requests of the drive to a window. */
/** Resolve only when the secret is durably stored; the drive uses the tokens after that (design.md §10). */
export const storeTokens = new RequestType<StoredTokens, void, DriveErrorData>('window/storeTokens');

/** Notifications of the drive to every window. */
export const stateChanged = new NotificationType<DriveState>('drive/stateChanged');
/** Listings under these folders changed. */
export const entriesChanged = new NotificationType<{ folders: readonly string[] }>('drive/entriesChanged');
export const conflictMade = new NotificationType<ConflictNotice>('drive/conflictMade');
/** The refresh token was refused; the window asks once to sign in again. */
export const signedOut = new NotificationType0('drive/signedOut');
