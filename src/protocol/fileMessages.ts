import { RequestType, RequestType0 } from 'vscode-jsonrpc';
import type { DriveErrorData } from './errors.ts';
import type { EntryInfo } from './state.ts';

/**
 * What windows ask about single files and folders. Paths are paths in the account as the mount shows them
 * (`/Jotta/Archive/a.txt`); `local…` are absolute paths on this computer. Changes are local and durable when a request
 * resolves, and travel to the server afterwards, as through a mount. Changes below a read-only mount reject `readOnly`.
 */

interface PathParams {
  readonly path: string;
}
/** What to do about a name that is taken. `keepBoth` numbers the newcomer; folders are merged by `replace`. */
export type Collision = 'fail' | 'replace' | 'keepBoth';

export interface ReadFileParams extends PathParams {
  /** Bytes; at most `readChunkBytes`. */
  readonly offset: number;
  readonly length: number;
}
export interface FileChunk {
  /** Base64; shorter than asked for at the end of the file. */
  readonly content: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Another one in the next answer: the file changed between the two. */
  readonly version: string;
}
/** Most bytes that one `readFile` answers or one `writeFile` takes. */
export const readChunkBytes = 4 * 1024 * 1024;

export interface WriteFileParams extends PathParams {
  /** Base64 of the whole new content. Larger content goes through `putFile`. */
  readonly content: string;
  /** False: the file must exist (`notFound`). */
  readonly create: boolean;
  /** False: it must not (`alreadyExists`). */
  readonly overwrite: boolean;
}
export interface PutFileParams extends Omit<WriteFileParams, 'content'> {
  /** The file to take the content from. */
  readonly localFile: string;
}

export interface RenameParams {
  readonly from: string;
  readonly to: string;
  /** False: `alreadyExists` when `to` is taken. A folder is replaced only when it is empty, a file becomes a revision. */
  readonly overwrite: boolean;
}
export interface CopyParams {
  readonly from: string;
  readonly to: string;
  readonly collision: Collision;
}
export interface DeleteParams extends PathParams {
  /** False: `folderNotEmpty` for a folder that holds something. */
  readonly recursive: boolean;
}

export interface UploadParams {
  readonly localPaths: readonly string[];
  readonly folder: string;
  readonly collision: Collision;
}
export interface DownloadParams {
  readonly paths: readonly string[];
  readonly localFolder: string;
  readonly collision: Collision;
}

export interface SearchParams {
  /** Folder to search below; `/` is all of it. */
  readonly folder: string;
  /** Words that the name holds, in any order; case does not matter, `*` stands for any characters. */
  readonly text: string;
  readonly limit: number;
  /** False: only what is known on this computer. True: the server is asked as well. */
  readonly deep: boolean;
}
export interface SearchResult {
  readonly hits: readonly { readonly path: string; readonly kind: 'folder' | 'file' }[];
  /** There are more than `limit`. */
  readonly limited: boolean;
}

export interface RevisionInfo {
  readonly revision: number;
  /** ms since the epoch; 0 when unknown. */
  readonly modifiedMs: number;
  /** Bytes. */
  readonly size: number;
  readonly current: boolean;
}
export interface RevisionParams extends PathParams {
  readonly revision: number;
}

export interface TrashEntry {
  /** Where it was, and where a restore puts it. Identifies the entry. */
  readonly path: string;
  readonly kind: 'folder' | 'file';
  /** ms since the epoch; 0 when unknown. */
  readonly deletedMs: number;
  /** Bytes; 0 for folders. */
  readonly size: number;
}

type Request<P, R> = RequestType<P, R, DriveErrorData>;
const request = <P, R>(name: string): Request<P, R> => new RequestType<P, R, DriveErrorData>(`files/${name}`);

export const stat = request<PathParams, EntryInfo>('stat');
/** Only what is known without asking the server; null for the rest. Same order as `paths`. */
export const lookup = request<{ readonly paths: readonly string[] }, readonly (EntryInfo | null)[]>('lookup');
export const readFile = request<ReadFileParams, FileChunk>('readFile');
export const writeFile = request<WriteFileParams, void>('writeFile');
export const putFile = request<PutFileParams, void>('putFile');
export const createFolder = request<PathParams, void>('createFolder');
/** To the trash of the account. */
export const deleteEntry = request<DeleteParams, void>('delete');
export const rename = request<RenameParams, void>('rename');
/** Answers the path of the copy. Cancel to stop; what is copied by then stays. */
export const copy = request<CopyParams, string>('copy');
/** Answers the paths made. Shown as transfers; cancel to stop. */
export const upload = request<UploadParams, readonly string[]>('upload');
/** Answers the local paths made. Shown as transfers; cancel to stop. */
export const download = request<DownloadParams, readonly string[]>('download');
export const search = request<SearchParams, SearchResult>('search');

/** Newest first; the service keeps five. */
export const listRevisions = request<PathParams, readonly RevisionInfo[]>('listRevisions');
export const readRevision = request<ReadFileParams & RevisionParams, FileChunk>('readRevision');
/** The old content becomes the newest revision. `pendingUploads` while the file has changes that were not uploaded. */
export const restoreRevision = request<RevisionParams, void>('restoreRevision');

/** Newest first. */
export const listTrash = new RequestType0<readonly TrashEntry[], DriveErrorData>('files/listTrash');
/** `alreadyExists` when something else has its place now. */
export const restoreFromTrash = request<PathParams, void>('restoreFromTrash');
/** There is no way back. `alreadyExists` when something else has its place now, which would go too. */
export const deleteForever = request<PathParams, void>('deleteForever');

/** All of it, for good. */
export const emptyTrash = new RequestType0<void, DriveErrorData>('files/emptyTrash');

/** The page anyone may open; made when there is none. */
export const createPublicLink = request<PathParams, string>('createPublicLink');
/** null when there is none. */
export const getPublicLink = request<PathParams, string | null>('getPublicLink');
/** Paths of all files that have one; the service does not tell which folders have. */
export const listPublic = new RequestType0<readonly string[], DriveErrorData>('files/listPublic');
export const removePublicLink = request<PathParams, void>('removePublicLink');
/** The item on Jottacloud's web pages, for the account's owner. */
export const getWebUrl = request<PathParams, string>('getWebUrl');

/** Keep Offline: fetched ahead, kept fresh, never evicted. */
export const pin = request<PathParams, void>('pin');
/** Ends that, and frees the bytes. `pinnedAbove` (args: `folder`) while a folder above is kept offline. */
export const removeOfflineCopy = request<PathParams, { readonly freedBytes: number }>('removeOfflineCopy');
/** Evicts all that is clean and not kept offline. */
export const freeUpSpace = new RequestType0<{ readonly freedBytes: number }, DriveErrorData>('files/freeUpSpace');
