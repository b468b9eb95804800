import { createHash } from 'node:crypto';
import { neverAborts, untilAborted } from '../../base/abort.ts';
import { isJottaError, JottaError } from '../errors.ts';
import { fetchKeptRevisions } from '../listing/listings.ts';
import type { Service } from '../service.ts';
import { fromAbort } from '../transport/transportErrors.ts';
import type { DownloadRange, JottaFile, JottaPath } from '../types.ts';
import { checkPath } from '../urls.ts';
import { type Opened, openBytes, openWhole } from './download.ts';
import { tryPinned } from './pinned.ts';

/** A content up to this size is checked by its md5 before its first byte is given; of a larger one the server is asked. Bytes. */
const checkedBytes = 1024 * 1024;

/**
 * Bytes `start…end-1` of a file known to be `size` long. Resolves when the answer has begun and is of the right revision;
 * repeats only before that. The iterable must be read, or the signal aborted, to free the connection.
 *
 * With `md5`: of that content, wherever among the revisions of the path it is by now. It is asked for by the number of its
 * revision where the service heeds that (pinned.ts). Else the newest revision is asked for without its number, as every
 * client does that is known to work, and then shown to be of that content: by its md5 when it is read whole and small, by the
 * md5 in the answer's ETag, or by a look at the file that begins after the answer did. What is not the newest any more is asked
 * for as `revision`; 'notFound' when that is not given.
 *
 * JottaError 'corrupt': the file has another size now, or gave more bytes; 'incomplete': the body ended early (retryable);
 * 'timeout' on silence, 'range' for a range outside the file, 'notFound'.
 * An empty range makes no request (what the server does with one is unknown).
 * Each chunk is the reader's until it asks for the next one.
 */
export async function download(
  service: Service,
  path: JottaPath,
  range: DownloadRange,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  checkPath(path, 3);
  const { start, end, size, revision, md5 } = range;
  if (!(start >= 0 && end <= size && [start, end, size].every(Number.isSafeInteger))) {
    throw new JottaError('range', 'the range lies outside the file');
  }
  if (start >= end) return nothing();
  if (md5 === undefined) return (await openBytes(service, path, range, revision, signal)).chunks;
  const { habits, reads } = service;
  const { older } = reads;
  const key = olderKey(path, md5);
  let isRefused = false;
  if (revision !== undefined && !isChecked(range)) {
    const pinned = await tryPinned(service, path, range, revision, signal);
    if (pinned !== undefined && pinned !== 'refused') return pinned;
    isRefused = pinned === 'refused';
  }
  if (!older.has(key)) {
    const newest = await tryNewest(service, path, { ...range, md5 }, signal);
    if (typeof newest !== 'string') {
      // The content is there, and was not given when asked for by the number of its revision.
      if (isRefused && !habits.lacks('range')) habits.note('pinnedRange', false);
      return newest;
    }
    older.set(key, newest);
  }
  if (revision === undefined) throw new JottaError('notFound', 'the newest content of the file is another');
  if (!comesWhole(service, path, md5)) return (await openBytes(service, path, range, revision, signal)).chunks;
  return (await openWhole(service, path, range, revision, signal)).chunks;
}

/**
 * True when any part of that content costs a download of all of it. Where nobody has seen `revision` and `Range` together at
 * work, a part of an older revision could be one of the newest: if both have the same size, nothing would tell.
 */
export function comesWhole({ habits, reads }: Service, path: JottaPath, md5: string): boolean {
  if (habits.lacks('range')) return true;
  const older = reads.older.get(olderKey(path, md5));
  return older === 'sameSize' ? !habits.has('pinnedRange') : older !== undefined && habits.lacks('pinnedRange');
}

function olderKey(path: JottaPath, md5: string): string {
  return `${md5} ${path.join('/')}`;
}

/** Whether a range is a whole small file, whose md5 tells what it is. */
function isChecked({ start, end, size }: DownloadRange): boolean {
  return start === 0 && end === size && size <= checkedBytes;
}

async function* nothing(): AsyncGenerator<Buffer, void, undefined> {}

/** Bytes of the newest revision where it is that content, else how it differs. */
async function tryNewest(
  service: Service,
  path: JottaPath,
  range: DownloadRange & { readonly md5: string },
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer> | 'sameSize' | 'otherSize'> {
  let opened: Opened;
  try {
    opened = await openBytes(service, path, range, undefined, signal);
  } catch (error) {
    // Another size, or one so small that the range is outside it.
    if (isJottaError(error, 'corrupt') || isJottaError(error, 'range')) return 'otherSize';
    throw error;
  }
  const { md5 } = range;
  if (isChecked(range)) return tryWhole(opened, md5);
  if (hasMd5(opened, md5)) return opened.chunks;
  try {
    const newest = await look(service, path, signal);
    if (newest?.md5 === md5) return opened.chunks;
  } catch (error) {
    opened.drop();
    throw error;
  }
  opened.drop();
  return 'sameSize';
}

async function tryWhole({ chunks }: Opened, md5: string): Promise<AsyncIterable<Buffer> | 'sameSize' | 'otherSize'> {
  const parts: Buffer[] = [];
  const hash = createHash('md5');
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      parts.push(Buffer.from(chunk));
    }
  } catch (error) {
    if (isJottaError(error, 'corrupt')) return 'otherSize';
    throw error;
  }
  if (hash.digest('hex') !== md5) return 'sameSize';
  return (async function* () {
    yield* parts;
  })();
}

/** No client is known to have seen one; an ETag that is this md5 cannot be that of another content. */
function hasMd5({ header }: Opened, md5: string): boolean {
  return header('etag')?.replace(/^W\//, '').replaceAll('"', '').toLowerCase() === md5;
}

/** The newest complete revision as it is now, of a file in the trash too; shared by all that wait for such a look. */
async function look(service: Service, path: JottaPath, signal: AbortSignal): Promise<JottaFile | undefined> {
  const looking = service.reads.looks.run(path.join('/'), async () => {
    // Shared by callers that come and go; it has a deadline of its own.
    const [newest] = await fetchKeptRevisions(service, path, neverAborts);
    return newest;
  });
  try {
    return await untilAborted(looking, signal);
  } catch (error) {
    throw isJottaError(error) ? error : fromAbort(signal.reason);
  }
}
