import { randomUUID } from 'node:crypto';
import { brands, isBrandKey } from '../../jottacloud/auth/brands.ts';
import type { Tokens } from '../../jottacloud/auth/tokens.ts';
import type { ServiceDeps } from '../../jottacloud/options.ts';
import { DriveError } from '../../protocol/errors.ts';
import type { BeginSignInParams, BrandInfo, SignInPage } from '../../protocol/messages.ts';
import type { AccountState } from '../../protocol/state.ts';
import { BrowserSignIn, signInPatienceMs } from './browserSignIn.ts';

export interface BrowserSignInsDeps {
  readonly service: ServiceDeps;
  readonly endpoint: string | undefined;
  readonly use: (tokens: Tokens) => Promise<AccountState>;
}

/** What asking the sign-in server for its page may take. ms. */
const beginMs = 30_000;

/** The browser sign-in that is under way for some window: one at a time, since they come back to one address. */
export class BrowserSignIns {
  readonly #deps: BrowserSignInsDeps;
  #current: { readonly id: string; readonly signIn: BrowserSignIn<AccountState> } | undefined;

  constructor(deps: BrowserSignInsDeps) {
    this.#deps = deps;
  }

  /** Ends one that was under way. DriveError `notFound` for a brand that is not listed, `signInPortBusy`. */
  async begin({ brand, page }: BeginSignInParams): Promise<SignInPage> {
    if (!isBrandKey(brand)) throw new DriveError('notFound');
    this.end();
    const { service, endpoint, use } = this.#deps;
    const params = { brand, page, service, endpoint, use, patienceMs: signInPatienceMs };
    const signIn = await BrowserSignIn.begin(params, AbortSignal.timeout(beginMs));
    // Another window may have been as fast.
    this.end();
    const id = randomUUID();
    this.#current = { id, signIn };
    return { id, address: signIn.address, redirectUri: signIn.redirectUri };
  }

  /** DriveError `signInEnded` for one that is over. Aborting ends it. */
  wait(id: string, signal: AbortSignal): Promise<AccountState> {
    return this.#need(id).wait(signal);
  }

  pass(id: string, address: string): Promise<void> {
    return this.#need(id).pass(address);
  }

  end(): void {
    this.#current?.signIn.end();
    this.#current = undefined;
  }

  #need(id: string): BrowserSignIn<AccountState> {
    if (this.#current?.id !== id) throw new DriveError('signInEnded');
    return this.#current.signIn;
  }
}

/** For people to choose from. */
export function listBrands(): readonly BrandInfo[] {
  return Object.entries(brands).map(([key, { name, host }]) => ({ key, name, host }));
}
