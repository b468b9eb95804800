import { isJottaError, JottaError } from '../errors.ts';
import { parseJsonObject, readText } from '../transport/body.ts';
import type { Http } from '../transport/http.ts';
import { toHttpError } from '../transport/httpErrors.ts';
import { parseSafeUrl } from '../urls.ts';

/** The client id of personal login tokens (PROTOCOL.md §1.1). */
export const loginTokenClientId = 'jottacli';

/** Used when `expires_in` is missing: the usual lifetime is one hour (§1.1). */
const defaultLifetimeSeconds = 3600;
/** No access token is believed to live longer than a day. */
const maxLifetimeSeconds = 86_400;

/** What may stand in the header of a request: RFC 6750 §2.1, and a length that servers take. */
const headerValue = /^[\x21-\x7e]{1,16384}$/;

export interface TokenGrant {
  readonly accessToken: string;
  /** Absent when the server sent none; then the old one stays. */
  readonly refreshToken: string | undefined;
  /** Seconds from now. */
  readonly expiresIn: number;
}

/** Exchanges a login token's secret. Good for one try (§1.1). */
export function passwordForm(username: string, authToken: string): URLSearchParams {
  return new URLSearchParams({
    client_id: loginTokenClientId,
    grant_type: 'password',
    password: authToken,
    scope: 'openid offline_access',
    username,
  });
}

/** `grant_type` in lower case, client id in the body, no Basic header (§1.2, §1.3). */
export function refreshForm(clientId: string, refreshToken: string): URLSearchParams {
  return new URLSearchParams({ client_id: clientId, grant_type: 'refresh_token', refresh_token: refreshToken });
}

export interface CodeGrant {
  readonly clientId: string;
  readonly code: string;
  /** The very address that the code was sent to. */
  readonly redirectUri: string;
  /** Absent where the sign-in server offers no PKCE. */
  readonly verifier: string | undefined;
}

/** Exchanges an authorization code. Good for one try (§1.4). */
export function codeForm({ clientId, code, redirectUri, verifier }: CodeGrant): URLSearchParams {
  return new URLSearchParams({
    client_id: clientId,
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    ...(verifier === undefined ? {} : { code_verifier: verifier }),
  });
}

/**
 * One POST to the token endpoint; never repeated here, since both grants consume what they are given.
 * JottaError 'signedOut' for `invalid_grant` whatever its description says (§1.2), 'protocol' for other OAuth errors,
 * 'server', 'offline', 'timeout' when the outcome is unknown.
 */
export async function postGrant(
  http: Http,
  tokenEndpoint: string,
  form: URLSearchParams,
  signal: AbortSignal,
): Promise<TokenGrant> {
  parseSafeUrl(tokenEndpoint, 'the token endpoint');
  const answer = await http.send(
    {
      method: 'POST',
      url: tokenEndpoint,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
      body: Buffer.from(form.toString()),
      firstByteMs: http.limits.tokenMs,
    },
    signal,
  );
  const text = await readText(answer, http.limits.maxJsonBytes, http.limits.bodyIdleMs);
  const json = parseJsonObject(text);
  if (answer.status < 200 || answer.status >= 300) throw toGrantError(answer.status, text, json?.error);
  const accessToken = json?.access_token;
  if (typeof accessToken !== 'string' || !headerValue.test(accessToken)) {
    throw new JottaError('protocol', 'the token endpoint sent no access token', { status: answer.status });
  }
  const refreshToken = json?.refresh_token;
  const expiresIn = Number(json?.expires_in);
  return {
    accessToken,
    refreshToken: typeof refreshToken === 'string' && refreshToken !== '' ? refreshToken : undefined,
    expiresIn: expiresIn > 0 ? Math.min(expiresIn, maxLifetimeSeconds) : defaultLifetimeSeconds,
  };
}

function toGrantError(status: number, text: string, code: unknown): JottaError {
  if (code === 'invalid_grant') return new JottaError('signedOut', 'the token is no longer valid', { status });
  const error = toHttpError(status, '');
  if (isJottaError(error, 'server')) return error;
  const known = typeof code === 'string' && /^\w{1,40}$/.test(code) ? code : `${text.length} bytes`;
  return new JottaError('protocol', `the token endpoint answered ${status} (${known})`, { status });
}
