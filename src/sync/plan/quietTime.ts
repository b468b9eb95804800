import type { NodeRow } from '../../store/nodeRow.ts';
import type { Activity } from '../tree/activity.ts';
import { writebackLimits } from '../tree/limits.ts';

/**
 * Names that programs give to files on their way to another name. They are user data all the
 * same, so they are only held back, never left out.
 */
const temporaryNames = [
  /\.te?mp$/i,
  /\.sw[a-z]$/i,
  /^4913$/,
  /^\.goutputstream-/,
  /\.sb-.+-.+$/,
  /^\.nfs/,
  /^#.*#$/,
  /\.(crdownload|part|partial|download)$/i,
  /\.vsctmp$/i,
];

export interface SettleContext {
  readonly activity: Activity;
  /** Quiet time of an ordinary node, ms. 0 pushes what can be pushed at once: somebody waits for the drain. */
  readonly settleMs: number;
  /** Finder says that it is still copying to this file. */
  readonly isIncomplete: (row: NodeRow) => boolean;
}

/**
 * How long a node must have been quiet before it is pushed, ms. Of one that was quiet for less than the ordinary time it
 * answers that, without a closer look: this is asked of every pending node, again and again.
 */
export function getSettleMs(
  { activity, settleMs, isIncomplete }: SettleContext,
  row: NodeRow,
  quietMs: number,
): number {
  if (settleMs === 0) return 0;
  if (isMovedFolder(row)) return Math.min(settleMs, writebackLimits.movedFolderMs);
  if (quietMs >= 0 && quietMs < settleMs) return settleMs;
  if (activity.isOpenForWriting(row.ino)) return Math.max(settleMs, writebackLimits.heldOpenMs);
  const unfinished = row.synced === null && temporaryNames.some((pattern) => pattern.test(row.name));
  if (unfinished || (row.kind === 'file' && isIncomplete(row))) return Math.max(settleMs, writebackLimits.temporaryMs);
  return settleMs;
}

/**
 * Programs that save by renaming do it with files, which then become each other's revisions once all of it is over. A folder
 * that the server knows is only somewhere else.
 */
function isMovedFolder({ kind, parent, name, synced }: NodeRow): boolean {
  if (kind !== 'folder' || parent === null || synced === null) return false;
  return parent !== synced.parent || name !== synced.name;
}

/** Finder's mark of a copy in progress: type `brok`, creator `MACS`. */
export function isFinderCopying(finderInfo: Buffer | undefined): boolean {
  return finderInfo?.subarray(0, 8).toString('latin1') === 'brokMACS';
}
