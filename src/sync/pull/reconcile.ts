/**
 * What a listing asks for, decided from facts alone: nothing here reads or writes a row, so each rule can be tried by itself.
 * merge.ts gathers the facts and does what was decided.
 */

/** What a listing tells of a file that has been known before, and what is known of it here. */
export interface KnownFile {
  /** As the server held it at the last listing or push. `md5` null: an upload of unknown outcome. */
  readonly old: { readonly md5: string | null; readonly mtime: number; readonly name: string };
  readonly listed: { readonly md5: string; readonly size: number; readonly mtime: number; readonly name: string };
  /** Local content; `seconds` is the whole seconds of the local mtime. */
  readonly local: { readonly md5: string | null; readonly size: number; readonly seconds: number };
  /** Removed here; the server does not know yet. */
  readonly isRemoved: boolean;
  /** Whether the file is in the folder and under the name that the server knows. */
  readonly isInPlace: boolean;
  /** Has bytes that were not sent. */
  readonly isStaged: boolean;
  /** Has bytes that are not in the database yet. */
  readonly isUnflushed: boolean;
  readonly isOpenForWriting: boolean;
  /** The listed content is an upload of our own whose answer may not have come. */
  readonly isOwnUpload: boolean;
}

export type FileDecision =
  /** The newer bytes win over the removal, so that nothing is lost. */
  | { readonly do: 'restore' }
  /** The server side is noted; the local side stands. */
  | { readonly do: 'noteServerSide' }
  /** Nothing: the upload's own look at the server will know more. */
  | { readonly do: 'leave' }
  /** Changed here and there: both are kept. */
  | { readonly do: 'conflict' }
  /** A program that has the file open for writing goes on from what it opened; the rest is decided at the close. */
  | { readonly do: 'defer' }
  /** The local side follows the server, as far as the fields say. */
  | {
      readonly do: 'follow';
      readonly takesContent: boolean;
      /** The content that is shown changes. */
      readonly isNewContent: boolean;
      readonly takesTime: boolean;
      readonly takesName: boolean;
      /** Programs see a difference. */
      readonly isVisible: boolean;
    };

export function decideFile(file: KnownFile): FileDecision {
  const { old, listed, local } = file;
  const bytesMoved = listed.md5 !== old.md5;
  if (file.isRemoved) {
    return { do: bytesMoved && !file.isOwnUpload ? 'restore' : 'noteServerSide' };
  }
  const isClean = !file.isStaged && !file.isUnflushed && (local.md5 === old.md5 || local.md5 === listed.md5);
  // The newer local bytes rest on what was sent, also where they are what the server had before it.
  if ((!isClean || local.md5 !== listed.md5) && file.isOwnUpload) return { do: 'noteServerSide' };
  // Perhaps the same bytes.
  if (file.isInPlace && file.isStaged && local.size === listed.size && !file.isUnflushed) return { do: 'leave' };
  if (!isClean && bytesMoved) return { do: 'conflict' };
  const isNewContent = isClean && bytesMoved && local.md5 !== listed.md5;
  if (isNewContent && file.isOpenForWriting) return { do: 'defer' };
  const takesTime = isClean && (bytesMoved || (local.seconds === old.mtime && listed.mtime !== old.mtime));
  return {
    do: 'follow',
    takesContent: isClean,
    isNewContent,
    takesTime,
    takesName: file.isInPlace,
    isVisible: bytesMoved || takesTime || listed.name !== old.name,
  };
}

/** An entry that no known row of its folder stands for, and the row that has its name here. */
export interface NewEntry {
  readonly entry: { readonly isFile: boolean; readonly md5: string | null };
  readonly occupant:
    | {
        readonly isFile: boolean;
        readonly md5: string | null;
        readonly isLocalOnly: boolean;
        /** The server knows it, in another place or under another name. */
        readonly isOnServer: boolean;
        readonly isWritten: boolean;
      }
    | undefined;
}

/**
 * `insert`: a new row. `hide`: this computer's own litter has the name and is never sent. `join`: the occupant is the same
 * thing, made on both sides. `conflict`: the occupant is set aside, then a new row.
 */
export function decideNew({ entry, occupant }: NewEntry): 'insert' | 'hide' | 'join' | 'conflict' {
  if (occupant === undefined) return 'insert';
  if (occupant.isLocalOnly) return 'hide';
  const bothFolders = !entry.isFile && !occupant.isFile;
  const sameBytes = entry.isFile && !occupant.isWritten && occupant.md5 === entry.md5;
  return !occupant.isOnServer && (bothFolders || sameBytes) ? 'join' : 'conflict';
}

/** A row that the listing does not tell of any more. */
export interface VanishedRow {
  readonly isFile: boolean;
  readonly isRemoved: boolean;
  /** Moved or renamed here; the server does not know yet. */
  readonly hasMoved: boolean;
  /** Of a file: its content here is not what the server had. */
  readonly isEdited: boolean;
  readonly isOpenForWriting: boolean;
  /** Something else has its name now. */
  readonly isReplaced: boolean;
  /** Of a folder: what is in it and neither goes with it nor waits for a close. */
  readonly hasOtherChildren: boolean;
  /** Of a folder: something in it waits for a close. */
  readonly hasWaitingChildren: boolean;
}

/**
 * `wait`: a close will tell whether it is gone. `drop`: it goes here too. `keep`: it holds work of ours, and is new to the
 * server from now on.
 */
export function decideVanished(row: VanishedRow): 'wait' | 'drop' | 'keep' {
  const hasOwnWork =
    row.hasMoved || (row.isFile ? row.isEdited || (row.isOpenForWriting && row.isReplaced) : row.hasOtherChildren);
  const waits = row.isOpenForWriting || row.hasWaitingChildren;
  if (!row.isRemoved && !hasOwnWork && waits) return 'wait';
  return row.isRemoved || !hasOwnWork ? 'drop' : 'keep';
}
