import { createHash, randomBytes } from 'node:crypto';
import { JottaError } from '../errors.ts';
import type { ServiceDeps } from '../options.ts';
import type { Brand } from './brands.ts';
import { toTokens, withExchange } from './exchange.ts';
import { codeForm, postGrant } from './grants.ts';
import { fetchOpenIdDocument } from './openid.ts';
import type { Tokens } from './tokens.ts';

/**
 * The port of the address that browsers are sent back to. The sign-in servers know the addresses they may send a code to, and
 * `http://localhost:53682/` is the one that is proven (PROTOCOL.md §1.4).
 */
export const redirectPort = 53_682;

/** What the address says that a browser was sent back to. `foreign`: it does not belong to this sign-in. */
export type Landing =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'foreign' };

/** One sign-in by authorization code. It keeps what binds the code to it, so that no other program can redeem it. */
export interface CodeFlow {
  /** The page for the browser. */
  readonly address: string;
  /** `text`: the whole address the browser was sent to, as the listener got it or a person pasted it. */
  readLanding(text: string): Landing;
  /**
   * Exchanges the code, once: it is spent by that. The caller stores the tokens before doing anything else. JottaError 'signedOut'
   * when the code is not taken.
   */
  redeem(code: string, signal: AbortSignal): Promise<Tokens>;
}

export interface CodeFlowParams {
  readonly brand: Brand;
  /** Where the brand's OpenID document is. */
  readonly wellKnownLink: string;
  readonly redirectUri: string;
}

/** Asks the sign-in server what it offers. JottaError as `fetchOpenIdDocument`. */
export async function beginCodeFlow(
  { brand, wellKnownLink, redirectUri }: CodeFlowParams,
  deps: ServiceDeps,
  caller: AbortSignal,
): Promise<CodeFlow> {
  const { tokenEndpoint, authorizationEndpoint, offersPkce } = await withExchange(deps, ({ http, retry }) =>
    fetchOpenIdDocument(http, retry, wellKnownLink, caller),
  );
  if (authorizationEndpoint === undefined) throw new JottaError('protocol', 'the sign-in service has no page');
  const state = randomBytes(24).toString('base64url');
  const verifier = offersPkce ? randomBytes(48).toString('base64url') : undefined;
  const { clientId, scopes } = brand;
  return {
    address: addressOf(authorizationEndpoint, {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: scopes.join(' '),
      state,
      ...(verifier === undefined ? {} : { code_challenge: challengeOf(verifier), code_challenge_method: 'S256' }),
    }),
    readLanding: (text) => readLanding(text, state),
    redeem: (code, signal) =>
      withExchange(deps, async (exchange) => {
        const form = codeForm({ clientId, code, redirectUri, verifier });
        const grant = await postGrant(exchange.http, tokenEndpoint, form, signal);
        return toTokens(exchange, deps, { grant, tokenEndpoint, clientId }, signal);
      }),
  };
}

/** Spaces as `%20`: a `+` does not survive every program that an address is handed through. */
function addressOf(page: string, params: Readonly<Record<string, string>>): string {
  const url = new URL(page);
  const added = Object.entries(params).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  url.search = [...(url.search === '' ? [] : [url.search.slice(1)]), ...added].join('&');
  return url.href;
}

function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

function readLanding(text: string, state: string): Landing {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) return { kind: 'foreign' };
  const { searchParams } = new URL(trimmed);
  if (searchParams.get('state') !== state) return { kind: 'foreign' };
  const code = searchParams.get('code') ?? '';
  if (code !== '') return { kind: 'code', code };
  const reason = searchParams.get('error') ?? '';
  return { kind: 'refused', reason: /^\w{1,40}$/.test(reason) ? reason : 'no code' };
}
