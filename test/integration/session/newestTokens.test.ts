import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { type Keychain, TokenKeeper } from '../../../src/drive/windows/tokenKeeper.ts';
import { TokenSource } from '../../../src/jottacloud/auth/auth.ts';
import type { Tokens } from '../../../src/jottacloud/auth/tokens.ts';
import { defaultLimits } from '../../../src/jottacloud/limits.ts';
import { createHttp } from '../../../src/jottacloud/transport/http.ts';
import type { StoredTokens } from '../../../src/protocol/messages.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { signIn } from '../../support/sessionWorld.ts';
import { makeTokens } from '../../support/tokens.ts';

const hour = 3_600_000;
const make = (serial: number, expiresAt = serial * 1000): Tokens =>
  makeTokens('https://localhost', { accessToken: `a${serial}`, refreshToken: `r${serial}`, expiresAt, username: 'u' });
const refreshTokenOf = (secret: string | undefined) => (JSON.parse(secret ?? '{}') as Partial<Tokens>).refreshToken;

function createKeychain() {
  const secrets = new Map<string, string>();
  const deleted: string[] = [];
  const keychain: Keychain = {
    setPassword: async (_service, account, password) => void secrets.set(account, password),
    getPassword: async (_service, account) => secrets.get(account) ?? null,
    deletePassword: async (_service, account) => {
      deleted.push(account);
      return secrets.delete(account);
    },
  };
  return { secrets, deleted, load: async () => keychain };
}

/** What one computer keeps for all its windows. */
function createSecretStorage() {
  const storage: { tokens?: StoredTokens } = {};
  const store = async (tokens: StoredTokens) => {
    storage.tokens = tokens;
  };
  return { store, newest: () => refreshTokenOf(storage.tokens?.secret), tokens: () => storage.tokens as StoredTokens };
}

/** A second window is given older tokens as it comes, and takes its time. */
async function openSlowWindow(keeper: TokenKeeper, store: (tokens: StoredTokens) => Promise<void>) {
  const gate = Promise.withResolvers<void>();
  keeper.addWindow(async (tokens) => {
    if (refreshTokenOf(tokens.secret) === 'r1') await gate.promise;
    await store(tokens);
  });
  return gate.resolve;
}

describe('the newest tokens', () => {
  it('stay in SecretStorage when a second window comes while they are stored', async () => {
    const keeper = new TokenKeeper(silentLog, async () => undefined);
    const { store, newest } = createSecretStorage();
    keeper.addWindow(store);
    await keeper.saveTokens(make(1));
    const goOn = await openSlowWindow(keeper, store);
    const saved = keeper.saveTokens(make(2));
    goOn();
    await saved;
    await keeper.clear();
    assert.equal(newest(), 'r2');
  });

  it('stay in the keychain while a window has only stored older ones', async () => {
    const { secrets, load } = createKeychain();
    const keeper = new TokenKeeper(silentLog, load);
    await keeper.saveTokens(make(1));
    const gate = Promise.withResolvers<void>();
    const first = Promise.withResolvers<void>();
    keeper.addWindow(async (tokens) => {
      if (refreshTokenOf(tokens.secret) !== 'r1') throw new Error('the window is closing');
      await gate.promise;
      first.resolve();
    });
    const saved = keeper.saveTokens(make(2));
    await new Promise(setImmediate);
    gate.resolve();
    await Promise.all([first.promise, saved]);
    await new Promise(setImmediate);
    assert.equal(refreshTokenOf(secrets.get('u')), 'r2');
  });

  it('are taken from the keychain although the clock was ahead when the older ones came', async () => {
    const { load } = createKeychain();
    const keeper = new TokenKeeper(silentLog, load);
    const { store, tokens } = createSecretStorage();
    const leave = keeper.addWindow(store);
    await keeper.saveTokens(make(1, Date.now() + 240 * hour));
    leave();
    await keeper.saveTokens(make(2, Date.now() + hour));
    assert.equal((await new TokenKeeper(silentLog, load).restore(tokens()))?.refreshToken, 'r2');
  });

  it('of a new sign-in are not passed over for what the keychain has from long ago', async () => {
    const { secrets, load } = createKeychain();
    await new TokenKeeper(silentLog, load).saveTokens(make(1, Date.now() + 240 * hour));
    const keeper = new TokenKeeper(silentLog, load);
    const { store, tokens } = createSecretStorage();
    keeper.addWindow(store);
    await keeper.saveTokens(make(2, Date.now() + hour));
    assert.equal(secrets.size, 0);
    assert.equal((await new TokenKeeper(silentLog, load).restore(tokens()))?.refreshToken, 'r2');
  });

  it('in a window leave the keychain alone once it has none', async () => {
    const { deleted, load } = createKeychain();
    const keeper = new TokenKeeper(silentLog, load);
    keeper.addWindow(createSecretStorage().store);
    for (const serial of [1, 2, 3]) await keeper.saveTokens(make(serial));
    assert.deepEqual(deleted, ['u']);
  });

  it('found in the keychain go to the window that is there', async () => {
    const { secrets, load } = createKeychain();
    secrets.set('u', JSON.stringify(make(2)));
    const keeper = new TokenKeeper(silentLog, load);
    const { store, newest } = createSecretStorage();
    // As the server does: hello first, then resume.
    keeper.addWindow(store);
    await keeper.restore({ username: 'u', secret: JSON.stringify(make(1)) });
    await keeper.clear();
    assert.equal(newest(), 'r2');
  });

  it('are with every window: those of two computers have each their own SecretStorage', async () => {
    const keeper = new TokenKeeper(silentLog, async () => undefined);
    const storages = [createSecretStorage(), createSecretStorage()];
    for (const { store } of storages) keeper.addWindow(store);
    await keeper.saveTokens(make(2));
    await keeper.clear();
    assert.deepEqual(
      storages.map(({ newest }) => newest()),
      ['r2', 'r2'],
    );
  });

  it('that could not be kept are offered once more before the process ends', async () => {
    const emulator = await startEmulator();
    const http = createHttp({ userAgent: 'x', limits: defaultLimits, log: silentLog });
    try {
      const tokens = signIn(emulator);
      const saved: Tokens[] = [];
      let works = false;
      const vault = {
        saveTokens: async (given: Tokens) => {
          if (!works) throw new Error('the window is being loaded again');
          saved.push(given);
        },
      };
      const source = new TokenSource({ http, vault, clock: { now: () => Date.now() } }, { ...tokens, expiresAt: 0 });
      await assert.rejects(source.getAccessToken(AbortSignal.timeout(5000)), { kind: 'offline' });
      works = true;
      await source.settle();
      assert.equal(saved.length, 1);
      assert.notEqual(saved[0]?.refreshToken, tokens.refreshToken);
    } finally {
      http.close();
      await emulator.close();
    }
  });
});
