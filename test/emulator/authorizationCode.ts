import { createHash, randomBytes } from 'node:crypto';
import { startFamily, type TokenPair } from './auth.ts';
import type { Brand } from './brands.ts';
import type { Context } from './context.ts';
import { invalidArgument } from './errors.ts';
import type { Reply } from './reply.ts';

interface Code {
  realm: string;
  clientId: string;
  redirect: string;
  /** S256 of the verifier that redeems it; undefined for a sign-in without PKCE. */
  challenge: string | undefined;
}

/** Codes given out and not redeemed, per account. */
const codes = new WeakMap<Context, Map<string, Code>>();

/**
 * The sign-in page of the authorization-code flow (PROTOCOL.md §1.4). Nobody types a password here: one link goes back to
 * the loopback address with a code, the other says that the person refused. Throws 400 for another client or address, as for
 * a scope the brand does not have.
 */
export function authorize(context: Context, brand: Brand, query: URLSearchParams): Reply {
  const redirect = query.get('redirect_uri') ?? '';
  if (query.get('client_id') !== brand.clientId) throw invalidArgument('Client not found');
  if (query.get('response_type') !== 'code') throw invalidArgument('Missing parameter: response_type');
  if (!/^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?\//.test(redirect)) throw invalidArgument('Invalid redirect_uri');
  const scopes = (query.get('scope') ?? '').split(' ');
  if (!brand.jottaDefault && scopes.includes('jotta-default')) throw invalidArgument('Invalid scopes');
  const challenge = query.get('code_challenge') ?? undefined;
  if (challenge !== undefined && query.get('code_challenge_method') !== 'S256') {
    throw invalidArgument('Invalid parameter: code challenge method is not supported');
  }
  const code = randomBytes(18).toString('hex');
  const given = codes.get(context) ?? new Map<string, Code>();
  codes.set(context, given.set(code, { realm: brand.realm, clientId: brand.clientId, redirect, challenge }));
  const state = query.get('state') ?? '';
  const back = (answer: Record<string, string>) => {
    const location = new URL(redirect);
    for (const [name, value] of Object.entries({ state, ...answer })) location.searchParams.set(name, value);
    return location.href.replaceAll('&', '&amp;');
  };
  const body = `<!doctype html><title>Sign in to ${brand.realm}</title>
<a id="sign-in" href="${back({ session_state: 'emulator', code })}">Sign in</a>
<a id="refuse" href="${back({ error: 'access_denied' })}">Cancel</a>`;
  return { status: 200, headers: { 'content-type': 'text/html;charset=UTF-8' }, body };
}

/** Starts a family for a code, which ends every earlier one of this flow (§1.4); undefined for a code that is not good. */
export function redeemCode(
  context: Context,
  { realm }: Brand,
  clientId: string,
  form: URLSearchParams,
): TokenPair | undefined {
  const code = form.get('code') ?? '';
  const known = codes.get(context)?.get(code);
  codes.get(context)?.delete(code);
  if (known?.realm !== realm || known.clientId !== clientId || known.redirect !== form.get('redirect_uri')) {
    return undefined;
  }
  const verifier = form.get('code_verifier');
  const proof = verifier === null ? undefined : createHash('sha256').update(verifier).digest('base64url');
  if (proof !== known.challenge) return undefined;
  for (const family of context.tokens.families.values()) if (family.owner === 'browser') family.revoked = true;
  return startFamily(context, 'browser', realm, clientId);
}
