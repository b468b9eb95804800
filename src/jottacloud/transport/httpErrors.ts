import { JottaError, type JottaErrorKind } from '../errors.ts';
import { isOrdinaryName } from '../names.ts';
import { parseJsonObject, readText } from './body.ts';
import type { HttpAnswer } from './http.ts';

/** Error bodies are a few hundred bytes; a proxy's page may be longer and is cut. */
const maxErrorBytes = 64 * 1024;

/**
 * Throws the JottaError an answer stands for unless its status is 2xx. JFS answers with the XML of §2.9, the API with the
 * JSON of §3.3, anything in between with text; the exception class counts first, the status second. `names` are those that
 * the request named.
 */
export async function throwUnlessOk(answer: HttpAnswer, idleMs: number, names: readonly string[] = []): Promise<void> {
  if (answer.status >= 200 && answer.status < 300) return;
  let text = '';
  try {
    text = await readText(answer, maxErrorBytes, idleMs);
  } catch {
    answer.body.destroy();
  }
  throw toHttpError(answer.status, text, names, answer.header('retry-after'));
}

export function toHttpError(
  status: number,
  body: string,
  names: readonly string[] = [],
  retryAfter?: string,
): JottaError {
  const exception = exceptionOf(body);
  const known = kindOf(status, exception, body);
  // A 400 says little: only an unusual name may be what it is about.
  const isAboutName = status === 400 && known === 'protocol' && exception !== 'UsernameNotFound';
  const kind = isAboutName && !names.every(isOrdinaryName) ? 'unreachableName' : known;
  return new JottaError(kind, `the server answered ${status}${exception === undefined ? '' : ` ${exception}`}`, {
    status,
    retryAfter,
  });
}

/** `NoSuchPath` of `no.jotta.backup.errors.NoSuchPathException: …`; `IncompleteUpload` of an `error_id`. */
function exceptionOf(body: string): string | undefined {
  const json = parseJsonObject(body);
  const text = json === undefined ? body : `${json.error_id ?? ''} ${json.message ?? ''} ${json.cause ?? ''}`;
  return /(\w{1,80}?)(?:OpenApi)?Exception\b/.exec(text)?.[1];
}

/**
 * PROTOCOL.md §2.9 (table), §1.5 (401), §3.1 (UniqueFile), §3.3 (420, 421, 460). 402, 413 and 423 were not seen
 * yet; they count by what HTTP means with them.
 */
function kindOf(status: number, exception: string | undefined, body: string): JottaErrorKind {
  if (exception === 'UniqueFile') return 'conflict';
  if (exception === 'CorruptUpload') return 'corrupt';
  if (exception === 'IncompleteUpload') return 'incomplete';
  if (exception === 'UsernameNotFound') return 'protocol';
  if (exception !== undefined && /^NoSuch/.test(exception)) return 'notFound';
  switch (status) {
    case 400:
      return /quota/i.test(body) ? 'quota' : 'protocol';
    case 401:
      return 'unauthorized';
    case 402:
      return 'quota';
    case 403:
      return /quota/i.test(body) ? 'quota' : /locked/i.test(body) ? 'writeLocked' : 'forbidden';
    case 404:
      return 'notFound';
    case 409:
      return 'conflict';
    case 413:
      return /quota/i.test(body) ? 'quota' : 'forbidden';
    case 416:
      return 'range';
    case 420:
      return 'incomplete';
    case 421:
      return 'corrupt';
    case 423:
      return 'writeLocked';
    case 429:
      return 'server';
    case 501:
      return 'protocol';
    case 460:
    case 507:
      return 'quota';
  }
  if (status >= 500) return 'server';
  return /quota/i.test(body) ? 'quota' : 'protocol';
}
