import { KeyedMutex } from '../base/flights.ts';
import type { Log } from '../base/log.ts';
import { type LoginToken, parseLoginToken } from '../jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../jottacloud/auth/loginTokenExchange.ts';
import { areFor, type Tokens } from '../jottacloud/auth/tokens.ts';
import { isJottaError } from '../jottacloud/errors.ts';
import type { ServiceDeps } from '../jottacloud/options.ts';
import { DriveError } from '../protocol/errors.ts';
import type { StoredTokens } from '../protocol/messages.ts';
import type { AccountState, DriveState } from '../protocol/state.ts';
import { forgetAccount } from './lifecycle/forget.ts';
import type { Mounts } from './mounts.ts';
import type { Session } from './session.ts';
import { checkLoginHost } from './signIn/loginHost.ts';
import type { TokenKeeper } from './windows/tokenKeeper.ts';

/** A session and its volumes. */
export interface Open {
  readonly session: Session;
  readonly mounts: Mounts;
}

/**
 *     signedOut ──sign in, resume──▶ open
 *         ▲                           │  │
 *         └────────sign out───────────┘  └──close──▶ ended ◀──close── signedOut
 */
type Status =
  | { readonly is: 'signedOut' }
  | { readonly is: 'open'; readonly open: Open }
  /** `last`: what windows are told from the moment the end begins; they bring back what was there. */
  | { readonly is: 'ended'; readonly last: DriveState };

export interface SessionsDeps {
  readonly stateDir: string;
  readonly cacheDir: string;
  /** URL of an emulator; undefined for the service. */
  readonly endpoint: string | undefined;
  readonly service: ServiceDeps;
  readonly keeper: TokenKeeper;
  readonly openSession: (tokens: Tokens) => Promise<Open>;
  /** A session was opened or has ended. */
  readonly changed: () => void;
  readonly log: Log;
}

const signInDeadlineMs = 60_000;

/**
 * Begins and ends sessions, one at a time: two on one state would send every change twice and use one refresh token twice,
 * which ends the sign-in. Rejects with DriveError and its kin.
 */
export class Sessions {
  readonly #deps: SessionsDeps;
  readonly #turns = new KeyedMutex<'session'>();
  #status: Status = { is: 'signedOut' };

  constructor(deps: SessionsDeps) {
    this.#deps = deps;
  }

  /** undefined while there is none. */
  get open(): Open | undefined {
    return this.#status.is === 'open' ? this.#status.open : undefined;
  }

  /** undefined until the end has begun. */
  get lastState(): DriveState | undefined {
    return this.#status.is === 'ended' ? this.#status.last : undefined;
  }

  /** Throws `signedOut`, or `shuttingDown` once the end has begun. */
  need(): Open {
    if (this.#status.is === 'open') return this.#status.open;
    throw new DriveError(this.#status.is === 'ended' ? 'shuttingDown' : 'signedOut');
  }

  /** Exchanges a login token, whose secret goes to a known host or to `confirmedHost` only. With an account open, only the same account may sign in again; its work then goes on. */
  async signIn(text: string, confirmedHost?: string): Promise<AccountState> {
    const token = parseToken(text);
    checkLoginHost(token, this.#deps.endpoint, confirmedHost);
    let tokens: Tokens;
    try {
      tokens = await exchangeLoginToken(token, this.#deps.service, AbortSignal.timeout(signInDeadlineMs));
    } catch (error) {
      if (isJottaError(error, 'signedOut')) throw new DriveError('loginTokenUsed', {}, { cause: error });
      throw error;
    }
    return this.goOnWith(tokens);
  }

  /** Stores the tokens of a new sign-in and goes on with them; with an account open, only with those of the same one. */
  async goOnWith(tokens: Tokens): Promise<AccountState> {
    const { keeper } = this.#deps;
    const { session } = await this.#turns.run('session', async () => {
      const { open } = this;
      if (open === undefined) {
        await keeper.saveTokens(tokens);
        return this.#begin(tokens);
      }
      const { client, link } = open.session;
      if (client.username !== tokens.username) throw new DriveError('wrongAccount', { username: client.username });
      await client.settleTokens();
      await keeper.saveTokens(tokens);
      client.replaceTokens(tokens);
      link.renew();
      return open;
    });
    return this.#askAccount(session);
  }

  /** Goes on with tokens a window kept. null when they are not usable; the window then asks to sign in. */
  async resume(stored: StoredTokens): Promise<AccountState | null> {
    if (this.open !== undefined) return this.open.session.getAccount();
    const open = await this.#turns.run('session', async () => {
      // Another window was faster.
      if (this.open !== undefined) return this.open;
      const tokens = await this.#deps.keeper.restore(stored);
      return tokens === undefined || !areFor(tokens, this.#deps.service.endpoints) ? undefined : this.#begin(tokens);
    });
    return open === undefined ? null : this.#askAccount(open.session);
  }

  signOut(): Promise<void> {
    return this.#turns.run('session', async () => {
      await this.#end(this.need());
    });
  }

  /** Signs out and removes what this computer keeps of the account. `pendingUploads` while it holds what the server has not. */
  signOutAndForget(): Promise<void> {
    return this.#turns.run('session', async () => {
      const open = this.need();
      if (open.session.nodes.countPending().pending > 0) throw new DriveError('pendingUploads');
      const { username } = open.session.client;
      await this.#end(open);
      await forgetAccount(this.#deps.stateDir, this.#deps.cacheDir, username);
    });
  }

  /**
   * Runs a request in the session, which does not end before it; `signal` then aborts at the session's end as well. Without a
   * session it runs all the same, and refuses by itself.
   */
  async within<R>(signal: AbortSignal, request: (signal: AbortSignal) => R | Promise<R>): Promise<R> {
    const work = this.open?.session.work;
    if (work === undefined) return request(signal);
    return work.run(() => request(AbortSignal.any([signal, work.signal])));
  }

  /** For good: no session begins afterwards. With `drain`, first waits for uploads, at most as long as `signal` allows. */
  close(drain: boolean, getState: () => DriveState, signal: AbortSignal): Promise<void> {
    return this.#turns.run('session', async () => {
      const { open } = this;
      this.#status = { is: 'ended', last: getState() };
      if (open === undefined) return;
      const { session, mounts } = open;
      if (drain && session.link.health === 'ok') {
        await session.pusher.drain(signal).catch((error) => this.#deps.log.info('work is left', { error }));
      }
      await mounts.close();
      await session.client.settleTokens();
      await session.close();
    });
  }

  /** Only within a turn. */
  async #begin(tokens: Tokens): Promise<Open> {
    if (this.#status.is === 'ended') throw new DriveError('shuttingDown');
    const open = await this.#deps.openSession(tokens);
    this.#status = { is: 'open', open };
    this.#deps.changed();
    return open;
  }

  /** Only within a turn. */
  async #end({ session, mounts }: Open): Promise<void> {
    await mounts.close();
    this.#status = { is: 'signedOut' };
    // A rotation on its way would store its tokens after they were forgotten.
    await session.client.settleTokens();
    await this.#deps.keeper.clear();
    await session.close();
    this.#deps.changed();
  }

  /** Waited for only where nothing is known of the account yet: what is here is usable without a network. */
  async #askAccount(session: Session): Promise<AccountState> {
    const asked = session
      .refreshAccount()
      .catch((error) => this.#deps.log.info('the account is not reachable yet', { error }));
    if (session.getAccount().email === '') await asked;
    return session.getAccount();
  }
}

function parseToken(text: string): LoginToken {
  try {
    return parseLoginToken(text);
  } catch (error) {
    throw new DriveError('loginTokenMalformed', {}, { cause: error });
  }
}
