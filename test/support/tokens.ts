import type { Tokens } from '../../src/jottacloud/auth/tokens.ts';

/** Tokens of a made-up sign-in, with the token endpoint of the server at `url`. They last, unless told otherwise. */
export function makeTokens(url: string, change: Partial<Tokens> = {}): Tokens {
  return {
    accessToken: 'A',
    refreshToken: 'R',
    expiresAt: Number.MAX_SAFE_INTEGER,
    tokenEndpoint: `${url}/token`,
    clientId: 'jottacli',
    serviceHost: 'localhost',
    username: 'u0',
    ...change,
  };
}
