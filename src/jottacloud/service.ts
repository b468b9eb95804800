import type { TokenSource } from './auth/auth.ts';
import { noteReached, noteUnreachable } from './doubtfulNames.ts';
import { isJottaError, type JottaErrorKind } from './errors.ts';
import type { Habits } from './habits.ts';
import type { Reads } from './reads.ts';
import { readJson } from './transport/body.ts';
import { withDeadline } from './transport/deadline.ts';
import type { Http, HttpAnswer, HttpRequest } from './transport/http.ts';
import { throwUnlessOk } from './transport/httpErrors.ts';
import { type RetryDeps, withRetry } from './transport/retry.ts';
import type { JottaPath } from './types.ts';
import { checkPath, type Endpoints, jfsUrl } from './urls.ts';

/** What every operation works with; built once by the client. */
export interface Service {
  readonly http: Http;
  readonly tokens: TokenSource;
  readonly endpoints: Endpoints;
  readonly retry: RetryDeps;
  readonly habits: Habits;
  readonly reads: Reads;
}

/** What a request is about, and where it goes. */
export interface Address {
  readonly url: string;
  /** Absent: nothing in the tree. */
  readonly names?: JottaPath;
}

/** Address of a device or of anything below it; JottaError 'invalidName' for what cannot be addressed. */
export function addressOf(service: Service, path: JottaPath, query = ''): Address {
  checkPath(path, 1);
  return { url: jfsUrl(service.endpoints, service.tokens.username, path, query), names: path };
}

/**
 * One request with a token. A 401 costs one refresh and one repetition (PROTOCOL.md §1.3); the second is
 * JottaError 'unauthorized'. Any other status but 2xx is thrown by throwUnlessOk. Requests with a stream for a body go
 * through sendUpload instead, because they cannot be repeated.
 */
export async function sendAuthorized(service: Service, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const { http, tokens } = service;
  const token = await tokens.getAccessToken(signal);
  let answer = await http.send(withToken(request, token), signal);
  if (answer.status === 401) {
    const renewed = await tokens.refreshAfter401(token, signal).catch((error) => {
      answer.body.destroy();
      throw error;
    });
    if (renewed !== token) {
      answer.body.destroy();
      answer = await http.send(withToken(request, renewed), signal);
      if (answer.status !== 401) tokens.noteAccepted(renewed);
    }
  } else tokens.noteAccepted(token);
  const { names = [] } = request;
  try {
    await throwUnlessOk(answer, http.limits.bodyIdleMs, names);
  } catch (error) {
    if (isJottaError(error, 'unreachableName')) noteUnreachable(service, names);
    if (isJottaError(error, 'notFound')) noteReached(service, names);
    throw error;
  }
  noteReached(service, names);
  return answer;
}

export function withToken(request: HttpRequest, token: string): HttpRequest {
  return { ...request, headers: { ...request.headers, Authorization: `Bearer ${token}` } };
}

/** A small metadata read: repeated on network failures, done within `metadataMs`. */
export function getMetadata<T>(
  service: Service,
  address: Address,
  read: (answer: HttpAnswer) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const { metadataMs, firstByteMs } = service.http.limits;
  return withDeadline(signal, metadataMs, (bounded) =>
    withRetry(service.retry, bounded, async () =>
      read(await sendAuthorized(service, { method: 'GET', ...address, firstByteMs, direct: true }, bounded)),
    ),
  );
}

/**
 * A listing may be large: the whole has `listingMs`, and `read` limits silence. A try has `metadataMs` to its first byte, so that
 * a dead connection is given up soon; one after that went silent has `listingFirstByteMs`.
 */
export function getListing<T>(
  service: Service,
  path: JottaPath,
  read: (answer: HttpAnswer) => Promise<T>,
  caller: AbortSignal,
): Promise<T> {
  const { metadataMs, listingMs, listingFirstByteMs } = service.http.limits;
  const request = { method: 'GET' as const, ...addressOf(service, path), direct: true, gzip: true };
  const { silent } = service.reads;
  const key = path.join('/');
  const ask = async (signal: AbortSignal) => {
    const firstByteMs = silent.has(key) ? listingFirstByteMs : metadataMs;
    try {
      return await read(await sendAuthorized(service, { ...request, firstByteMs }, signal));
    } catch (error) {
      if (isJottaError(error, 'timeout')) silent.set(key, true);
      throw error;
    }
  };
  return withDeadline(caller, listingMs, (signal) => withRetry(service.retry, signal, () => ask(signal), metadataMs));
}

export interface Command extends Address {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly direct?: boolean;
}

/** A command that may safely happen twice: an empty POST without a content type (PROTOCOL.md §2.1). */
export function postCommand<T>(
  service: Service,
  command: Command,
  read: (answer: HttpAnswer) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  return withDeadline(signal, service.http.limits.commandMs, (bounded) =>
    withRetry(service.retry, bounded, () => postOnce(service, command, read, bounded)),
  );
}

/** A command that must not be repeated blindly. */
export async function postOnce<T>(
  service: Service,
  command: Command,
  read: (answer: HttpAnswer) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const firstByteMs = service.http.limits.commandFirstByteMs;
  return read(await sendAuthorized(service, { method: 'POST', ...command, firstByteMs }, signal));
}

export function jsonOf(service: Service): (answer: HttpAnswer) => Promise<Readonly<Record<string, unknown>>> {
  const { maxJsonBytes, bodyIdleMs } = service.http.limits;
  return (answer) => readJson(answer, maxJsonBytes, bodyIdleMs);
}

/** Runs `work`; JottaError of `kind` becomes `otherwise`. */
export async function except<T>(kind: JottaErrorKind, work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isJottaError(error, kind)) return otherwise;
    throw error;
  }
}
