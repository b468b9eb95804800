import { isJottaError } from '../errors.ts';
import type { Service } from '../service.ts';
import type { ByteRange, RemotePath } from '../types.ts';
import { type Opened, openPart, refusalsOfPinnedPart } from './download.ts';

/** Further from any revision of a file than their numbers jump. */
const beyondAll = 1_000_000;

/** There is no such revision at that path, or one of another size. */
const signsOfAnother: readonly string[] = ['notFound', 'corrupt'];

/** Never aborts: what is learned is for all. */
const unhurried = new AbortController().signal;

/**
 * A part of the revision of that number: whatever the newest one is by then, it needs no look at what it is of. No client is
 * known to ask for such a part. So the first one is used only if the service, asked beside it for a part of a revision that
 * there cannot be, has none. Undefined where that is not so, and when there is no such revision any more.
 */
export async function tryPinned(
  service: Service,
  path: RemotePath,
  range: ByteRange,
  revision: number,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer> | undefined> {
  const { habits, reads } = service;
  if (habits.lacks('range') || habits.lacks('pinnedRange')) return undefined;
  const opening = tryOpen(service, path, range, revision, signal);
  reads.heedsNumbers ??= heedsNumbers(service, path, { ...range, start: 0, end: 1 }, revision + beyondAll);
  const opened = await opening;
  if (opened === undefined) return undefined;
  if (opened.status === 206 && (await reads.heedsNumbers)) {
    habits.note('pinnedRange', true);
    return opened.chunks;
  }
  opened.drop();
  return undefined;
}

async function tryOpen(
  service: Service,
  path: RemotePath,
  range: ByteRange,
  revision: number,
  signal: AbortSignal,
): Promise<(Opened & { status: number }) | undefined> {
  const isKnown = service.habits.has('pinnedRange');
  try {
    return await openPart(service, path, range, revision, signal);
  } catch (error) {
    const refusals = isKnown ? signsOfAnother : refusalsOfPinnedPart;
    if (signal.aborted || !isJottaError(error) || !refusals.includes(error.kind)) throw error;
    return undefined;
  }
}

/** Does a part of revision `none`, which there is not, not exist? False where the service says anything else. Never rejects. */
async function heedsNumbers(service: Service, path: RemotePath, range: ByteRange, none: number): Promise<boolean> {
  try {
    const { drop } = await openPart(service, path, range, none, unhurried);
    drop();
    return false;
  } catch (error) {
    return isJottaError(error, 'notFound');
  }
}
