import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type BrandName, brands, realmPath, wellKnownEndpoint } from './brands.ts';
import type { Context } from './context.ts';
import { ServiceError } from './errors.ts';

/** One sign-in: a chain of refresh tokens of which only the newest works (PROTOCOL.md §1.2). */
export interface TokenFamily {
  id: string;
  realm: string;
  /** Who signed in; nobody else may refresh. */
  clientId: string;
  /** rclone's own family is spared by revoke and expire unless asked for; of `browser` sign-ins only the last stays good (§1.4). */
  owner: 'client' | 'rclone' | 'browser';
  /** When refreshing ends, for a sign-in without the scope offline_access; milliseconds since 1970. */
  ends?: number;
  refreshToken: string;
  serial: number;
  revoked: boolean;
}

interface AccessToken {
  family: string;
  /** Milliseconds since 1970. */
  expires: number;
  /** A request was accepted with it. */
  used: boolean;
}

interface LoginToken {
  realm: string;
  used: boolean;
}

export interface TokenStore {
  families: Map<string, TokenFamily>;
  access: Map<string, AccessToken>;
  login: Map<string, LoginToken>;
  /** Writes the store; a rotated token is on disk before it is given out. */
  save(): void;
}

export function loadTokens(file: string | undefined): TokenStore {
  const saved = file === undefined ? {} : readSaved(file);
  const store: TokenStore = {
    families: new Map(saved.families),
    access: new Map(saved.access),
    login: new Map(saved.login),
    save() {
      if (file === undefined) return;
      const { families, access, login } = store;
      writeFileSync(`${file}.new`, JSON.stringify({ families: [...families], access: [...access], login: [...login] }));
      renameSync(`${file}.new`, file);
    },
  };
  return store;
}

/** A personal login token of a brand: base64url without padding, usable once, at that brand's realm (§1.1, §1.4). */
export function newLoginToken({ account, tokens }: Context, origin: string, brand: BrandName = 'jottacloud'): string {
  const secret = randomBytes(18).toString('base64url');
  const { realm } = brands[brand];
  tokens.login.set(secret, { realm, used: false });
  tokens.save();
  const wellKnown = `${origin}${realmPath(realm)}/${wellKnownEndpoint}`;
  const token = { username: account.user, realm, well_known_link: wellKnown, auth_token: secret };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

export interface TokenPair {
  accessToken: string;
  refreshToken: string;
  expires: number;
}

/** Starts a family and returns its first tokens. */
export function startFamily(
  context: Context,
  owner: TokenFamily['owner'],
  realm: string,
  clientId: string,
  ends?: number,
): TokenPair {
  const id = randomBytes(9).toString('hex');
  const family: TokenFamily = { id, realm, clientId, owner, refreshToken: '', serial: 0, revoked: false };
  if (ends !== undefined) family.ends = ends;
  context.tokens.families.set(id, family);
  return rotate(context, family);
}

/** Gives out the next refresh token and a new access token; the former refresh token is dead from here on. */
export function rotate(context: Context, family: TokenFamily): TokenPair {
  const { tokens } = context;
  family.serial++;
  family.refreshToken = `r.${family.id}.${family.serial}.${randomBytes(12).toString('hex')}`;
  const now = Date.now();
  for (const [token, { expires }] of tokens.access) if (expires < now - 86_400_000) tokens.access.delete(token);
  const expires = now + context.tokenLifetimeMs;
  const accessToken = accessTokenOf(context, family, expires);
  tokens.access.set(accessToken, { family: family.id, expires, used: false });
  tokens.save();
  return { accessToken, refreshToken: family.refreshToken, expires };
}

/** Three parts as a JWT has, of which the second is real: its `sub` ends in the user name (§1.5). */
function accessTokenOf({ account }: Context, family: TokenFamily, expires: number): string {
  const payload = {
    exp: Math.floor(expires / 1000),
    jti: randomBytes(8).toString('hex'),
    sub: `f:${family.id}:${account.user}`,
    typ: 'Bearer',
    preferred_username: account.user,
  };
  return `a.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.${randomBytes(24).toString('hex')}`;
}

/** Throws the 401s of §1.5 unless the header carries a valid access token and, when given, the user is its owner. */
export function authenticate(context: Context, authorization: string | undefined, user?: string): void {
  const given = bearer(authorization);
  if (given === undefined) throw new ServiceError(401, 'BadCredentialsException', 'No token or token is malformed!');
  const token = context.tokens.access.get(given);
  if (!token || token.expires <= Date.now()) {
    throw new ServiceError(401, 'BadCredentialsException', 'Bad credentials');
  }
  if (user !== undefined && user.toLowerCase() !== context.account.user.toLowerCase()) {
    throw new ServiceError(401, 'AuthenticationCredentialsNotFoundException', 'Token mismatch!');
  }
  token.used = true;
}

/** Revokes refresh tokens; access tokens live on until they expire unless `access` (§1.2). */
export function revokeTokens(context: Context, which: { all?: boolean; access?: boolean }): void {
  for (const family of context.tokens.families.values()) {
    if (!which.all && family.owner === 'rclone') continue;
    family.revoked = true;
    if (which.access) expireFamily(context, family.id);
  }
  context.tokens.save();
}

export function expireTokens(context: Context, which: { all?: boolean; onlyUsed?: boolean }): void {
  for (const family of context.tokens.families.values()) {
    if (which.all || family.owner !== 'rclone') expireFamily(context, family.id, which.onlyUsed);
  }
  context.tokens.save();
}

/** Faults `expire-token` and `revoke`: acts on the family of the token that a request carries. */
export function strikeToken(
  context: Context,
  { access, refresh }: { access?: string; refresh?: string },
  action: 'expire' | 'revoke',
): void {
  const id = access === undefined ? refresh?.split('.')[1] : context.tokens.access.get(access)?.family;
  const family = context.tokens.families.get(id ?? '');
  if (!family) return;
  if (action === 'revoke') family.revoked = true;
  expireFamily(context, family.id);
  context.tokens.save();
}

function expireFamily({ tokens }: Context, id: string, onlyUsed = false): void {
  for (const token of tokens.access.values())
    if (token.family === id && (token.used || !onlyUsed)) token.expires = Math.min(token.expires, Date.now());
}

function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

interface SavedTokens {
  families?: [string, TokenFamily][];
  access?: [string, AccessToken][];
  login?: [string, LoginToken][];
}

function readSaved(file: string): SavedTokens {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
