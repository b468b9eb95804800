import { type Endpoints, hostOf } from '../urls.ts';

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Ms since the epoch. */
  readonly expiresAt: number;
  readonly tokenEndpoint: string;
  /** The client that signed in, which a refresh has to name again. */
  readonly clientId: string;
  /** Internal JFS user name. */
  readonly username: string;
  /** Host of the service that the tokens are for: they are never sent to another. */
  readonly serviceHost: string;
}

/** Are these tokens for the service at `endpoints`? The emulator's are not for the real one, nor the other way round. */
export function areFor({ serviceHost }: Tokens, endpoints: Endpoints): boolean {
  return serviceHost === hostOf(endpoints);
}

export interface TokenVault {
  /** Stores durably BEFORE the tokens are used; rejects if that is not possible. */
  saveTokens(tokens: Tokens): Promise<void>;
  /**
   * Asked before each refresh. False: do not refresh now, because the rotated token would have nowhere to go.
   * Absent means yes.
   */
  canSave?(): boolean | Promise<boolean>;
}
