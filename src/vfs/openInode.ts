import type { ContentRef } from '../content/blocks.ts';
import type { Readahead } from '../content/readahead.ts';
import type { StagingFile } from '../content/stagingFile.ts';
import type { Ino, Timestamp } from '../store/nodeRow.ts';
import type { ReadPatience } from './readPatience.ts';

export type Fh = number;

/** One open file description. */
export interface Handle {
  readonly fh: Fh;
  readonly ino: Ino;
  readonly writing: boolean;
  readonly append: boolean;
  readonly ahead: Readahead;
}

/** What all handles of one inode share, from first open to last release. */
export interface OpenInode {
  readonly ino: Ino;
  handles: number;
  /** The revision that readers opened; pinned until the last release, so that two revisions never mix. */
  clean: ContentRef;
  /** Its time, shown as long as it is read from: attributes go with the bytes. */
  mtime: Timestamp;
  /** Set once someone wrote; newer than any row until flushed. */
  staging: StagingFile | undefined;
  readonly patience: ReadPatience;
}
