import { silentLog } from '../../base/log.ts';
import { JottaError } from '../errors.ts';
import { defaultLimits } from '../limits.ts';
import type { ServiceDeps } from '../options.ts';
import { readJson } from '../transport/body.ts';
import { withDeadline } from '../transport/deadline.ts';
import { createHttp, type Http } from '../transport/http.ts';
import { throwUnlessOk } from '../transport/httpErrors.ts';
import { type RetryDeps, withRetry } from '../transport/retry.ts';
import { hostOf, isUsableName } from '../urls.ts';
import { parseCustomer } from './customer.ts';
import type { TokenGrant } from './grants.ts';
import type { Tokens } from './tokens.ts';

/** What a sign-in talks through; there is no client yet. */
export interface Exchange {
  readonly http: Http;
  readonly retry: RetryDeps;
}

/** Runs `work` with connections of its own. */
export async function withExchange<T>(deps: ServiceDeps, work: (exchange: Exchange) => Promise<T>): Promise<T> {
  const limits = { ...defaultLimits, ...deps.limits };
  const clock = deps.clock ?? { now: () => Date.now() };
  const retry: RetryDeps = { limits, clock, random: deps.random ?? Math.random };
  const http = createHttp({ userAgent: deps.userAgent, limits, log: deps.log ?? silentLog, network: deps.network });
  try {
    return await work({ http, retry });
  } finally {
    http.close();
  }
}

export interface Granted {
  readonly grant: TokenGrant;
  readonly tokenEndpoint: string;
  readonly clientId: string;
  /** Taken for the internal user name when the service cannot be asked for it. */
  readonly loginName?: string;
}

/** The tokens of a grant, with the internal user name (PROTOCOL.md §1.5). JottaError 'protocol' without a refresh token. */
export async function toTokens(
  { http, retry }: Exchange,
  deps: ServiceDeps,
  { grant, tokenEndpoint, clientId, loginName }: Granted,
  signal: AbortSignal,
): Promise<Tokens> {
  const { accessToken, refreshToken } = grant;
  if (refreshToken === undefined) throw new JottaError('protocol', 'the token endpoint sent no refresh token');
  const expiresAt = retry.clock.now() + grant.expiresIn * 1000;
  const username = await fetchUsername(http, retry, deps, accessToken, loginName, signal);
  return {
    accessToken,
    refreshToken,
    expiresAt,
    tokenEndpoint,
    clientId,
    username,
    serviceHost: hostOf(deps.endpoints),
  };
}

/** A name that came with the login token is the fallback: to lose the grant over a failed call would cost a new sign-in. */
async function fetchUsername(
  http: Http,
  retry: RetryDeps,
  { endpoints }: ServiceDeps,
  accessToken: string,
  loginName: string | undefined,
  caller: AbortSignal,
): Promise<string> {
  const { limits } = http;
  const url = `${endpoints.api}/account/v1/customer`;
  const headers = { Authorization: `Bearer ${accessToken}` };
  try {
    const json = await withDeadline(caller, limits.metadataMs, (signal) =>
      withRetry(retry, signal, async () => {
        const answer = await http.send({ method: 'GET', url, headers, firstByteMs: limits.firstByteMs }, signal);
        await throwUnlessOk(answer, limits.bodyIdleMs);
        return readJson(answer, limits.maxJsonBytes, limits.bodyIdleMs);
      }),
    );
    return parseCustomer(json).username;
  } catch (error) {
    if (caller.aborted || loginName === undefined || loginName.includes('@') || !isUsableName(loginName)) throw error;
    http.log.warn('the customer call failed; using the user name of the login token', { error });
    return loginName;
  }
}
