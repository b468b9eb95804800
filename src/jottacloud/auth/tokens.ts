import { silentLog } from '../../base/log.ts';
import { isJottaError, JottaError } from '../errors.ts';
import { defaultLimits } from '../limits.ts';
import type { ServiceDeps } from '../options.ts';
import { readJson } from '../transport/body.ts';
import { withDeadline } from '../transport/deadline.ts';
import { createHttp, type Http } from '../transport/http.ts';
import { throwUnlessOk } from '../transport/httpErrors.ts';
import { type RetryDeps, withRetry } from '../transport/retry.ts';
import { type Endpoints, isUsableName, parseSafeUrl } from '../urls.ts';
import { parseCustomer } from './customer.ts';
import { passwordForm, postGrant, type TokenGrant } from './grants.ts';
import type { LoginToken } from './loginToken.ts';

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Ms since the epoch. */
  readonly expiresAt: number;
  readonly tokenEndpoint: string;
  /** Internal JFS user name. */
  readonly username: string;
}

export interface TokenVault {
  /** Stores durably BEFORE the tokens are used; rejects if that is not possible. */
  saveTokens(tokens: Tokens): Promise<void>;
  /**
   * Asked before each refresh. False: do not refresh now, because the rotated token would have nowhere to go.
   * Absent means yes.
   */
  canSave?(): boolean | Promise<boolean>;
}

/**
 * Turns a login token into the first pair of tokens: well-known document, password grant, customer call for the internal
 * user name (PROTOCOL.md §1.1, §1.5). The token's own `well_known_link` is followed whatever the endpoints are.
 * The grant is tried once, because the token is spent by it. The caller stores the result before doing anything else.
 * JottaError 'signedOut': the login token was used before or is void.
 */
export async function exchangeLoginToken(token: LoginToken, deps: ServiceDeps, signal: AbortSignal): Promise<Tokens> {
  const limits = { ...defaultLimits, ...deps.limits };
  const clock = deps.clock ?? { now: () => Date.now() };
  const retry: RetryDeps = { limits, clock, random: deps.random ?? Math.random };
  const http = createHttp({ userAgent: deps.userAgent, limits, log: deps.log ?? silentLog, network: deps.network });
  try {
    const tokenEndpoint = await fetchTokenEndpoint(http, retry, token.wellKnownLink, signal);
    const grant = await grantOnce(http, tokenEndpoint, token, signal);
    const { refreshToken } = grant;
    if (refreshToken === undefined) throw new JottaError('protocol', 'the token endpoint sent no refresh token');
    const expiresAt = clock.now() + grant.expiresIn * 1000;
    const username = await fetchUsername(http, retry, deps.endpoints, grant, token, signal);
    return { accessToken: grant.accessToken, refreshToken, expiresAt, tokenEndpoint, username };
  } finally {
    http.close();
  }
}

async function fetchTokenEndpoint(http: Http, retry: RetryDeps, url: string, signal: AbortSignal): Promise<string> {
  const wellKnown = await getJson(http, retry, url, {}, signal);
  const endpoint = wellKnown.token_endpoint;
  if (typeof endpoint !== 'string') throw new JottaError('protocol', 'the sign-in service names no token endpoint');
  parseSafeUrl(endpoint, 'the token endpoint', url);
  return endpoint;
}

async function grantOnce(http: Http, endpoint: string, token: LoginToken, signal: AbortSignal): Promise<TokenGrant> {
  try {
    return await postGrant(http, endpoint, passwordForm(token.username, token.authToken), signal);
  } catch (error) {
    // A used login token may also be a bare 401 (§1.1).
    if (!isJottaError(error, 'protocol') || error.status !== 401) throw error;
    throw new JottaError('signedOut', 'the login token was refused', { status: 401, cause: error });
  }
}

/** The token's own user name is the fallback: losing the grant over a failed customer call would cost a new login token. */
async function fetchUsername(
  http: Http,
  retry: RetryDeps,
  endpoints: Endpoints,
  grant: TokenGrant,
  token: LoginToken,
  signal: AbortSignal,
): Promise<string> {
  const headers = { Authorization: `Bearer ${grant.accessToken}` };
  try {
    const json = await getJson(http, retry, `${endpoints.api}/account/v1/customer`, headers, signal);
    return parseCustomer(json).username;
  } catch (error) {
    if (signal.aborted || token.username.includes('@') || !isUsableName(token.username)) throw error;
    http.log.warn('the customer call failed; using the user name of the login token', { error });
    return token.username;
  }
}

function getJson(
  http: Http,
  retry: RetryDeps,
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const { limits } = http;
  return withDeadline(signal, limits.metadataMs, (bounded) =>
    withRetry(retry, bounded, async () => {
      const answer = await http.send({ method: 'GET', url, headers, firstByteMs: limits.firstByteMs }, bounded);
      await throwUnlessOk(answer, limits.bodyIdleMs);
      return readJson(answer, limits.maxJsonBytes, limits.bodyIdleMs);
    }),
  );
}
