import { isJottaError, JottaError } from '../errors.ts';
import type { ServiceDeps } from '../options.ts';
import type { Http } from '../transport/http.ts';
import { toTokens, withExchange } from './exchange.ts';
import { loginTokenClientId, passwordForm, postGrant, type TokenGrant } from './grants.ts';
import type { LoginToken } from './loginToken.ts';
import { fetchOpenIdDocument } from './openid.ts';
import type { Tokens } from './tokens.ts';

/**
 * Turns a login token into the first pair of tokens: well-known document, password grant, customer call for the internal
 * user name (PROTOCOL.md §1.1, §1.5). The token's own `well_known_link` is followed whatever the endpoints are.
 * The grant is tried once, because the token is spent by it. The caller stores the result before doing anything else.
 * JottaError 'signedOut': the login token was used before or is void.
 */
export function exchangeLoginToken(token: LoginToken, deps: ServiceDeps, signal: AbortSignal): Promise<Tokens> {
  return withExchange(deps, async (exchange) => {
    const { http, retry } = exchange;
    const { tokenEndpoint } = await fetchOpenIdDocument(http, retry, token.wellKnownLink, signal);
    const grant = await grantOnce(http, tokenEndpoint, token, signal);
    const granted = { grant, tokenEndpoint, clientId: loginTokenClientId, loginName: token.username };
    return toTokens(exchange, deps, granted, signal);
  });
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
