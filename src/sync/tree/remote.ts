/** Wire spelling from the device down: `['Jotta', 'Archive', 'Docs']`; `[]` is the account. */
export type WirePath = readonly string[];

export interface RemoteFile {
  readonly kind: 'file';
  readonly name: string;
  readonly wire: string;
  readonly md5: string;
  /** Bytes. */
  readonly size: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  /** Seconds since the epoch; 0 when it is not known. */
  readonly created: number;
  readonly revision: number;
  readonly uuid: string | null;
  /** A newer revision was begun, by whomever, and is not complete. */
  readonly unfinished?: boolean;
}
export interface RemoteFolder {
  readonly kind: 'device' | 'mountpoint' | 'folder';
  readonly name: string;
  readonly wire: string;
}
export type RemoteEntry = RemoteFile | RemoteFolder;

/** What the server lists of a container. */
export interface RemoteListing {
  /** Live and complete. Names may meet (standIns.ts). */
  readonly entries: readonly RemoteEntry[];
  /** What is live and cannot be used, as the wire spells it; an empty name where that is what cannot be used. */
  readonly unusable: readonly string[];
}

/** A folder, or something in it; names in local spelling, from the listed folder down. */
export type TreeEntry = {
  /** From the listed folder down, as the wire spells it; of what is in the folder, when there is something. */
  readonly wire: WirePath;
  readonly folder: readonly string[];
} & (
  | { readonly kind: 'folder' }
  | { readonly kind: 'file'; readonly name: string; readonly md5: string }
  /** `name` is empty where it cannot be used. */
  | { readonly kind: 'unusable'; readonly name: string }
);

/**
 * Why the server did not do it. `offline`, `server` and `incomplete` pass by themselves; `signedOut` needs the user;
 * `quota`, `writeLocked`, `forbidden`, `invalidName` (of something new) and `unreachableName` (of what the server has, or of a
 * folder above it) are refusals that stay until something changes; `vanished`: content that
 * only the server had is nowhere on it any more; `cancelled` was our own wish.
 */
export type RemoteErrorKind =
  | 'offline'
  | 'server'
  | 'incomplete'
  | 'signedOut'
  | 'notFound'
  | 'vanished'
  | 'conflict'
  | 'quota'
  | 'writeLocked'
  | 'forbidden'
  | 'invalidName'
  | 'unreachableName'
  | 'cancelled';

export class RemoteError extends Error {
  readonly kind: RemoteErrorKind;
  /** `offline` for a reason that waiting does not mend, as a certificate that is not trusted. */
  readonly needsPerson: boolean;

  constructor(kind: RemoteErrorKind, message: string, options: ErrorOptions & { readonly needsPerson?: boolean } = {}) {
    super(message, options);
    this.name = 'RemoteError';
    this.kind = kind;
    this.needsPerson = options.needsPerson ?? false;
  }
}

export function isRemoteError(error: unknown, kind?: RemoteErrorKind): error is RemoteError {
  return error instanceof RemoteError && (kind === undefined || error.kind === kind);
}

/** What the write-back needs of the account. Every call rejects with a RemoteError, within its own deadline. */
export interface Remote {
  /** The children of any container. */
  fetchEntries(path: WirePath, signal: AbortSignal): Promise<RemoteListing>;
  fetchFile(path: WirePath, signal: AbortSignal): Promise<RemoteFile>;
  /** Revisions of a file that are still to be had, newest first; of one in the trash too. */
  fetchRevisions(path: WirePath, signal: AbortSignal): Promise<RemoteFile[]>;
  /** Everything live below a folder, itself included, in one request; only an iteration that ends was all of it. */
  fetchTree(path: WirePath, signal: AbortSignal): AsyncIterable<TreeEntry>;
  /** Size and date of each mountpoint of a device, as one text each that changes when anything beneath changes. */
  fetchHints(device: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** True when any part of that content of a file costs a download of all of it. */
  comesWhole(path: WirePath, md5: string): boolean;
  /**
   * Bytes of the content of that md5, in chunks that are the reader's until it asks for the next one: the newest of the file, else its revision `revision`. `notFound` when it is neither, or
   * not the newest and `revision` is null.
   */
  openRange(
    path: WirePath,
    range: { start: number; end: number; size: number; revision: number | null; md5: string },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Buffer>>;
  /** Whether the server refuses a new file where one is; undefined while that was not seen. */
  refusesTaken(): boolean | undefined;
  /** Finds that out: asks for a new file where one with that content was just created. */
  tryRefusal(path: WirePath, file: { size: number; md5: string; mtime: number }, signal: AbortSignal): Promise<void>;
  /** What a path holds, and the revisions that are to be had there, newest first, of a file in the trash too. */
  fetchHistory(path: WirePath, signal: AbortSignal): Promise<{ isLive: boolean; revisions: RemoteFile[] }>;
  /** The newest complete content of a path, and a newer revision that may still become complete. */
  fetchProgress(
    path: WirePath,
    signal: AbortSignal,
  ): Promise<{
    current: RemoteFile | undefined;
    /** `received`: bytes of it, undefined where that is not told. */
    unfinished: { md5: string; received: number | undefined } | undefined;
  }>;
  allocate(
    path: WirePath,
    /** `reject`: a new file. Otherwise the next revision of a file of that `created`, seconds since the epoch, 0 when not known. */
    file: { size: number; md5: string; mtime: number; onto: 'reject' | { readonly created: number } },
    signal: AbortSignal,
  ): Promise<{ completed: boolean; uploadUrl: string; resumePos: number }>;
  /** What gives chunks is ended whatever happens, and may use the memory of a chunk again when the next is asked for. */
  upload(
    uploadUrl: string,
    body: AsyncIterable<Buffer> | Buffer,
    span: { start: number; size: number; md5: string },
    signal: AbortSignal,
    onProgress: (bytes: number) => void,
  ): Promise<void>;
  createFolder(path: WirePath, signal: AbortSignal): Promise<void>;
  moveFile(from: WirePath, to: WirePath, signal: AbortSignal): Promise<void>;
  moveFolder(from: WirePath, to: WirePath, signal: AbortSignal): Promise<void>;
  trashFile(path: WirePath, signal: AbortSignal): Promise<void>;
  trashFolder(path: WirePath, signal: AbortSignal): Promise<void>;
  setTimes(
    path: WirePath,
    file: { size: number; md5: string; mtime: number; created: number },
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Wire spelling of a local name. `former`, the wire spelling of what is to get it, stays where it is shown under that name.
   * After an `invalidName` there may be another one.
   */
  encodeName(name: string, former?: string): string;
  /** True of what the account only lets be read. */
  isReadOnly(path: WirePath): boolean;
  /** What the server keeps of a time, both in seconds since the epoch: the closest that it can. */
  toKeptTime(seconds: number): number;
}
