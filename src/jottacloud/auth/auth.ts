import { untilAborted } from '../../base/abort.ts';
import type { ClientClock } from '../../base/clock.ts';
import { createEmitter, type Emitter } from '../../base/events.ts';
import { Flights } from '../../base/flights.ts';
import { isJottaError, JottaError } from '../errors.ts';
import type { Http } from '../transport/http.ts';
import { fromAbort } from '../transport/transportErrors.ts';
import { postGrant, refreshForm } from './grants.ts';
import type { Tokens, TokenVault } from './tokens.ts';

export interface TokenSourceDeps {
  readonly http: Http;
  readonly vault: TokenVault;
  readonly clock: ClientClock;
}

/**
 * Hands out access tokens and rotates them. The rules come from PROTOCOL.md §1.2, where reusing a refresh
 * token revokes the whole family:
 * - at most one refresh runs, and no caller's cancellation (nor `close`) cuts it short: an answer lost is a family lost;
 * - rotated tokens are used only after the vault has them; if it fails, they are kept and offered again, never refetched;
 * - `invalid_grant` is final: no further call goes out until `replaceTokens`.
 */
export class TokenSource {
  readonly #deps: TokenSourceDeps;
  readonly #signedOut: Emitter<void>;
  readonly #flights = new Flights<'refresh', void>();
  #flight: Promise<void> | undefined;
  #tokens: Tokens;
  /** Rotated but not yet stored. */
  #unsaved: Tokens | undefined;
  #dead: JottaError | undefined;
  /** Refused tokens that were replaced lately, and when, ms since the epoch: one death refuses many requests. */
  readonly #replacedAt = new Map<string, number>();
  #acceptedToken: string | undefined;
  /** ms that an access token is valid, as the last grant said. */
  #lifeMs = Number.POSITIVE_INFINITY;

  constructor(deps: TokenSourceDeps, tokens: Tokens) {
    this.#deps = deps;
    this.#tokens = tokens;
    this.#signedOut = createEmitter((error) => deps.http.log.error('a signed-out listener failed', { error }));
  }

  get username(): string {
    return this.#tokens.username;
  }

  onSignedOut(listener: () => void): () => void {
    return this.#signedOut.on(listener);
  }

  /**
   * After a new sign-in. The user must be the same: paths, caches and the journal belong to one account. Await `settle`
   * before storing the new tokens, so that a rotation of the old ones is not stored over them.
   */
  replaceTokens(tokens: Tokens): void {
    if (tokens.username !== this.#tokens.username) throw new JottaError('protocol', 'tokens of another account');
    this.#tokens = tokens;
    this.#unsaved = undefined;
    this.#dead = undefined;
    this.#replacedAt.clear();
  }

  /**
   * A token good for at least `aheadMs`, or half its life if that is shorter. When a renewal ahead of time fails for now,
   * the old token serves until it really expires.
   * JottaError 'signedOut', 'offline' (no network, or the vault cannot store), 'timeout', 'server', 'cancelled'.
   */
  async getAccessToken(signal: AbortSignal, aheadMs = this.#deps.http.limits.refreshAheadMs): Promise<string> {
    const { clock, http } = this.#deps;
    if (this.#dead) throw this.#dead;
    const ahead = Math.min(aheadMs, this.#lifeMs / 2);
    if (this.#tokens.expiresAt - clock.now() > ahead) return this.#tokens.accessToken;
    try {
      await this.#refresh(signal);
    } catch (error) {
      const usable = isJottaError(error) && error.retryable && clock.now() < this.#tokens.expiresAt;
      if (!usable) throw error;
      http.log.warn('the access token could not be renewed yet', { error });
    }
    return this.#tokens.accessToken;
  }

  /**
   * A token other than `rejectedToken`, which the server just refused with 401; or the same one, if such a refresh a short while
   * ago did not help, or several did: then it is not the token that is refused, and another would be no better.
   */
  async refreshAfter401(rejectedToken: string, signal: AbortSignal): Promise<string> {
    if (this.#dead) throw this.#dead;
    const { clock, http } = this.#deps;
    if (this.#tokens.accessToken !== rejectedToken) return this.#tokens.accessToken;
    const now = clock.now();
    for (const [token, at] of this.#replacedAt) {
      const isRecent = now >= at && now - at < http.limits.refusedTokenMs;
      if (!isRecent) this.#replacedAt.delete(token);
    }
    const isHopeless = this.#acceptedToken !== rejectedToken && this.#replacedAt.size > 0;
    if (isHopeless || this.#replacedAt.size >= http.limits.refusedTokens) return rejectedToken;
    await this.#refresh(signal);
    this.#replacedAt.set(rejectedToken, now);
    return this.#tokens.accessToken;
  }

  /** The server answered a request with this token otherwise than by 401. */
  noteAccepted(token: string): void {
    this.#acceptedToken = token;
  }

  /**
   * Resolves when no refresh is on its way any more and rotated tokens that could not be stored were offered once more, so
   * that a process may exit without losing them.
   */
  async settle(): Promise<void> {
    await this.#flight?.catch(() => {});
    if (this.#unsaved !== undefined) await this.#flights.run('refresh', () => this.#rotate()).catch(() => {});
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    const flight = this.#flights.run('refresh', () => this.#rotate());
    this.#flight = flight;
    flight.catch(() => {});
    try {
      await untilAborted(flight, signal);
    } catch (error) {
      throw isJottaError(error) ? error : fromAbort(signal.reason);
    }
  }

  async #rotate(): Promise<void> {
    if (this.#unsaved === undefined) {
      if (!(await this.#canSave())) throw new JottaError('offline', 'there is no place to store renewed tokens');
      const old = this.#tokens;
      const rotated = await this.#fetchRotated(old);
      // A sign-in during the call wins, also in the vault.
      if (this.#tokens !== old) return;
      this.#unsaved = rotated;
    }
    const rotated = this.#unsaved;
    try {
      await this.#deps.vault.saveTokens(rotated);
    } catch (error) {
      throw new JottaError('offline', 'the renewed tokens could not be stored', { cause: error });
    }
    if (this.#unsaved !== rotated) return;
    this.#unsaved = undefined;
    this.#tokens = rotated;
  }

  async #canSave(): Promise<boolean> {
    try {
      return (await this.#deps.vault.canSave?.()) ?? true;
    } catch (error) {
      throw new JottaError('offline', 'the token store does not answer', { cause: error });
    }
  }

  async #fetchRotated(old: Tokens): Promise<Tokens> {
    const { http, clock } = this.#deps;
    try {
      const form = refreshForm(old.clientId, old.refreshToken);
      const grant = await postGrant(http, old.tokenEndpoint, form, AbortSignal.timeout(http.limits.tokenMs));
      const lifeMs = grant.expiresIn * 1000;
      this.#lifeMs = lifeMs;
      http.log.info('access token renewed', { expiresInSeconds: grant.expiresIn });
      return {
        ...old,
        accessToken: grant.accessToken,
        refreshToken: grant.refreshToken ?? old.refreshToken,
        expiresAt: clock.now() + lifeMs,
      };
    } catch (error) {
      if (isJottaError(error, 'signedOut') && this.#tokens === old) {
        this.#dead = error;
        this.#signedOut.emit();
      }
      throw error;
    }
  }
}
