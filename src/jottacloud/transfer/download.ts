import { JottaError } from '../errors.ts';
import { type Service, sendAuthorized, urlOf } from '../service.ts';
import { chunksOf } from '../transport/body.ts';
import type { HttpAnswer } from '../transport/http.ts';
import { withRetry } from '../transport/retry.ts';
import type { DownloadRange, RemotePath } from '../types.ts';
import { checkPath } from '../urls.ts';

/**
 * Bytes `start…end-1` of a file known to be `size` long (PROTOCOL.md §2.7). Resolves when the answer has
 * begun and fits; repeats only before that. The iterable must be read, or the signal aborted, to free the connection.
 * JottaError 'corrupt': the file has another size now; 'incomplete': the body ended early (retryable);
 * 'timeout' on silence, 'offline' on a cut, 'range' for 416, 'notFound'.
 * An empty range makes no request (what the server does with one is unknown).
 */
export async function download(
  service: Service,
  path: RemotePath,
  range: DownloadRange,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  checkPath(path, 3);
  const { start, end, size } = range;
  if (!(start >= 0 && end <= size && [start, end, size].every(Number.isSafeInteger))) {
    throw new JottaError('range', 'the range lies outside the file');
  }
  if (start >= end) return nothing();
  const revision = range.revision === undefined ? '' : `&revision=${range.revision}`;
  const { firstByteMs, metadataMs, bodyIdleMs } = service.http.limits;
  const request = {
    method: 'GET' as const,
    url: urlOf(service, path, `?mode=bin${revision}`),
    headers: { Range: `bytes=${start}-${end - 1}` },
    firstByteMs,
    identity: true,
  };
  return withRetry(
    service.retry,
    signal,
    async () => {
      const answer = await sendAuthorized(service, request, signal);
      try {
        checkAnswer(answer, range);
      } catch (error) {
        answer.body.destroy();
        throw error;
      }
      return exactly(chunksOf(answer, bodyIdleMs), end - start);
    },
    metadataMs,
  );
}

async function* nothing(): AsyncGenerator<Buffer, void, undefined> {}

/** 206 with the range asked for, or 200 when that was the whole file. */
function checkAnswer(answer: HttpAnswer, { start, end, size }: DownloadRange): void {
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
  if (status !== 200 || start !== 0) throw new JottaError('protocol', 'the server ignored the range', { status });
  const length = answer.header('content-length');
  if (length !== undefined && Number(length) !== size) {
    throw new JottaError('corrupt', 'the file has another size now', { status });
  }
  if (end !== size) throw new JottaError('protocol', 'the server ignored the range', { status });
}

async function* exactly(chunks: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer, void, undefined> {
  let received = 0;
  try {
    for await (const chunk of chunks) {
      received += chunk.length;
      if (received > length) throw new JottaError('corrupt', `more than the ${length} bytes asked for`);
      yield chunk;
    }
  } catch (error) {
    // A cut in mid-body is a short body; a silence keeps its own kind.
    if (!(error instanceof JottaError) || error.kind !== 'offline') throw error;
    throw new JottaError('incomplete', `the body was cut after ${received} of ${length} bytes`, { cause: error });
  }
  if (received < length) throw new JottaError('incomplete', `the body ended after ${received} of ${length} bytes`);
}
