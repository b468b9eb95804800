import { randomBytes } from 'node:crypto';
import { startFamily, type TokenPair } from './auth.ts';
import type { Brand } from './brands.ts';
import type { Context } from './context.ts';
import { invalidArgument } from './errors.ts';
import type { Reply } from './reply.ts';

/** Codes given out and not redeemed, per account. */
const codes = new WeakMap<Context, Map<string, { realm: string; clientId: string; redirect: string }>>();

/**
 * The sign-in page of the authorization-code flow (PROTOCOL.md §1.4). Nobody is asked anything: the browser goes
 * straight back to the loopback address with a code. Throws 400 for another client or address.
 */
export function authorize(context: Context, brand: Brand, query: URLSearchParams): Reply {
  const redirect = query.get('redirect_uri') ?? '';
  if (query.get('client_id') !== brand.clientId) throw invalidArgument('Client not found');
  if (query.get('response_type') !== 'code') throw invalidArgument('Missing parameter: response_type');
  if (!/^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?\//.test(redirect)) throw invalidArgument('Invalid redirect_uri');
  const code = randomBytes(18).toString('hex');
  const given = codes.get(context) ?? new Map();
  codes.set(context, given.set(code, { realm: brand.realm, clientId: brand.clientId, redirect }));
  const location = new URL(redirect);
  location.searchParams.set('state', query.get('state') ?? '');
  location.searchParams.set('code', code);
  return { status: 302, headers: { location: location.href }, body: '' };
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
  for (const family of context.tokens.families.values()) if (family.owner === 'browser') family.revoked = true;
  return startFamily(context, 'browser', realm);
}
