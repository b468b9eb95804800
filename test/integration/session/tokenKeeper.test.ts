import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { userAgent } from '../../../src/drive/version.ts';
import { type Keychain, TokenKeeper } from '../../../src/drive/windows/tokenKeeper.ts';
import type { Tokens } from '../../../src/jottacloud/auth/tokens.ts';
import { JottacloudClient } from '../../../src/jottacloud/client.ts';
import { createEndpoints } from '../../../src/jottacloud/urls.ts';
import type { StoredTokens } from '../../../src/protocol/messages.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { signIn } from '../../support/sessionWorld.ts';

const signal = new AbortController().signal;
let emulator: Emulator;
let tokens: Tokens;
let secrets: Map<string, string>;
let keeper: TokenKeeper;
let client: JottacloudClient;
let signedOut: number;

before(async () => {
  emulator = await startEmulator();
});
after(() => emulator.close());
beforeEach(async () => {
  tokens = signIn(emulator);
  secrets = new Map();
});

/** A keychain of this process. */
const keychain: Keychain = {
  setPassword: async (_service, account, password) => {
    secrets.set(account, password);
  },
  getPassword: async (_service, account) => secrets.get(account) ?? null,
  deletePassword: async (_service, account) => secrets.delete(account),
};

function start(options: { keychain: boolean; tokens?: Tokens }): void {
  keeper = new TokenKeeper(silentLog, async () => (options.keychain ? keychain : undefined));
  const endpoints = createEndpoints(emulator.url);
  client = new JottacloudClient({ endpoints, userAgent, tokens: options.tokens ?? tokens, vault: keeper });
  signedOut = 0;
  client.onSignedOut(() => {
    signedOut += 1;
  });
  emulator.expire();
  emulator.resetStats();
}
const ask = () => client.fetchCustomer(signal);
const refreshes = () => emulator.stats().requests.token ?? 0;
const parse = (secret: string | undefined) => {
  const { serial: _serial, ...rest } = JSON.parse(secret ?? '{}') as Tokens & { serial?: number };
  return rest as Tokens;
};
/** Has anything been asked of the server with these? */
const wereUsed = ({ accessToken }: Tokens) =>
  emulator.requests().some(({ headers }) => headers.authorization?.includes(accessToken));

describe('rotated tokens', () => {
  it('are with a window before they are used', async () => {
    start({ keychain: false });
    const stored: [StoredTokens, boolean][] = [];
    keeper.addWindow(async (given) => {
      stored.push([given, wereUsed(parse(given.secret))]);
    });
    await ask();
    const [[first, usedThen] = assert.fail('nothing was stored')] = stored;
    assert.equal(usedThen, false);
    assert.equal(first.username, tokens.username);
    assert.ok(wereUsed(parse(first.secret)));
  });

  it('are in the keychain before they are used when there is no window, and go to the next one', async () => {
    start({ keychain: true });
    await ask();
    const kept = parse(secrets.get(tokens.username));
    assert.notEqual(kept.refreshToken, tokens.refreshToken);
    assert.ok(wereUsed(kept));
    const taken = Promise.withResolvers<StoredTokens>();
    keeper.addWindow(async (given) => taken.resolve(given));
    assert.deepEqual(parse((await taken.promise).secret), kept);
    await new Promise(setImmediate);
    assert.equal(secrets.size, 0, 'the keychain keeps no second copy');
  });

  it('are not asked for while nobody can keep them; a window ends the wait', async () => {
    start({ keychain: false });
    await assert.rejects(ask(), { kind: 'offline' });
    await assert.rejects(ask(), { kind: 'offline' });
    assert.equal(refreshes(), 0);
    assert.equal(signedOut, 0);
    keeper.addWindow(async () => {});
    await ask();
    assert.equal(refreshes(), 1);
  });

  it('go to the keychain when every window fails', async () => {
    start({ keychain: true });
    keeper.addWindow(() => Promise.reject(new Error('closing')));
    keeper.addWindow(() => Promise.reject(new Error('closing too')));
    await ask();
    assert.ok(wereUsed(parse(secrets.get(tokens.username))));
  });

  it('go to the keychain when a window does not answer', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    keeper = new TokenKeeper(silentLog, async () => keychain);
    keeper.addWindow(() => new Promise(() => {}));
    const saved = keeper.saveTokens(tokens);
    context.mock.timers.tick(60_000);
    await saved;
    assert.deepEqual(parse(secrets.get(tokens.username)), tokens);
  });

  it('that could not be kept are offered again, not fetched again', async () => {
    start({ keychain: false });
    let works = false;
    const stored: string[] = [];
    keeper.addWindow(async ({ secret }) => {
      stored.push(secret);
      if (!works) throw new Error('not now');
    });
    await assert.rejects(ask(), { kind: 'offline' });
    works = true;
    await ask();
    assert.equal(refreshes(), 1);
    assert.equal(new Set(stored).size, 1);
  });

  it('of two places that hold some, the newer ones are taken', async () => {
    const older = { ...tokens, expiresAt: tokens.expiresAt - 1_000, refreshToken: 'older' };
    const restoreFrom = async (window: Tokens, kept: Tokens) => {
      start({ keychain: true });
      secrets.set(tokens.username, JSON.stringify(kept));
      return (await keeper.restore({ username: tokens.username, secret: JSON.stringify(window) }))?.refreshToken;
    };
    assert.equal(await restoreFrom(tokens, older), tokens.refreshToken);
    assert.equal(await restoreFrom(older, tokens), tokens.refreshToken);
  });

  it('lost by a crash before they were kept end in one request to sign in again', async () => {
    start({ keychain: false });
    keeper.addWindow(() => Promise.reject(new Error('died on the way')));
    await assert.rejects(ask(), { kind: 'offline' });
    client.close();
    // The next process only has the tokens from before.
    start({ keychain: true });
    await assert.rejects(ask(), { kind: 'signedOut' });
    await assert.rejects(ask(), { kind: 'signedOut' });
    assert.equal(signedOut, 1);
    client.replaceTokens(signIn(emulator));
    await ask();
  });
});
