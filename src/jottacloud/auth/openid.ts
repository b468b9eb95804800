import { JottaError } from '../errors.ts';
import { readJson } from '../transport/body.ts';
import { withDeadline } from '../transport/deadline.ts';
import type { Http, HttpAnswer } from '../transport/http.ts';
import { throwUnlessOk } from '../transport/httpErrors.ts';
import { type RetryDeps, withRetry } from '../transport/retry.ts';
import { isLoopback, parseSafeUrl } from '../urls.ts';

/** What a brand's OpenID document tells of its sign-in server (PROTOCOL.md §1.1, §1.4). */
export interface OpenIdDocument {
  readonly tokenEndpoint: string;
  /** The page for the browser; undefined where there is none. */
  readonly authorizationEndpoint: string | undefined;
  /** A code can be bound to who asked for it (PKCE with S256). */
  readonly offersPkce: boolean;
}

/** More than any site that only moved to another of its hosts needs. */
const maxRedirects = 3;

/**
 * Reads the document at `link`, following redirects inside its site; nothing secret goes along. JottaError 'protocol' when
 * it names no token endpoint, names one where a token must not go, or leads to another site.
 */
export async function fetchOpenIdDocument(
  http: Http,
  retry: RetryDeps,
  link: string,
  caller: AbortSignal,
): Promise<OpenIdDocument> {
  const { limits } = http;
  const json = await withDeadline(caller, limits.metadataMs, (signal) =>
    withRetry(retry, signal, async () => {
      const answer = await getFollowing(http, link, signal);
      await throwUnlessOk(answer, limits.bodyIdleMs);
      return readJson(answer, limits.maxJsonBytes, limits.bodyIdleMs);
    }),
  );
  const { token_endpoint: tokenEndpoint, authorization_endpoint: page, code_challenge_methods_supported: pkce } = json;
  if (typeof tokenEndpoint !== 'string') {
    throw new JottaError('protocol', 'the sign-in service names no token endpoint');
  }
  parseSafeUrl(tokenEndpoint, 'the token endpoint', link);
  if (typeof page === 'string') parseSafeUrl(page, 'the sign-in page', link);
  return {
    tokenEndpoint,
    authorizationEndpoint: typeof page === 'string' ? page : undefined,
    offersPkce: Array.isArray(pkce) && pkce.includes('S256'),
  };
}

async function getFollowing(http: Http, link: string, signal: AbortSignal): Promise<HttpAnswer> {
  let url = parseSafeUrl(link, 'the address of the sign-in service');
  for (let followed = 0; ; followed += 1) {
    const request = { method: 'GET' as const, url: url.href, firstByteMs: http.limits.firstByteMs };
    const answer = await http.send(request, signal);
    const location = isRedirect(answer.status) ? answer.header('location') : undefined;
    if (location === undefined) return answer;
    answer.body.destroy();
    const next = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined;
    if (next === undefined || followed === maxRedirects || !isSameSite(url, next)) {
      throw new JottaError('protocol', 'the sign-in service leads elsewhere', { status: answer.status });
    }
    url = parseSafeUrl(next.href, 'the address the sign-in service leads to', url.href);
  }
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/** Hosts of one registered name, as far as that can be told without a list: every brand's name has two parts. */
function isSameSite(a: URL, b: URL): boolean {
  const site = ({ hostname }: URL) => hostname.split('.').slice(-2).join('.');
  // A number has no parts to compare.
  const isNumber = isLoopback(a.hostname) || /^[\d.]+$|^\[/.test(a.hostname);
  return isNumber ? a.hostname === b.hostname : site(a) === site(b);
}
