import { realm, rotate, startFamily, type TokenFamily, type TokenPair, tokenPath } from './auth.ts';
import type { Context } from './context.ts';
import { jsonReply, type Reply } from './reply.ts';

const clients = new Set(['jottacli', 'desktop', 'desktop-win']);

/** The OpenID document; every endpoint is on the origin it was asked from (jottacloud-protocol.md §1.1). */
export function wellKnown(origin: string): Reply {
  const base = `${origin}${realm}/protocol/openid-connect`;
  return jsonReply({
    issuer: `${origin}${realm}`,
    authorization_endpoint: `${base}/auth`,
    token_endpoint: `${origin}${tokenPath}`,
    token_introspection_endpoint: `${base}/token/introspect`,
    introspection_endpoint: `${base}/token/introspect`,
    userinfo_endpoint: `${base}/userinfo`,
    end_session_endpoint: `${base}/logout`,
    jwks_uri: `${base}/certs`,
    check_session_iframe: `${base}/login-status-iframe.html`,
    grant_types_supported: ['authorization_code', 'refresh_token', 'password'],
    response_types_supported: ['code'],
    scopes_supported: ['openid', 'offline_access', 'jotta-default', 'email'],
    code_challenge_methods_supported: ['plain', 'S256'],
  });
}

/** The token endpoint: password grant with a login token, and refresh with rotation and reuse detection (§1.1–§1.3). */
export function grantToken(context: Context, authorization: string | undefined, form: URLSearchParams): Reply {
  const client = clientOf(authorization, form);
  if (client === undefined || !clients.has(client.id))
    return refuse(401, 'invalid_client', 'Invalid client credentials');
  if (client.secret) return refuse(401, 'unauthorized_client', 'Public client not allowed to send a secret');
  const grant = form.get('grant_type');
  if (grant === 'password') return signIn(context, form);
  if (grant === 'refresh_token') return refresh(context, form);
  if (!grant) return refuse(400, 'invalid_request', 'Missing form parameter: grant_type');
  return refuse(400, 'unsupported_grant_type', 'Unsupported grant_type');
}

function signIn(context: Context, form: URLSearchParams): Reply {
  const secret = form.get('password') ?? '';
  const scopes = (form.get('scope') ?? '').split(' ');
  const usable = context.tokens.login.get(secret) === false && form.get('username') === context.account.user;
  if (!usable) return refuse(401, 'invalid_grant', 'Invalid user credentials');
  if (!scopes.includes('openid') || !scopes.includes('offline_access')) {
    return refuse(400, 'invalid_scope', `Invalid scopes: ${scopes.join(' ')}`);
  }
  context.tokens.login.set(secret, true);
  return granted(context, startFamily(context, 'client'));
}

function refresh(context: Context, form: URLSearchParams): Reply {
  const given = form.get('refresh_token');
  if (!given) return refuse(400, 'invalid_request', 'No refresh token');
  const family = familyOf(context, given);
  if (!family) return refuse(400, 'invalid_grant', 'Invalid refresh token');
  const staleText =
    context.quirks.reuseMessage === 'stale-token' ? 'Stale token' : "Session doesn't have required client";
  if (!family.revoked && family.refreshToken === given) return granted(context, rotate(context, family));
  family.revoked = true;
  context.tokens.save();
  return refuse(400, 'invalid_grant', staleText);
}

function granted(context: Context, pair: TokenPair): Reply {
  return jsonReply({
    access_token: pair.accessToken,
    expires_in: Math.round(context.tokenLifetimeMs / 1000),
    refresh_expires_in: 0,
    refresh_token: pair.refreshToken,
    token_type: 'Bearer',
    id_token: 'emulator',
    'not-before-policy': 0,
    session_state: crypto.randomUUID(),
    scope: 'openid email offline_access',
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
