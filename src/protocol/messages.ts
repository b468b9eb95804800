import { NotificationType, NotificationType0, RequestType, RequestType0 } from 'vscode-jsonrpc';
import type { NetworkOptions } from '../base/networkOptions.ts';
import type { DriveErrorData } from './errors.ts';
import type { AccountState, ConflictNotice, DriveState, EntryInfo, MountState, PastTransfer } from './state.ts';

/** Raised when a request or notification changes meaning; the handshake refuses any other. */
export const protocolVersion = 1;

export interface HelloParams {
  readonly protocolVersion: number;
  /** Extension version; a newer one than the drive's makes the client ask for a hand-over (`shutdown`). */
  readonly clientVersion: string;
  /** A window that can keep tokens in SecretStorage; the drive asks it to (`storeTokens`). */
  readonly keepsTokens: boolean;
  /** The person looks at this window now. */
  readonly focused: boolean;
}
export interface HelloResult {
  readonly protocolVersion: number;
  readonly driveVersion: string;
  readonly pid: number;
  readonly logFile: string;
  /** True when the drive has a session; false: send `resume` with the stored tokens, or `signIn`. */
  readonly signedIn: boolean;
  /** As `notifyingWindow` tells afterwards. */
  readonly notifyingWindow: boolean;
  readonly state: DriveState;
}

/** Opaque to the extension: it stores the text under `username` and gives it back in `resume`. */
export interface StoredTokens {
  readonly username: string;
  readonly secret: string;
}

/** A service of the same kind under its own name. */
export interface BrandInfo {
  readonly key: string;
  readonly name: string;
  /** Host of its sign-in page. */
  readonly host: string;
}
/** Texts of the page that a browser shows when it comes back to this computer. Plain text. */
export interface LandingPage {
  readonly title: string;
  readonly done: string;
  readonly refused: string;
}
export interface BeginSignInParams {
  /** Key of a brand. */
  readonly brand: string;
  readonly page: LandingPage;
}
export interface SignInPage {
  readonly id: string;
  /** To be opened in a browser. */
  readonly address: string;
  /** Where the browser comes back to: on the computer of the drive, which may be another one than the browser's. */
  readonly redirectUri: string;
}

export interface MountParams {
  /** `~` is not expanded here: an absolute path. */
  readonly mountPoint: string;
  readonly source: string;
  readonly readOnly: boolean;
}
/** What `exportFailed` made. */
export interface ExportedCopy {
  /** Bytes of it that are nowhere any more, neither on this computer nor on the server: zeros stand for them. */
  readonly missing: number;
}
export interface UnmountParams {
  readonly mountPoint: string;
  /** `drain`: wait for uploads first (cancel the request to stop waiting and stay mounted). `keep`: unmount now, the
   *  changes stay on disk and go on. `force`: also when files are open. */
  readonly mode: 'drain' | 'keep' | 'force';
}

/** How volumes reach the operating system. `auto`: the best that this computer has; `fuse`: Linux's or macFUSE; `nfs`: on loopback. */
export const driverSettings = ['auto', 'fuse', 'nfs'] as const;
export type DriverSetting = (typeof driverSettings)[number];

/** Live options; every window may send them, the last one wins. Sizes in bytes, times in ms. */
export interface DriveOptions {
  readonly pollIntervalMs: number;
  readonly cacheMaxBytes: number;
  readonly cacheMinFreeBytes: number;
  readonly keepAfterClose: boolean;
  /** For volumes mounted after it is set. */
  readonly driver: DriverSetting;
  /** Patterns of names that never leave this computer; `*` stands for any characters. For names made after it is set. */
  readonly ignoredNames: readonly string[];
  /** Symbolic links made elsewhere are followed even where they lead out of the volume. */
  readonly followOutsideLinks: boolean;
  /** On macOS: previews in Finder and Spotlight may download the files they look at. */
  readonly previewsDownload: boolean;
  /** Bytes per second for all uploads, and for all downloads, together; 0: no limit. */
  readonly uploadBytesPerSecond: number;
  readonly downloadBytesPerSecond: number;
  /** Changes sent side by side, at least 1. */
  readonly parallelPushes: number;
  /** From VS Code's own `http.*` settings. May hold a password: sent over the user's own socket only, never logged. */
  readonly network: NetworkOptions;
}

export interface ShutdownParams {
  /** `handOver`: flush local state and exit at once, another drive follows. `drain`: finish uploads first. */
  readonly reason: 'handOver' | 'drain';
}

/** Requests of the extension to the drive. */
export const hello = new RequestType<HelloParams, HelloResult, DriveErrorData>('drive/hello');
/** `loginHostUnknown` (args: `host`) until the person has confirmed the host that the login token leads to. */
export const signIn = new RequestType<{ loginToken: string; confirmedHost?: string }, AccountState, DriveErrorData>(
  'drive/signIn',
);
/** Brands whose sign-in page can be used. */
export const listBrands = new RequestType0<readonly BrandInfo[], DriveErrorData>('drive/listBrands');
/** Begins a sign-in in a browser, and ends one that is under way. */
export const beginSignIn = new RequestType<BeginSignInParams, SignInPage, DriveErrorData>('drive/beginSignIn');
/** Answers when it is done: signInRefused, signInEnded. Cancelling the request ends the sign-in. */
export const awaitSignIn = new RequestType<{ id: string }, AccountState, DriveErrorData>('drive/awaitSignIn');
/** The address a browser was sent to that could not open it; `signInAddressWrong` when it is not one of this sign-in. */
export const passSignInAddress = new RequestType<{ id: string; address: string }, void, DriveErrorData>(
  'drive/passSignInAddress',
);
export const resume = new RequestType<StoredTokens, AccountState | null, DriveErrorData>('drive/resume');
export const signOut = new RequestType0<void, DriveErrorData>('drive/signOut');
/** Signs out and removes cache and names of the account from this computer. `pendingUploads` while changes wait. */
export const signOutAndForget = new RequestType0<void, DriveErrorData>('drive/signOutAndForget');
export const mount = new RequestType<MountParams, MountState, DriveErrorData>('drive/mount');
/** Rejects where `mount` would refuse the mount point. Nothing is changed. */
export const checkMountPoint = new RequestType<{ mountPoint: string }, void, DriveErrorData>('drive/checkMountPoint');
export const unmount = new RequestType<UnmountParams, void, DriveErrorData>('drive/unmount');
/** Entries of one folder; `/` lists the devices. `refresh` asks the server first. Kept live while `watched`. */
export const list = new RequestType<{ path: string; refresh: boolean }, readonly EntryInfo[], DriveErrorData>(
  'drive/list',
);
/** Folders a window shows; the poller keeps them fresh. Replaces this window's earlier set. */
export const watch = new RequestType<{ paths: readonly string[] }, void, DriveErrorData>('drive/watch');
/** Polls now; resolves when changes are in. */
export const refresh = new RequestType0<void, DriveErrorData>('drive/refresh');
export const setOptions = new RequestType<DriveOptions, void, DriveErrorData>('drive/setOptions');
export const setTransfersPaused = new RequestType<{ paused: boolean }, void, DriveErrorData>(
  'drive/setTransfersPaused',
);
/** Retries a failed change now, by the id of its transfer; without one, all of them. */
export const retryFailed = new RequestType<{ id?: string }, void, DriveErrorData>('drive/retryFailed');
/**
 * Ends a transfer that `canStop`. A change that is to be sent stays on this computer, failed with the reason `stopped`, until
 * it is retried or given up; what somebody asked for rejects `stopped`.
 */
export const stopTransfer = new RequestType<{ id: string }, void, DriveErrorData>('drive/stopTransfer');
/** Gives a failed change up: the server's side is shown again, what was only here is gone. `notFound` when it has not failed. */
export const discardFailed = new RequestType<{ id: string }, void, DriveErrorData>('drive/discardFailed');
/** Writes the content of a failed change to `to`, a file of this computer; the change stays. */
export const exportFailed = new RequestType<{ id: string; to: string }, ExportedCopy, DriveErrorData>(
  'drive/exportFailed',
);
/** Finished transfers, newest first. */
export const history = new RequestType<{ limit: number }, readonly PastTransfer[], DriveErrorData>('drive/history');
/** Is FUSE here? Rejects with fuseMissing, fuseNotAllowed or fuseTooOld (args: `hint`, the command to run), packageCannotMount or systemCannotMount. */
export const preflight = new RequestType0<void, DriveErrorData>('drive/preflight');
export const shutdown = new RequestType<ShutdownParams, void, DriveErrorData>('drive/shutdown');

/** The person turned to this window. */
export const windowFocused = new NotificationType0('window/focused');

/** Requests of the drive to a window. */
/** Resolve only when the secret is durably stored; the drive uses the tokens after that. */
export const storeTokens = new RequestType<StoredTokens, void, DriveErrorData>('window/storeTokens');

/**
 * Notification of the drive to one window: whether it is the one that speaks to the person. There is one at a time, the
 * window looked at last, so that what happened is told once however many windows are open.
 */
export const notifyingWindow = new NotificationType<{ notifyingWindow: boolean }>('window/notifying');

/** Notifications of the drive to every window. */
export const stateChanged = new NotificationType<DriveState>('drive/stateChanged');
/** Listings under these folders changed. */
export const entriesChanged = new NotificationType<{ folders: readonly string[] }>('drive/entriesChanged');
export const conflictMade = new NotificationType<ConflictNotice>('drive/conflictMade');
/** The refresh token was refused; the window asks once to sign in again. */
export const signedOut = new NotificationType0('drive/signedOut');
