import { isJottaError, JottaError } from '../errors.ts';

/** Failed certificate checks, as Node's TLS reports them: a person has to look, waiting does not help. */
const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|HOSTNAME_MISMATCH/;

/**
 * What a failed connection means. `signal` is the one the request ran under: an abort has many faces (CanceledError,
 * ECONNRESET, AbortError) but only its reason tells why. The original error is reduced to name, code and message,
 * because axios hangs the request with its Authorization header on it.
 */
export function toTransportError(error: unknown, signal: AbortSignal): JottaError {
  if (signal.aborted) return fromAbort(signal.reason);
  const own = jottaErrorIn(error);
  if (own !== undefined) return own;
  const code = codeOf(error);
  const cause = plainCopy(error, code);
  if (code !== undefined && certificateCodes.test(code)) {
    return new JottaError('certificate', `the server's certificate is not trusted (${code})`, { cause });
  }
  // What Node's HTTP parser refuses: endless headers, or something that is not HTTP.
  if (code?.startsWith('HPE_')) return new JottaError('protocol', `an answer is not HTTP (${code})`, { cause });
  return new JottaError('offline', `the connection failed${code === undefined ? '' : ` (${code})`}`, { cause });
}

/** `cancelled`, or `timeout` when the reason is a deadline, ours or `AbortSignal.timeout`. */
export function fromAbort(reason: unknown): JottaError {
  if (isJottaError(reason)) return reason;
  const timedOut = reason instanceof DOMException && reason.name === 'TimeoutError';
  return timedOut
    ? new JottaError('timeout', "the caller's deadline passed", { cause: reason })
    : new JottaError('cancelled', 'cancelled by the caller', { cause: reason });
}

/** An agent's own error comes back wrapped by axios. */
function jottaErrorIn(error: unknown): JottaError | undefined {
  if (isJottaError(error)) return error;
  return error instanceof Error && error.cause !== undefined ? jottaErrorIn(error.cause) : undefined;
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return codeOf(error.cause);
}

function plainCopy(error: unknown, code: string | undefined): Error {
  const copy = new Error(error instanceof Error ? error.message.replace(/\bhttps?:\S+/g, '[url]') : 'unknown failure');
  if (error instanceof Error) copy.name = error.name;
  return code === undefined ? copy : Object.assign(copy, { code });
}
