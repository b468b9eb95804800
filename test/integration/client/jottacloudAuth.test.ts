import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { TokenSource } from '../../../src/jottacloud/auth/auth.ts';
import { parseLoginToken } from '../../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../../src/jottacloud/auth/loginTokenExchange.ts';
import type { Tokens, TokenVault } from '../../../src/jottacloud/auth/tokens.ts';
import { JottacloudClient } from '../../../src/jottacloud/client.ts';
import { isJottaError } from '../../../src/jottacloud/errors.ts';
import { defaultLimits } from '../../../src/jottacloud/limits.ts';
import { createHttp } from '../../../src/jottacloud/transport/http.ts';
import { createEndpoints } from '../../../src/jottacloud/urls.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { makeTokens } from '../../support/tokens.ts';

const never = new AbortController().signal;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface TokenServer {
  url: string;
  /** Bodies of the POSTs so far. */
  posts: URLSearchParams[];
}

/** A token endpoint that answers as told. */
async function startTokenServer(
  answer: (post: URLSearchParams, response: ServerResponse) => unknown,
): Promise<TokenServer> {
  const posts: URLSearchParams[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    assert.equal(request.headers.authorization, undefined);
    assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded');
    const post = new URLSearchParams(body);
    posts.push(post);
    await answer(post, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, posts };
}

function grant(response: ServerResponse, n: number): void {
  response.end(JSON.stringify({ access_token: `A${n}`, refresh_token: `R${n}`, expires_in: 3600 }));
}

function refuse(response: ServerResponse, status: number, error: string): void {
  response.statusCode = status;
  response.end(JSON.stringify({ error, error_description: 'whatever' }));
}

interface Rig {
  source: TokenSource;
  saved: Tokens[];
  vault: TokenVault & { broken: boolean };
  /** Ms since the epoch; advance by assignment. */
  clock: { time: number; now(): number };
}

function createSource(url: string, overrides: Partial<TokenVault> = {}): Rig {
  const saved: Tokens[] = [];
  const clock = { time: 1_000_000, now: () => clock.time };
  const vault = {
    broken: false,
    async saveTokens(tokens: Tokens) {
      if (vault.broken) throw new Error('keychain locked');
      saved.push(tokens);
    },
    ...overrides,
  };
  const http = createHttp({ userAgent: 'test', limits: defaultLimits, log: silentLog });
  cleanups.push(() => http.close());
  const tokens = makeTokens(url, { accessToken: 'A0', refreshToken: 'R0', expiresAt: clock.time + 3_600_000 });
  return { source: new TokenSource({ http, vault, clock }, tokens), saved, vault, clock };
}

/** A source whose token is over, and a server that grants the next one once `gate` is called; `asked`: it has the request. */
async function startSlowRotation() {
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const server = await startTokenServer(async (_post, response) => {
    asked.resolve();
    await gate.promise;
    grant(response, 1);
  });
  const rig = createSource(server.url);
  rig.clock.time += 3_600_000;
  return { ...rig, server, asked: asked.promise, gate: gate.resolve };
}

/** Tokens of another sign-in, for an hour. */
const newTokens = ({ url }: TokenServer, clock: { readonly time: number }): Tokens =>
  makeTokens(url, { accessToken: 'B', refreshToken: 'S', expiresAt: clock.time + 3_600_000 });

describe('the token source', () => {
  it('uses a token until a minute before its end, then renews once for all who ask', async () => {
    const server = await startTokenServer((_post, response) => grant(response, server.posts.length));
    const { source, saved, clock } = createSource(server.url);
    clock.time += 3_600_000 - 61_000;
    assert.equal(await source.getAccessToken(never), 'A0');
    assert.equal(server.posts.length, 0);
    clock.time += 2_000;
    const all = await Promise.all(Array.from({ length: 20 }, () => source.getAccessToken(never)));
    assert.deepEqual(new Set(all), new Set(['A1']));
    assert.equal(server.posts.length, 1);
    assert.deepEqual(Object.fromEntries(server.posts[0] ?? []), {
      client_id: 'jottacli',
      grant_type: 'refresh_token',
      refresh_token: 'R0',
    });
    assert.equal(saved.length, 1);
    assert.equal(saved[0]?.expiresAt, clock.time + 3_600_000);
  });

  it('sends the rotated refresh token the next time', async () => {
    const server = await startTokenServer((_post, response) => grant(response, server.posts.length));
    const { source, clock } = createSource(server.url);
    for (let round = 0; round < 3; round += 1) {
      clock.time += 3_600_000;
      await source.getAccessToken(never);
    }
    assert.deepEqual(
      server.posts.map((post) => post.get('refresh_token')),
      ['R0', 'R1', 'R2'],
    );
  });

  it('stores rotated tokens before anyone gets them', async () => {
    const server = await startTokenServer((_post, response) => grant(response, 1));
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const { source, clock } = createSource(server.url, {
      async saveTokens() {
        reached.resolve();
        await gate.promise;
      },
    });
    clock.time += 3_600_000;
    let handedOut = false;
    const asked = source.getAccessToken(never).then((token) => {
      handedOut = true;
      return token;
    });
    await reached.promise;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(handedOut, false);
    gate.resolve();
    assert.equal(await asked, 'A1');
  });

  it('keeps rotated tokens that could not be stored and offers them again instead of refreshing twice', async () => {
    const server = await startTokenServer((_post, response) => grant(response, server.posts.length));
    const { source, vault, saved, clock } = createSource(server.url);
    clock.time += 3_600_000;
    vault.broken = true;
    await assert.rejects(source.getAccessToken(never), (error) => isJottaError(error, 'offline') && error.retryable);
    vault.broken = false;
    assert.equal(await source.getAccessToken(never), 'A1');
    assert.equal(server.posts.length, 1);
    assert.equal(saved[0]?.refreshToken, 'R1');
  });

  it('does not refresh at all while there is no place to store the result', async () => {
    const server = await startTokenServer((_post, response) => grant(response, 1));
    const { source, clock } = createSource(server.url, { canSave: () => false });
    clock.time += 3_600_000 - 30_000;
    assert.equal(await source.getAccessToken(never), 'A0', 'the old token serves until it expires');
    clock.time += 30_000;
    await assert.rejects(source.getAccessToken(never), (error) => isJottaError(error, 'offline'));
    assert.equal(server.posts.length, 0);
  });

  it('finishes a rotation although the caller gave up', async () => {
    const { asked, gate, source, saved } = await startSlowRotation();
    const caller = new AbortController();
    const given = source.getAccessToken(caller.signal);
    await asked;
    caller.abort();
    await assert.rejects(given, (error) => isJottaError(error, 'cancelled'));
    gate();
    await source.settle();
    assert.equal(saved[0]?.refreshToken, 'R1');
    assert.equal(await source.getAccessToken(never), 'A1');
  });

  it('forgets a rotation of old tokens when a sign-in came meanwhile', async () => {
    const { server, asked, gate, source, saved, clock } = await startSlowRotation();
    const given = source.getAccessToken(never);
    await asked;
    source.replaceTokens(newTokens(server, clock));
    gate();
    assert.equal(await given, 'B');
    assert.deepEqual(saved, []);
  });

  it('is signed out for good by invalid_grant, tells once, and asks no more', async () => {
    const server = await startTokenServer((_post, response) => refuse(response, 400, 'invalid_grant'));
    const { source, clock } = createSource(server.url);
    let told = 0;
    source.onSignedOut(() => {
      told += 1;
    });
    clock.time += 3_600_000;
    for (let round = 0; round < 3; round += 1) {
      await assert.rejects(source.getAccessToken(never), (error) => isJottaError(error, 'signedOut'));
    }
    assert.equal(told, 1);
    assert.equal(server.posts.length, 1);
    source.replaceTokens(newTokens(server, clock));
    assert.equal(await source.getAccessToken(never), 'B');
  });

  it('is not signed out by an overloaded or strange token endpoint', async () => {
    const answers: [number, string, string][] = [
      [503, 'temporarily_unavailable', 'server'],
      [400, 'unsupported_grant_type', 'protocol'],
    ];
    for (const [status, code, kind] of answers) {
      const server = await startTokenServer((_post, response) => refuse(response, status, code));
      const { source, clock } = createSource(server.url);
      source.onSignedOut(() => assert.fail('signed out'));
      clock.time += 3_600_000;
      await assert.rejects(source.getAccessToken(never), (error) => isJottaError(error) && error.kind === kind);
    }
  });
});

describe('signing in to the emulator', () => {
  async function signIn(emulator: Emulator): Promise<Tokens> {
    return exchangeLoginToken(parseLoginToken(emulator.newLoginToken()), deps(emulator), never);
  }

  function deps(emulator: Emulator) {
    return { endpoints: createEndpoints(emulator.url), userAgent: 'test' };
  }

  async function start(): Promise<Emulator> {
    const emulator = await startEmulator();
    cleanups.push(() => emulator.close());
    return emulator;
  }

  function connect(emulator: Emulator, tokens: Tokens): { client: JottacloudClient; saved: Tokens[] } {
    const saved: Tokens[] = [];
    const vault = { saveTokens: async (next: Tokens) => void saved.push(next) };
    const client = new JottacloudClient({ ...deps(emulator), tokens, vault });
    cleanups.push(() => client.close());
    return { client, saved };
  }

  it('gives tokens and the internal user name, once per login token', async () => {
    const emulator = await start();
    const loginToken = parseLoginToken(emulator.newLoginToken());
    const tokens = await exchangeLoginToken(loginToken, deps(emulator), never);
    assert.equal(tokens.username, emulator.user);
    assert.ok(tokens.expiresAt > Date.now());
    await assert.rejects(exchangeLoginToken(loginToken, deps(emulator), never), (error) =>
      isJottaError(error, 'signedOut'),
    );
  });

  it('survives an access token that dies early: one refresh, and every call is repeated', async () => {
    const emulator = await start();
    const { client, saved } = connect(emulator, await signIn(emulator));
    emulator.expire();
    emulator.resetStats();
    const path = ['Jotta', 'Archive'];
    await Promise.all(Array.from({ length: 100 }, () => client.fetchFolder(path, never)));
    assert.equal(emulator.stats().requests.token, 1);
    assert.equal(saved.length, 1);
  });

  it('renews a token once more that dies early too, however many requests its death refuses at once', async () => {
    const emulator = await start();
    const { client } = connect(emulator, await signIn(emulator));
    const path = ['Jotta', 'Archive'];
    for (let death = 1; death <= 3; death += 1) {
      emulator.expire();
      await Promise.all(Array.from({ length: 6 }, () => client.fetchFolder(path, never)));
      await client.fetchFolder(path, never);
      assert.equal(emulator.stats().requests.token, 1 + death);
    }
  });

  it('reports signedOut when the family is revoked, not a network failure', async () => {
    const emulator = await start();
    const { client } = connect(emulator, await signIn(emulator));
    let told = 0;
    client.onSignedOut(() => {
      told += 1;
    });
    emulator.revoke({ access: true });
    await assert.rejects(client.fetchFolder(['Jotta', 'Archive'], never), (error) => isJottaError(error, 'signedOut'));
    assert.equal(told, 1);
  });

  it('is unauthorized when a renewed token is refused too', async () => {
    const emulator = await start();
    const { client } = connect(emulator, await signIn(emulator));
    emulator.setFaults([{ match: { kind: 'list' }, action: { type: 'status', status: 401 } }]);
    await assert.rejects(client.fetchFolder(['Jotta', 'Archive'], never), (error) =>
      isJottaError(error, 'unauthorized'),
    );
    assert.equal(emulator.stats().requests.list, 2);
  });

  it('keeps tokens and addresses out of errors, causes included', async () => {
    const emulator = await start();
    const tokens = await signIn(emulator);
    const { client } = connect(emulator, tokens);
    const { url } = emulator;
    await emulator.close();
    const error = await client
      .createFolder(['Jotta', 'Archive', 'x'], AbortSignal.timeout(500))
      .catch((e: unknown) => e);
    assert.ok(isJottaError(error));
    const text = `${JSON.stringify(error, allKeys)} ${JSON.stringify(error.cause, allKeys)} ${error.stack}`;
    for (const secret of [tokens.accessToken, tokens.refreshToken, url]) assert.ok(!text.includes(secret));
  });

  function allKeys(_key: string, value: unknown): unknown {
    if (!(value instanceof Error)) return value;
    return Object.fromEntries(Object.getOwnPropertyNames(value).map((key) => [key, Reflect.get(value, key)]));
  }
});
