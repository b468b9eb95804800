import { neverAborts } from '../../base/abort.ts';
import { isJottaError } from '../errors.ts';
import type { Service } from '../service.ts';
import type { ByteRange, JottaPath } from '../types.ts';
import { mayRefusePart, type Opened, openPart } from './download.ts';

/** Further from any revision of a file than their numbers jump. */
const beyondAll = 1_000_000;

/**
 * A part of the revision of that number: whatever the newest one is by then, it needs no look at what it is of. No client is
 * known to ask for such a part. So the first one is used only if the service, asked beside it for a part of a revision that
 * there cannot be, has none. `refused` where that is not so, and when there is no such revision any more; undefined where nothing
 * was found out.
 */
export async function tryPinned(
  service: Service,
  path: JottaPath,
  range: ByteRange,
  revision: number,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer> | 'refused' | undefined> {
  const { habits, reads } = service;
  if (habits.lacks('range') || habits.lacks('pinnedRange')) return undefined;
  const opening = tryOpen(service, path, range, revision, signal);
  reads.heedsNumbers ??= heedsNumbers(service, path, { ...range, start: 0, end: 1 }, revision + beyondAll);
  const opened = await opening;
  if (opened === undefined) return 'refused';
  const heeds = opened.status === 206 && (await reads.heedsNumbers);
  if (heeds === true) {
    habits.note('pinnedRange', true);
    return opened.chunks;
  }
  opened.drop();
  if (heeds === false) return 'refused';
  reads.heedsNumbers = undefined;
  return undefined;
}

async function tryOpen(
  service: Service,
  path: JottaPath,
  range: ByteRange,
  revision: number,
  signal: AbortSignal,
): Promise<(Opened & { status: number }) | undefined> {
  try {
    return await openPart(service, path, range, revision, signal);
  } catch (error) {
    if (signal.aborted || !mayRefusePart(error, revision)) throw error;
    return undefined;
  }
}

/** Does a part of revision `none`, which there is not, not exist? Undefined where no answer came. Never rejects. */
async function heedsNumbers(
  service: Service,
  path: JottaPath,
  range: ByteRange,
  none: number,
): Promise<boolean | undefined> {
  try {
    // The answer serves everybody who waits, so no signal cuts it short.
    const { drop } = await openPart(service, path, range, none, neverAborts);
    drop();
    return false;
  } catch (error) {
    if (isJottaError(error, 'notFound')) return true;
    return mayRefusePart(error, none) ? false : undefined;
  }
}
