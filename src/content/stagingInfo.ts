import type { Extents } from '../base/extents.ts';
import type { ContentRef } from './blocks.ts';

/** Content under a staging file: bytes below `limit` that the staging file lacks are `content`'s. */
export interface StagingBase {
  readonly content: ContentRef;
  readonly limit: number;
}

export interface StagingInfo {
  readonly id: string;
  readonly size: number;
  readonly extents: Extents;
  readonly base: StagingBase | null;
}

/** What shows of a base once the file is cut to `size`. */
export function cutBase(base: StagingBase | null, size: number): StagingBase | null {
  const limit = Math.min(base?.limit ?? 0, size);
  return base === null || limit === 0 ? null : { content: base.content, limit };
}
