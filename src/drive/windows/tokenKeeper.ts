import { within } from '../../base/deadline.ts';
import { KeyedMutex } from '../../base/flights.ts';
import type { Log } from '../../base/log.ts';
import type { Tokens, TokenVault } from '../../jottacloud/auth/tokens.ts';
import type { StoredTokens } from '../../protocol/messages.ts';

/** A place that keeps the secret; resolves only when it is durably there. */
export type SecretStore = (tokens: StoredTokens) => Promise<void>;

const keychainService = 'Jottacloud Drive';

/**
 * Where rotated tokens go before they are used: to the windows' SecretStorage while one is attached, to the OS
 * keychain while none is. When neither takes them, there is no refresh: the drive waits and loses nothing.
 */
export class TokenKeeper implements TokenVault {
  readonly #windows = new Set<SecretStore>();
  readonly #log: Log;
  readonly #loadKeychain: () => Promise<Keychain | undefined>;
  #current: Kept | undefined;
  /** The last that were to be saved; offered again, they are the same. */
  #offered: Kept | undefined;
  /** The keychain is known to have nothing of these users: it may be slow, or ask a person. */
  readonly #absent = new Set<string>();
  readonly #turns = new KeyedMutex<'keychain'>();
  /** On their way to windows. Windows may share one SecretStorage, where whatever arrives last stays. */
  readonly #handing = new Set<Promise<unknown>>();

  constructor(log: Log, loadKeychain = loadSystemKeychain) {
    this.#log = log;
    this.#loadKeychain = loadKeychain;
  }

  get current(): Tokens | undefined {
    return this.#current?.tokens;
  }

  /** A window that can keep secrets came; it is given the newest ones at once. Returns how to take it off again. */
  addWindow(store: SecretStore): () => void {
    this.#windows.add(store);
    if (this.#current !== undefined) this.#handOut([store], this.#current);
    return () => this.#windows.delete(store);
  }

  async canSave(): Promise<boolean> {
    return this.#windows.size > 0 || (await this.#loadKeychain()) !== undefined;
  }

  async saveTokens(tokens: Tokens): Promise<void> {
    if (this.#handing.size > 0) await Promise.allSettled(this.#handing);
    if (this.#offered?.tokens !== tokens) {
      this.#offered = { tokens, serial: Math.max((this.#current?.serial ?? 0) + 1, Date.now()) };
    }
    const kept = this.#offered;
    // All of them: those of different computers (Remote, a browser) have each their own.
    const isHandedOut = await Promise.any(this.#handOut([...this.#windows], kept)).then(
      () => true,
      () => false,
    );
    if (!isHandedOut) return this.#keepInKeychain(kept);
    this.#current = kept;
    await this.#forgetInKeychain(kept);
  }

  /**
   * Tokens as a window kept them, or newer ones that the keychain got while no window was there, which windows then get. Never
   * the older ones: using them would revoke the newer (PROTOCOL.md §1.2).
   */
  async restore(stored: StoredTokens): Promise<Tokens | undefined> {
    const keychain = await this.#loadKeychain();
    const asked = keychain?.getPassword(keychainService, stored.username) ?? Promise.resolve(null);
    const inKeychain = await asked.then(
      (secret) => secret ?? 'none',
      () => 'unknown',
    );
    if (inKeychain === 'none') this.#absent.add(stored.username);
    const [window, kept] = [stored.secret, inKeychain].map(parseKept);
    const isNewer = kept !== undefined && (window === undefined || compare(kept, window) > 0);
    this.#current = isNewer ? kept : window;
    if (isNewer) this.#handOut([...this.#windows], kept);
    return this.#current?.tokens;
  }

  /** Resolves when nothing is on its way to a window any more: whoever forgets them there does so for good. */
  async clear(): Promise<void> {
    await Promise.allSettled(this.#handing);
    const kept = this.#current;
    if (kept !== undefined) await this.#forgetInKeychain(kept);
    this.#current = undefined;
  }

  #handOut(windows: readonly SecretStore[], kept: Kept): Promise<void>[] {
    return windows.map((store) => {
      const storing = store(toStored(kept));
      storing.then(
        () => this.#forgetInKeychain(kept),
        (error) => this.#log.warn('a window could not store the tokens', { error }),
      );
      const handing = within(storeDeadlineMs, storing, nobodyAnswers);
      const done = handing.catch(() => {}).finally(() => this.#handing.delete(done));
      this.#handing.add(done);
      return handing;
    });
  }

  #keepInKeychain(kept: Kept): Promise<void> {
    return this.#turns.run('keychain', async () => {
      const keychain = await this.#loadKeychain();
      if (keychain === undefined) throw new Error('no window and no keychain to keep the tokens');
      const { username } = kept.tokens;
      this.#absent.delete(username);
      await keychain.setPassword(keychainService, username, toStored(kept).secret);
      this.#current = kept;
    });
  }

  /** Unless there are newer ones by now, which may be nowhere else. Never rejects. */
  #forgetInKeychain(kept: Kept): Promise<void> {
    const { username } = kept.tokens;
    return this.#turns.run('keychain', async () => {
      if (this.#current !== kept || this.#absent.has(username)) return;
      try {
        const keychain = await this.#loadKeychain();
        if (keychain !== undefined)
          await within(storeDeadlineMs, keychain.deletePassword(keychainService, username), nobodyAnswers);
        this.#absent.add(username);
      } catch (error) {
        this.#log.warn('older tokens stay in the keychain', { error });
      }
    });
  }
}

/** Tokens and their place in the order they were kept in; the clock alone may have been set back meanwhile. */
interface Kept {
  readonly tokens: Tokens;
  readonly serial: number;
}

function compare(a: Kept, b: Kept): number {
  return a.serial - b.serial || a.tokens.expiresAt - b.tokens.expiresAt;
}

/** A window or keychain that does not answer by then is passed over. ms. */
const storeDeadlineMs = 10_000;
const nobodyAnswers = () => new Error('nobody answers');

function toStored({ tokens, serial }: Kept): StoredTokens {
  return { username: tokens.username, secret: JSON.stringify({ ...tokens, serial }) };
}

/** Boundary check of a stored secret; undefined when it is not ours. */
function parseKept(secret: string): Kept | undefined {
  try {
    const value = JSON.parse(secret) as Record<string, unknown>;
    const { serial, ...tokens } = value;
    const { accessToken, refreshToken, expiresAt, tokenEndpoint, clientId, username, serviceHost } = tokens;
    const texts = [accessToken, refreshToken, tokenEndpoint, clientId, username, serviceHost];
    if (texts.some((text) => typeof text !== 'string') || typeof expiresAt !== 'number') return undefined;
    return { tokens: tokens as unknown as Tokens, serial: typeof serial === 'number' ? serial : 0 };
  } catch {
    return undefined;
  }
}

export type Keychain = Pick<typeof import('keytar/keytar.js'), 'setPassword' | 'getPassword' | 'deletePassword'>;
let keychainProbe: Promise<Keychain | undefined> | undefined;

/** The OS keychain, or undefined where there is none (a server without a secret service). Asked once. */
function loadSystemKeychain(): Promise<Keychain | undefined> {
  keychainProbe ??= import('keytar/keytar.js')
    .then(async (keytar) => {
      await keytar.getPassword(keychainService, 'probe');
      return keytar;
    })
    .catch(() => undefined);
  return keychainProbe;
}
