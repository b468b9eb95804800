import type { Log } from '../base/log.ts';
import type { Tokens, TokenVault } from '../jottacloud/tokens.ts';
import type { StoredTokens } from '../protocol/messages.ts';

/** A place that keeps the secret; resolves only when it is durably there. */
export type SecretStore = (tokens: StoredTokens) => Promise<void>;

const keychainService = 'Jottacloud Drive';

/**
 * Where rotated tokens go before they are used (design.md §10): to a window's SecretStorage while one is attached, to the OS
 * keychain while none is. When neither takes them, there is no refresh: the drive waits and loses nothing.
 */
export class TokenKeeper implements TokenVault {
  readonly #windows = new Set<SecretStore>();
  readonly #log: Log;
  readonly #loadKeychain: () => Promise<Keychain | undefined>;
  #current: Tokens | undefined;

  constructor(log: Log, loadKeychain = loadSystemKeychain) {
    this.#log = log;
    this.#loadKeychain = loadKeychain;
  }

  get current(): Tokens | undefined {
    return this.#current;
  }

  /** A window that can keep secrets came; it is given the newest ones at once. Returns how to take it off again. */
  addWindow(store: SecretStore): () => void {
    this.#windows.add(store);
    if (this.#current !== undefined) {
      const { username } = this.#current;
      store(toStored(this.#current))
        .then(() => this.#forgetInKeychain(username))
        .catch((error) => this.#log.warn('a window did not take the tokens', { error }));
    }
    return () => this.#windows.delete(store);
  }

  async canSave(): Promise<boolean> {
    return this.#windows.size > 0 || (await this.#loadKeychain()) !== undefined;
  }

  async saveTokens(tokens: Tokens): Promise<void> {
    const stored = toStored(tokens);
    for (const store of this.#windows) {
      try {
        await withDeadline(store(stored));
        this.#current = tokens;
        return;
      } catch (error) {
        this.#log.warn('a window could not store the tokens', { error });
      }
    }
    const keychain = await this.#loadKeychain();
    if (keychain === undefined) throw new Error('no window and no keychain to keep the tokens');
    await keychain.setPassword(keychainService, tokens.username, stored.secret);
    this.#current = tokens;
  }

  /**
   * Tokens as a window kept them, or newer ones that the keychain got while no window was there. Never the older ones:
   * using them would revoke the newer (jottacloud-protocol.md §1.2).
   */
  async restore(stored: StoredTokens): Promise<Tokens | undefined> {
    const keychain = await this.#loadKeychain();
    const kept = await keychain?.getPassword(keychainService, stored.username).catch(() => null);
    const known = [stored.secret, kept ?? ''].map(parseTokens).filter((tokens) => tokens !== undefined);
    this.#current = known.sort((a, b) => b.expiresAt - a.expiresAt)[0];
    return this.#current;
  }

  clear(): void {
    if (this.#current !== undefined) void this.#forgetInKeychain(this.#current.username);
    this.#current = undefined;
  }

  async #forgetInKeychain(username: string): Promise<void> {
    const keychain = await this.#loadKeychain();
    await keychain?.deletePassword(keychainService, username).catch(() => false);
  }
}

/** A window that does not answer by then is passed over. ms. */
const storeDeadlineMs = 10_000;

async function withDeadline(work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('the window does not answer')), storeDeadlineMs);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function toStored(tokens: Tokens): StoredTokens {
  return { username: tokens.username, secret: JSON.stringify(tokens) };
}

/** Boundary check of a stored secret; undefined when it is not ours. */
function parseTokens(secret: string): Tokens | undefined {
  try {
    const value = JSON.parse(secret) as Record<string, unknown>;
    const { accessToken, refreshToken, expiresAt, tokenEndpoint, username } = value;
    const texts = [accessToken, refreshToken, tokenEndpoint, username];
    if (texts.some((text) => typeof text !== 'string') || typeof expiresAt !== 'number') return undefined;
    return value as unknown as Tokens;
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
