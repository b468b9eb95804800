import { isJottaError, JottaError, type JottaErrorKind } from '../errors.ts';
import { addressOf, type Service, sendAuthorized } from '../service.ts';
import type { HttpAnswer } from '../transport/http.ts';
import { lentChunksOf } from '../transport/lentChunks.ts';
import { withRetry } from '../transport/retry.ts';
import type { ByteRange, JottaPath } from '../types.ts';

/** A body that has begun, and what its answer said about it. */
export interface Opened {
  /** Exactly the bytes of the range, or an error. Each chunk is the reader's until it asks for the next one. */
  readonly chunks: AsyncIterable<Buffer>;
  readonly header: (name: string) => string | undefined;
  /** Gives the body up unread. */
  readonly drop: () => void;
}

/**
 * Bytes `start…end-1` of the newest revision of a file, or of revision `revision`, known to be `size` long
 * (PROTOCOL.md §2.7). Resolves when the answer has begun and fits; repeats only before that. The body must be
 * read or dropped, or the signal aborted, to free the connection.
 *
 * A part is asked for with `Range`; where the service turns out to ignore or refuse that, the whole is, and the rest of it
 * thrown away: callers that want more than a part should then ask for all of it (`Habits`).
 *
 * JottaError 'corrupt': the revision has another size; 'range' for 416; 'notFound'. Of the body: 'incomplete' when it ends early,
 * 'timeout' on silence.
 */
export async function openBytes(
  service: Service,
  path: JottaPath,
  range: ByteRange,
  revision: number | undefined,
  signal: AbortSignal,
): Promise<Opened> {
  const habit = revision === undefined ? 'range' : 'pinnedRange';
  const { habits } = service;
  const isWhole = range.start === 0 && range.end === range.size;
  const send = (ranged: boolean) => sendOnce(service, path, range, revision, ranged, signal);
  if (isWhole || habits.lacks('range') || habits.lacks(habit)) return openWhole(service, path, range, revision, signal);
  let refused: JottaError;
  try {
    const opened = await send(true);
    habits.note(habit, opened.status === 206);
    return opened;
  } catch (error) {
    if (!mayRefusePart(error, revision) || signal.aborted) throw error;
    refused = error;
  }
  // The part may be what was refused. If the whole is too, it was not.
  try {
    const opened = await send(false);
    // Where parts were served before, it may have been a failure, or a file that had just come.
    const mayPass = refused.kind === 'server' || refused.kind === 'notFound';
    if (!mayPass || !habits.has(habit)) habits.note(habit, false);
    return opened;
  } catch (error) {
    throw signal.aborted ? error : refused;
  }
}

/** One request for a part of a revision, without another try. Its status is 206 where the service heeds `Range`, else 200. */
export function openPart(
  service: Service,
  path: JottaPath,
  range: ByteRange,
  revision: number,
  signal: AbortSignal,
): Promise<Opened & { status: number }> {
  return sendOnce(service, path, range, revision, true, signal);
}

/** One request for the whole file, of which only `range` is given on. */
export function openWhole(
  service: Service,
  path: JottaPath,
  range: ByteRange,
  revision: number | undefined,
  signal: AbortSignal,
): Promise<Opened> {
  return sendOnce(service, path, range, revision, false, signal);
}

/** Errors that may come from a `Range` which is not understood, or from the file: the next request tells. */
const refusalsOfPart: readonly JottaErrorKind[] = [
  'unreachableName',
  'protocol',
  'notFound',
  'range',
  'server',
  'forbidden',
];

/** Whether an error may come from `Range`, or from `revision`: the part may turn out to be of another revision. */
export function mayRefusePart(error: unknown, revision?: number): error is JottaError {
  if (!isJottaError(error)) return false;
  return refusalsOfPart.includes(error.kind) || (revision !== undefined && error.kind === 'corrupt');
}

function sendOnce(
  service: Service,
  path: JottaPath,
  range: ByteRange,
  revision: number | undefined,
  ranged: boolean,
  signal: AbortSignal,
): Promise<Opened & { status: number }> {
  const { firstByteMs, commandFirstByteMs, metadataMs } = service.http.limits;
  const { silent } = service.reads;
  const key = path.join('/');
  const request = {
    method: 'GET' as const,
    ...addressOf(service, path, `?mode=bin${revision === undefined ? '' : `&revision=${revision}`}`),
    headers: ranged ? { Range: `bytes=${range.start}-${range.end - 1}` } : {},
    direct: true,
  };
  return withRetry(
    service.retry,
    signal,
    async () => {
      const waitMs = silent.has(key) ? commandFirstByteMs : firstByteMs;
      const answer = await sendAuthorized(service, { ...request, firstByteMs: waitMs }, signal).catch((error) => {
        if (isJottaError(error, 'timeout')) silent.set(key, true);
        throw error;
      });
      const drop = () => void answer.body.destroy();
      try {
        checkAnswer(answer, range);
        return { chunks: bytesOf(service, path, answer, range), header: answer.header, drop, status: answer.status };
      } catch (error) {
        drop();
        throw error;
      }
    },
    metadataMs,
  );
}

/** 206 with the range asked for, or 200 with the whole file, as far as it tells. */
function checkAnswer(answer: HttpAnswer, { start, end, size }: ByteRange): void {
  const { status } = answer;
  const coding = answer.header('content-encoding');
  if (coding !== undefined && coding !== 'identity') {
    throw new JottaError('protocol', 'a download came with a content coding', { status });
  }
  if (status === 206) {
    const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer.header('content-range') ?? '');
    if (match === null) throw new JottaError('protocol', 'a partial download without its range', { status });
    if (Number(match[3]) !== size) throw new JottaError('corrupt', 'the file has another size now', { status });
    if (Number(match[1]) !== start || Number(match[2]) !== end - 1) {
      throw new JottaError('protocol', 'the server sent another range', { status });
    }
    return;
  }
  if (status !== 200) throw new JottaError('protocol', 'a download without content', { status });
  const length = answer.header('content-length');
  if (length !== undefined && Number(length) !== size) {
    throw new JottaError('corrupt', 'the file has another size now', { status });
  }
}

/** The part of the body that was asked for. */
function bytesOf(
  { http, reads }: Service,
  path: JottaPath,
  { status, ...answer }: HttpAnswer,
  { start, end, size }: ByteRange,
): AsyncIterable<Buffer> {
  const { bodyIdleMs, patientIdleMs } = http.limits;
  const key = path.join('/');
  const chunks = lentChunksOf({ status, ...answer }, reads.silent.has(key) ? patientIdleMs : bodyIdleMs);
  const isPart = status === 200 && end < size;
  // An announced length was compared with the file's before; the rest need not be read.
  const rest = isPart && answer.header('content-length') !== undefined ? 'unread' : size - end;
  const bytes = take(chunks, { skip: status === 200 ? start : 0, length: end - start, rest: isPart ? rest : 0 });
  return noteSilence(bytes, () => reads.silent.set(key, true));
}

/** A server that went silent gets more time the next time: it may be slow, and not gone. */
async function* noteSilence(bytes: AsyncIterable<Buffer>, note: () => void): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* bytes;
  } catch (error) {
    if (isJottaError(error, 'timeout')) note();
    throw error;
  }
}

/**
 * Leaves out `skip` bytes, then gives exactly `length`. As many as `rest` must follow, and the last of the part is given when
 * they have: what is longer or shorter is not the file. `unread`: what follows is let go of.
 */
async function* take(
  chunks: AsyncIterable<Buffer>,
  { skip, length, rest }: { readonly skip: number; readonly length: number; readonly rest: number | 'unread' },
): AsyncGenerator<Buffer, void, undefined> {
  const total = rest === 'unread' ? length : length + rest;
  let at = -skip;
  let last: Buffer | undefined;
  try {
    for await (const chunk of chunks) {
      const wanted = chunk.subarray(Math.max(0, -at), Math.max(0, length - at));
      at += chunk.length;
      if (at > total && rest !== 'unread')
        throw new JottaError('corrupt', `more than the ${total} bytes there should be`);
      if (at >= length && total > length) last ??= Buffer.from(wanted);
      else if (wanted.length > 0) yield wanted;
      if (at >= length && rest === 'unread') break;
    }
  } catch (error) {
    // A cut in mid-body is a short body; a silence keeps its own kind.
    if (!isJottaError(error, 'offline')) throw error;
    throw new JottaError('incomplete', `the body was cut after ${at} of ${total} bytes`, { cause: error });
  }
  if (at < total) throw new JottaError('incomplete', `the body ended after ${at} of ${total} bytes`);
  if (last !== undefined) yield last;
}
