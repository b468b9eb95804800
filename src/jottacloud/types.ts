/** `[device, mountpoint, ...names]`, each exactly as the server spells it (wire names, unescaped). */
export type JottaPath = readonly string[];

/** A live file whose newest content is complete (PROTOCOL.md §2.6). */
export interface JottaFile {
  readonly kind: 'file';
  /** Wire name. */
  readonly name: string;
  /** 32 hex digits, lower case. */
  readonly md5: string;
  /** Bytes. */
  readonly size: number;
  /** Epoch seconds; 0 = unknown. */
  readonly modified: number;
  /** Epoch seconds; 0 = unknown. */
  readonly created: number;
  /** Grows by 1 with each change of content. */
  readonly revision: number;
  /** Stable over revisions; informative only, nothing can be addressed by it. */
  readonly uuid: string | undefined;
  readonly mime?: string;
  /** A newer revision was begun and is not complete. Not told of older revisions. */
  readonly unfinished?: true;
}

/** Listings give folders no times and no id (PROTOCOL.md §2.5). */
export interface JottaFolder {
  readonly kind: 'folder';
  /** Wire name. */
  readonly name: string;
}

/** Something live that the server lists and that cannot be used: its name, state, size or md5 is none. */
export interface JottaUnusable {
  readonly kind: 'unusable';
  /** Wire name; empty where it is the name that cannot be used. */
  readonly name: string;
}

export type JottaEntry = JottaFile | JottaFolder | JottaUnusable;

export interface Customer {
  /** The internal name that JFS paths need; not the e-mail. */
  readonly username: string;
  readonly email: string;
  readonly name: string;
  /** Bytes. */
  readonly usage: number;
  /** Bytes; -1 = unlimited. */
  readonly quota: number;
  readonly writeLocked: boolean;
}

export interface JottaDevice {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** Epoch seconds; 0 = unknown. */
  readonly modified: number;
}

export interface Account {
  /** Bytes; -1 = unlimited. */
  readonly capacity: number;
  /** Bytes. */
  readonly usage: number;
  readonly devices: JottaDevice[];
  /** Devices whose names cannot be used. */
  readonly unusable: number;
}

export interface JottaMountpoint {
  readonly name: string;
  readonly size: number;
  /** Epoch seconds; 0 = unknown. */
  readonly modified: number;
}

/** The live mountpoints of a device. */
export interface JottaMountpoints {
  readonly mountpoints: JottaMountpoint[];
  /** Those whose names cannot be used. */
  readonly unusable: number;
}

/** Something usable in a recursive listing. `path` starts below the device: `[mountpoint, ...names]` (§2.8). */
export type StreamedItem =
  | { readonly kind: 'folder'; readonly path: readonly string[] }
  | {
      readonly kind: 'file';
      readonly path: readonly string[];
      readonly md5: string;
      readonly size: number;
      readonly modified: number;
      readonly created: number;
    };

/** One line of a recursive listing. Of what cannot be used, the last name is empty as in `JottaUnusable`. */
export type StreamedEntry = StreamedItem | { readonly kind: 'unusable'; readonly path: readonly string[] };

/** Half-open byte range of a file known to be `size` bytes long. */
export interface ByteRange {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly size: number;
}

export interface DownloadRange extends ByteRange {
  /** Absent: the newest, unless `md5` is not that of the newest. */
  readonly revision?: number;
  /** The content meant, lower case. Absent: whatever that revision holds. */
  readonly md5?: string;
}

export interface AllocateRequest {
  readonly size: number;
  readonly md5: string;
  /** Epoch seconds. */
  readonly modified: number;
  /** Epoch seconds; default: `modified`. */
  readonly created?: number;
  readonly onConflict: 'newRevision' | 'reject';
}

export interface Allocation {
  /** True: the service already has the content, nothing is to be sent. */
  readonly completed: boolean;
  /** Empty when completed. */
  readonly uploadUrl: string;
  /** Bytes the service already holds. */
  readonly resumePos: number;
}

export interface UploadResult {
  /** Lower case. */
  readonly md5: string;
  readonly size: number;
  /** Epoch seconds. */
  readonly modified: number;
}

export interface FileStamp {
  readonly md5: string;
  readonly size: number;
  /** Epoch seconds. */
  readonly modified: number;
  /** Epoch seconds. */
  readonly created: number;
}
