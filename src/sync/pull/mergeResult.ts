import type { Ino, NodeRow } from '../../store/nodeRow.ts';

/** A name in a folder that means something else now. */
export interface TreeChange {
  readonly parent: Ino;
  readonly name: string;
  /** There was nothing of that name before. */
  readonly came?: boolean;
  /** What had that name before and is gone. */
  readonly went?: NodeRow;
}

export interface MergeResult {
  readonly changes: readonly TreeChange[];
  readonly conflicts: readonly { original: TreeChange; copy: TreeChange }[];
  /** Staging files that nobody needs any more, once this is on the disk. */
  readonly discarded: readonly string[];
}
