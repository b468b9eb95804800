import { cacheLimits } from './limits.ts';

/** Position of one sequential reader: `next` is the byte a sequential read would start at. */
export interface Readahead {
  next: number;
  windowBytes: number;
  /** Number of the last block that was asked for ahead of it. */
  reached: number;
}

export function newReadahead(): Readahead {
  return { next: 0, windowBytes: 0, reached: -1 };
}

const { blockBytes, firstWindowBytes, maxWindowBytes } = cacheLimits;

/** Blocks to have under way beyond a read of `[start, stop)`; grows on sequential reads, resets on a far seek. */
export function moveWindow(ahead: Readahead, start: number, stop: number): number {
  // Kernel readahead reorders by up to 512 KiB, so "sequential" allows one window's slack.
  const near = Math.abs(start - ahead.next) <= Math.max(blockBytes * 2, ahead.windowBytes / 4);
  if (!near) {
    ahead.windowBytes = 0;
    ahead.reached = -1;
  } else if (stop > ahead.next && start > 0) {
    ahead.windowBytes = Math.min(maxWindowBytes, Math.max(firstWindowBytes, ahead.windowBytes * 2));
  }
  ahead.next = near ? Math.max(ahead.next, stop) : stop;
  return Math.floor(ahead.windowBytes / blockBytes);
}
