import { type BrandKey, brands, wellKnownLinkOf } from '../../jottacloud/auth/brands.ts';
import { beginCodeFlow, type CodeFlow, redirectPort } from '../../jottacloud/auth/codeFlow.ts';
import type { Tokens } from '../../jottacloud/auth/tokens.ts';
import { isJottaError } from '../../jottacloud/errors.ts';
import type { ServiceDeps } from '../../jottacloud/options.ts';
import { DriveError } from '../../protocol/errors.ts';
import type { LandingPage } from '../../protocol/messages.ts';
import { type Landing, type Outcome, openLanding } from './landing.ts';

/** What a person gets to sign in on the page, a password to be found and a code from the telephone included. ms. */
export const signInPatienceMs = 600_000;
/** For the exchange of the code. ms. */
const exchangeMs = 60_000;

export interface BrowserSignInParams<T> {
  readonly brand: BrandKey;
  /** Stands for every host of the service, the sign-in server's too; absent for the real ones. */
  readonly endpoint: string | undefined;
  readonly page: LandingPage;
  readonly service: ServiceDeps;
  readonly patienceMs: number;
  /** Stores the tokens and goes on with them. The browser is told only then that it is done. */
  readonly use: (tokens: Tokens) => Promise<T>;
}

/**
 * One sign-in on a brand's own page. It waits for the browser to be sent back to this computer, or for `pass` with the address
 * that a browser elsewhere could not open; whichever comes first. The code, and what it is exchanged for, stay in this process.
 */
export class BrowserSignIn<T> {
  readonly #params: BrowserSignInParams<T>;
  readonly #done = Promise.withResolvers<T>();
  #flow: CodeFlow | undefined;
  #landing: Landing | undefined;
  /** Outcome of the one address that belongs to this sign-in. */
  #taken: Promise<Outcome> | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(params: BrowserSignInParams<T>) {
    this.#params = params;
    this.#done.promise.catch(() => {});
  }

  /** Rejects with JottaError when the sign-in server cannot be asked, with DriveError `signInPortBusy`. */
  static async begin<T>(params: BrowserSignInParams<T>, signal: AbortSignal): Promise<BrowserSignIn<T>> {
    const signIn = new BrowserSignIn(params);
    await signIn.#open(signal);
    return signIn;
  }

  /** The page for the browser. */
  get address(): string {
    return this.#flow?.address ?? '';
  }

  get redirectUri(): string {
    return this.#landing?.redirectUri ?? '';
  }

  /** DriveError `signInRefused`, `signInEnded`, or what `use` and the exchange rejected with. Aborting ends the sign-in. */
  async wait(signal: AbortSignal): Promise<T> {
    const end = () => this.end();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      return await this.#done.promise;
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  /** Takes an address as a person copied it. DriveError `signInAddressWrong` when it does not belong to this sign-in. */
  async pass(address: string): Promise<void> {
    if ((await this.#take(address)) === 'foreign') throw new DriveError('signInAddressWrong');
  }

  /** Whoever waits is told `signInEnded`. A code that is being exchanged is still used. */
  end(): void {
    this.#close();
    if (this.#taken === undefined) this.#done.reject(new DriveError('signInEnded'));
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { brand: key, endpoint, page, service, patienceMs } = this.#params;
    const brand = brands[key];
    // Only the real servers know which addresses they may send a code to.
    const port = endpoint === undefined || endpoint === '' ? redirectPort : 0;
    this.#landing = await openLanding(port, page, (address) => this.#take(address));
    try {
      const wellKnownLink = wellKnownLinkOf(brand, endpoint);
      const { redirectUri } = this.#landing;
      this.#flow = await beginCodeFlow({ brand, wellKnownLink, redirectUri }, service, signal);
    } catch (error) {
      this.#close();
      throw error;
    }
    this.#timer = setTimeout(() => this.end(), patienceMs);
  }

  async #take(address: string): Promise<Outcome> {
    const landing = this.#flow?.readLanding(address) ?? { kind: 'foreign' };
    if (landing.kind === 'foreign') return 'foreign';
    // A page that is loaded again asks for the same.
    this.#taken ??= landing.kind === 'code' ? this.#redeem(landing.code) : this.#refuse(landing.reason);
    return this.#taken;
  }

  async #refuse(reason: string): Promise<Outcome> {
    this.#done.reject(new DriveError('signInRefused', { reason }));
    this.#close();
    return 'refused';
  }

  async #redeem(code: string): Promise<Outcome> {
    try {
      const flow = this.#flow as CodeFlow;
      this.#done.resolve(await this.#params.use(await flow.redeem(code, AbortSignal.timeout(exchangeMs))));
      return 'signedIn';
    } catch (error) {
      const isSpent = isJottaError(error, 'signedOut');
      this.#done.reject(isSpent ? new DriveError('signInRefused', {}, { cause: error }) : error);
      return 'refused';
    } finally {
      this.#close();
    }
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#landing?.close();
  }
}
