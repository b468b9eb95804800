import { isJottaError, JottaError } from '../errors.ts';
import { type Service, withToken } from '../service.ts';
import { secondsFromMs } from '../times.ts';
import { readJson } from '../transport/body.ts';
import type { HttpAnswer } from '../transport/http.ts';
import { throwUnlessOk } from '../transport/httpErrors.ts';
import type { UploadResult } from '../types.ts';
import { parseSafeUrl } from '../urls.ts';
import { watchUpload } from './uploadBody.ts';

const gibibyte = 1024 ** 3;

export interface UploadSpan {
  /** The allocation's `resumePos`. */
  readonly start: number;
  /** Size of the whole file. */
  readonly size: number;
  /** md5 of the whole file, as promised to allocate; when given, the server has to confirm it. */
  readonly md5?: string;
}

/**
 * Sends bytes `start…size-1` (PROTOCOL.md §3.2). Never repeated here, since a stream cannot be rewound: after a
 * retryable failure allocate again and continue from its `resumePos` (§3.3). `onProgress` gets the bytes of this call
 * taken by the connection so far. What gives chunks is ended whatever happens, and may use the memory of a
 * chunk again when the next is asked for; a small file is better given as a whole.
 * JottaError 'incomplete' (420, a cut source, an upload address that is no longer good, or a token that had to be renewed),
 * 'corrupt' (420, or another size or md5 confirmed), 'quota', 'timeout', 'offline', 'signedOut'. An error of `body` itself is
 * thrown as it is.
 */
export async function upload(
  service: Service,
  uploadUrl: string,
  body: AsyncIterable<Buffer> | Buffer,
  span: UploadSpan,
  signal: AbortSignal,
  onProgress?: (bytes: number) => void,
): Promise<UploadResult> {
  const { limits } = service.http;
  const length = span.size - span.start;
  const answerMs = limits.uploadAnswerMs + (limits.uploadAnswerMsPerGib * span.size) / gibibyte;
  if (Buffer.isBuffer(body)) {
    if (body.length !== length) throw new JottaError('incomplete', 'the source has another length than promised');
    const answer = await sendUpload(service, uploadUrl, body, span, answerMs, signal);
    onProgress?.(length);
    return parseResult(await readJson(answer, limits.maxJsonBytes, limits.bodyIdleMs), span);
  }
  const stopper = new AbortController();
  const onTimeout = (error: JottaError) => stopper.abort(error);
  const watched = watchUpload(body, { length, idleMs: limits.patientIdleMs, answerMs, onProgress, onTimeout });
  const renewing = setInterval(() => {
    service.tokens.getAccessToken(signal).catch((error) => {
      service.http.log.info('the token could not be renewed during an upload', { error });
    });
  }, limits.uploadRenewEveryMs);
  try {
    const either = AbortSignal.any([signal, stopper.signal]);
    const answer = await sendUpload(service, uploadUrl, watched.chunks, span, Number.POSITIVE_INFINITY, either);
    return parseResult(await readJson(answer, limits.maxJsonBytes, limits.bodyIdleMs), span);
  } catch (error) {
    throw watched.sourceError() ?? error;
  } finally {
    clearInterval(renewing);
    watched.stop();
    // An answer before the last byte leaves a request that would otherwise go on sending.
    stopper.abort(new JottaError('cancelled', 'the upload is over'));
  }
}

async function sendUpload(
  service: Service,
  url: string,
  body: AsyncIterable<Buffer> | Buffer,
  span: UploadSpan,
  firstByteMs: number,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  parseSafeUrl(url, 'the upload address');
  const { http, tokens } = service;
  const length = span.size - span.start;
  const headers: Record<string, string> = {
    'Content-Type': 'application/octet-stream',
    'Content-Length': String(length),
    Accept: 'application/json',
  };
  // The request header Range, as rclone sends it (§3.2).
  if (span.start > 0 && length > 0) headers.Range = `bytes=${span.start}-${span.size - 1}`;
  const token = await tokens.getAccessToken(signal, http.limits.uploadRefreshAheadMs);
  const request = { method: 'POST' as const, url, headers, body, firstByteMs, direct: true };
  const answer = await http.send(withToken(request, token), signal);
  if (answer.status === 401) {
    answer.body.destroy();
    await tokens.refreshAfter401(token, signal);
    throw new JottaError('incomplete', 'the token was renewed during an upload', { status: 401 });
  }
  try {
    await throwUnlessOk(answer, http.limits.bodyIdleMs);
  } catch (error) {
    // How long an upload address lives is unknown; only a new allocate gives another one (§3.2).
    const gone = isJottaError(error) && (error.status === 404 || error.status === 410);
    throw gone ? new JottaError('incomplete', 'the upload address is no longer good', { cause: error }) : error;
  }
  return answer;
}

/** `{"bytes","md5","modified"}` with `modified` in epoch milliseconds (§3.2, §2.4). */
function parseResult(json: Readonly<Record<string, unknown>>, { size, md5: promised }: UploadSpan): UploadResult {
  const { md5, bytes, modified } = json;
  if (typeof md5 !== 'string' || !/^[0-9a-f]{32}$/i.test(md5) || typeof bytes !== 'number') {
    throw new JottaError('protocol', 'the upload was answered without md5 or size');
  }
  if (bytes !== size) throw new JottaError('corrupt', `the server has ${bytes} of ${size} bytes`);
  if (promised !== undefined && promised.toLowerCase() !== md5.toLowerCase()) {
    throw new JottaError('corrupt', 'the server has other bytes');
  }
  return { md5: md5.toLowerCase(), size: bytes, modified: typeof modified === 'number' ? secondsFromMs(modified) : 0 };
}
