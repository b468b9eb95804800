import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Context } from './context.ts';
import { ServiceError } from './errors.ts';

/** One sign-in: a chain of refresh tokens of which only the newest works (jottacloud-protocol.md §1.2). */
export interface TokenFamily {
  id: string;
  /** rclone's own family is spared by revoke and expire unless asked for. */
  owner: 'client' | 'rclone';
  refreshToken: string;
  serial: number;
  revoked: boolean;
}

interface AccessToken {
  family: string;
  /** Milliseconds since 1970. */
  expires: number;
}

export interface TokenStore {
  families: Map<string, TokenFamily>;
  access: Map<string, AccessToken>;
  /** Login tokens by whether they were used. */
  login: Map<string, boolean>;
  /** Writes the store; a rotated token is on disk before it is given out. */
  save(): void;
}

export const realm = '/auth/realms/jottacloud';
export const wellKnownPath = `${realm}/.well-known/openid-configuration`;
export const tokenPath = `${realm}/protocol/openid-connect/token`;

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

/** A personal login token: base64url without padding, usable once (§1.1). */
export function newLoginToken({ account, tokens }: Context, origin: string): string {
  const secret = randomBytes(18).toString('base64url');
  tokens.login.set(secret, false);
  tokens.save();
  const wellKnown = `${origin}${wellKnownPath}`;
  const token = { username: account.user, realm: 'jottacloud', well_known_link: wellKnown, auth_token: secret };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

export interface TokenPair {
  accessToken: string;
  refreshToken: string;
  expires: number;
}

/** Starts a family and returns its first tokens. */
export function startFamily(context: Context, owner: TokenFamily['owner']): TokenPair {
  const id = randomBytes(9).toString('hex');
  const family: TokenFamily = { id, owner, refreshToken: '', serial: 0, revoked: false };
  context.tokens.families.set(id, family);
  return rotate(context, family);
}

/** Gives out the next refresh token and a new access token; the former refresh token is dead from here on. */
export function rotate(context: Context, family: TokenFamily): TokenPair {
  const { tokens } = context;
  family.serial++;
  family.refreshToken = `r.${family.id}.${family.serial}.${randomBytes(12).toString('hex')}`;
  const accessToken = `a.${family.id}.${randomBytes(24).toString('hex')}`;
  const now = Date.now();
  for (const [token, { expires }] of tokens.access) if (expires < now - 86_400_000) tokens.access.delete(token);
  const expires = now + context.tokenLifetimeMs;
  tokens.access.set(accessToken, { family: family.id, expires });
  tokens.save();
  return { accessToken, refreshToken: family.refreshToken, expires };
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

export function expireTokens(context: Context, which: { all?: boolean }): void {
  for (const family of context.tokens.families.values()) {
    if (which.all || family.owner !== 'rclone') expireFamily(context, family.id);
  }
  context.tokens.save();
}

/** Faults `expire-token` and `revoke`: acts on the family of the token that a request carries. */
export function strikeToken(context: Context, authorization: string | undefined, action: 'expire' | 'revoke'): void {
  const id = context.tokens.access.get(bearer(authorization) ?? '')?.family;
  const family = id === undefined ? undefined : context.tokens.families.get(id);
  if (!family) return;
  if (action === 'revoke') family.revoked = true;
  expireFamily(context, family.id);
  context.tokens.save();
}

function expireFamily({ tokens }: Context, id: string): void {
  for (const token of tokens.access.values())
    if (token.family === id) token.expires = Math.min(token.expires, Date.now());
}

function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

interface SavedTokens {
  families?: [string, TokenFamily][];
  access?: [string, AccessToken][];
  login?: [string, boolean][];
}

function readSaved(file: string): SavedTokens {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
