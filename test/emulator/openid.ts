import { authenticate, rotate, startFamily, type TokenFamily, type TokenPair } from './auth.ts';
import { redeemCode } from './authorizationCode.ts';
import { type Brand, brands, realmPath, tokenEndpoint } from './brands.ts';
import type { Context } from './context.ts';
import { jsonReply, type Reply } from './reply.ts';

const clients = new Set(['jottacli', ...Object.values(brands).map(({ clientId }) => clientId)]);
/** Life of a sign-in without the scope offline_access. */
const onlineSessionSeconds = 1800;

/** The OpenID document; every endpoint is on the origin it was asked from (PROTOCOL.md §1.1). */
export function wellKnown({ quirks }: Context, origin: string, { realm }: Brand): Reply {
  const issuer = origin + realmPath(realm);
  const base = `${issuer}/protocol/openid-connect`;
  return jsonReply({
    issuer,
    authorization_endpoint: `${base}/auth`,
    token_endpoint: `${issuer}/${tokenEndpoint}`,
    token_introspection_endpoint: `${base}/token/introspect`,
    introspection_endpoint: `${base}/token/introspect`,
    userinfo_endpoint: `${base}/userinfo`,
    end_session_endpoint: `${base}/logout`,
    jwks_uri: `${base}/certs`,
    check_session_iframe: `${base}/login-status-iframe.html`,
    grant_types_supported: ['authorization_code', 'refresh_token', 'password'],
    response_types_supported: ['code'],
    scopes_supported: ['openid', 'offline_access', 'jotta-default', 'email'],
    ...(quirks.pkce === 'offered' && { code_challenge_methods_supported: ['plain', 'S256'] }),
  });
}

/** Who the token belongs to: another way to the internal user name (§1.5). */
export function userInfo(context: Context, authorization: string | undefined): Reply {
  authenticate(context, authorization);
  const { user } = context.account;
  return jsonReply({ sub: `f:emulator:${user}`, preferred_username: user, username: user, email_verified: true });
}

/** The token endpoint: password grant with a login token, and refresh with rotation and reuse detection (§1.1–§1.3). */
export function grantToken(
  context: Context,
  brand: Brand,
  authorization: string | undefined,
  form: URLSearchParams,
): Reply {
  const client = clientOf(authorization, form);
  if (client === undefined || !clients.has(client.id))
    return refuse(401, 'invalid_client', 'Invalid client credentials');
  if (client.secret) return refuse(401, 'unauthorized_client', 'Public client not allowed to send a secret');
  switch (form.get('grant_type') ?? '') {
    case 'password':
      return signIn(context, brand, client.id, form);
    case 'refresh_token':
      return refresh(context, brand, client.id, form);
    case 'authorization_code': {
      const pair = redeemCode(context, brand, client.id, form);
      return pair ? granted(context, pair) : refuse(400, 'invalid_grant', 'Code not valid');
    }
    case '':
      return refuse(400, 'invalid_request', 'Missing form parameter: grant_type');
    default:
      return refuse(400, 'unsupported_grant_type', 'Unsupported grant_type');
  }
}

function signIn(context: Context, brand: Brand, clientId: string, form: URLSearchParams): Reply {
  const scopes = (form.get('scope') ?? '').split(' ');
  const login = context.tokens.login.get(form.get('password') ?? '');
  if (login?.used !== false || login.realm !== brand.realm || form.get('username') !== context.account.user) {
    return refuse(Number(context.quirks.loginRefused), 'invalid_grant', 'Invalid user credentials');
  }
  if (!brand.jottaDefault && scopes.includes('jotta-default')) {
    return refuse(400, 'invalid_scope', `Invalid scopes: ${scopes.join(' ')}`);
  }
  login.used = true;
  // Scopes that were not understood give a session that ends (rclone #6107).
  const online = !scopes.includes('offline_access');
  const ends = online ? Date.now() + onlineSessionSeconds * 1000 : undefined;
  return granted(context, startFamily(context, 'client', brand.realm, clientId, ends), online);
}

function refresh(context: Context, { realm }: Brand, clientId: string, form: URLSearchParams): Reply {
  const given = form.get('refresh_token');
  if (!given) return refuse(400, 'invalid_request', 'No refresh token');
  const family = familyOf(context, given);
  if (!family || family.realm !== realm || family.clientId !== clientId)
    return refuse(400, 'invalid_grant', 'Invalid refresh token');
  if (family.ends !== undefined && family.ends <= Date.now())
    return refuse(400, 'invalid_grant', 'Token is not active');
  const staleText =
    context.quirks.reuseMessage === 'stale-token' ? 'Stale token' : "Session doesn't have required client";
  if (!family.revoked && family.refreshToken === given) {
    return granted(context, rotate(context, family), family.ends !== undefined);
  }
  family.revoked = true;
  context.tokens.save();
  return refuse(400, 'invalid_grant', staleText);
}

/** Ends the sign-in that a refresh token belongs to: what `end_session_endpoint` does in this kind of server. */
export function endSession(context: Context, form: URLSearchParams): Reply {
  const family = familyOf(context, form.get('refresh_token') ?? '');
  if (!family) return refuse(400, 'invalid_grant', 'Invalid refresh token');
  family.revoked = true;
  context.tokens.save();
  return { status: 204, headers: {}, body: '' };
}

function granted(context: Context, pair: TokenPair, online = false): Reply {
  return jsonReply({
    access_token: pair.accessToken,
    expires_in: Math.round(context.tokenLifetimeMs / 1000),
    refresh_expires_in: online ? onlineSessionSeconds : 0,
    refresh_token: pair.refreshToken,
    token_type: 'Bearer',
    id_token: 'emulator',
    'not-before-policy': 0,
    session_state: crypto.randomUUID(),
    scope: online ? 'openid email' : 'openid email offline_access',
  });
}

function refuse(status: number, error: string, description: string): Reply {
  return jsonReply({ error, error_description: description }, status);
}

/** A client names itself in the form or by HTTP Basic; rclone tries Basic first (§1.3). */
function clientOf(
  authorization: string | undefined,
  form: URLSearchParams,
): { id: string; secret: string } | undefined {
  const basic = /^Basic +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (basic !== undefined) {
    const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent);
    return { id, secret };
  }
  const id = form.get('client_id');
  return id === null ? undefined : { id, secret: form.get('client_secret') ?? '' };
}

function familyOf(context: Context, refreshToken: string): TokenFamily | undefined {
  const [letter, id, serial] = refreshToken.split('.');
  const family = context.tokens.families.get(id ?? '');
  return letter === 'r' && family && Number(serial) <= family.serial ? family : undefined;
}
