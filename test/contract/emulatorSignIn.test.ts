import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { type BrandName, brands } from '../emulator/brands.ts';
import { emulatorFor } from '../support/emulation.ts';
import { exception, signedIn } from './emulatorSupport.ts';
import { answerSignInPage } from './signInPage.ts';

interface Login {
  username: string;
  realm: string;
  well_known_link: string;
  auth_token: string;
}

function decode(loginToken: string): Login {
  return JSON.parse(Buffer.from(loginToken, 'base64url').toString());
}

/** Exchanges a login token as its own link says; the answer of the token endpoint. */
async function exchange(
  login: Login,
  form: Record<string, string> = {},
): Promise<{ status: number; [name: string]: unknown }> {
  const { token_endpoint: endpoint } = JSON.parse(await (await fetch(login.well_known_link)).text());
  const body = new URLSearchParams({
    client_id: 'jottacli',
    grant_type: 'password',
    password: login.auth_token,
    username: login.username,
    scope: 'openid offline_access',
    ...form,
  });
  const answer = await fetch(endpoint, { method: 'POST', body });
  return { ...JSON.parse(await answer.text()), status: answer.status };
}

async function loginOf(test: TestContext, options = {}, brand?: BrandName): Promise<Login> {
  return decode((await emulatorFor(test, options)).newLoginToken(brand));
}

describe('emulator: sign-in (§1)', { timeout: 60_000 }, () => {
  it('takes a login token once', async (test) => {
    const emulator = await emulatorFor(test);
    const loginToken = emulator.newLoginToken();
    assert.doesNotMatch(loginToken, /[+/=]/);
    const login = decode(loginToken);
    const first = await exchange(login);
    assert.deepEqual(
      [first.status, first.token_type, first.refresh_expires_in, first.scope],
      [200, 'Bearer', 0, 'openid email offline_access'],
    );
    const second = await exchange(login);
    assert.deepEqual([second.status, second.error], [401, 'invalid_grant']);
  });

  it('answers 400 to a used login token with quirk loginRefused=400', async (test) => {
    const login = await loginOf(test, { quirks: { loginRefused: '400' } });
    await exchange(login);
    const second = await exchange(login);
    assert.deepEqual([second.status, second.error], [400, 'invalid_grant']);
  });

  for (const brand of Object.keys(brands) as BrandName[]) {
    it(`signs in at the realm of ${brand}, by the link of its login token`, async (test) => {
      const login = await loginOf(test, {}, brand);
      assert.ok(login.well_known_link.includes(`/auth/realms/${brands[brand].realm}/`));
      assert.equal(login.realm, brands[brand].realm);
      assert.equal((await exchange(login)).status, 200);
    });
  }

  it('honours a login token and a refresh token at their own realm alone', async (test) => {
    const emulator = await emulatorFor(test);
    const login = decode(emulator.newLoginToken('telia_no'));
    const elsewhere = { ...login, well_known_link: decode(emulator.newLoginToken()).well_known_link };
    assert.equal((await exchange(elsewhere)).status, 401);
    const { refresh_token } = await exchange(login);
    const refresh = { grant_type: 'refresh_token', refresh_token: String(refresh_token) };
    assert.equal((await exchange(elsewhere, refresh)).status, 400);
    assert.equal((await exchange(login, refresh)).status, 200);
  });

  it('rejects the scope jotta-default where a brand does', async (test) => {
    const emulator = await emulatorFor(test);
    const scope = { scope: 'openid jotta-default offline_access' };
    assert.equal((await exchange(decode(emulator.newLoginToken('phonero')), scope)).error, 'invalid_scope');
    assert.equal((await exchange(decode(emulator.newLoginToken('elkjop')), scope)).status, 200);
  });

  it('gives a session that ends to a scope that was encoded twice', async (test) => {
    const answer = await exchange(await loginOf(test), { scope: 'openid+offline_access' });
    assert.deepEqual([answer.status, answer.refresh_expires_in], [200, 1800]);
  });

  it('rotates refresh tokens and revokes the family when an old one is reused', async (test) => {
    const { client } = await signedIn(test);
    const old = client.refreshToken;
    await client.keepTokens(await client.refresh());
    assert.notEqual(client.refreshToken, old);
    const reused = await client.refresh(old);
    assert.deepEqual([reused.status, JSON.parse(reused.text).error], [400, 'invalid_grant']);
    assert.equal((await client.refresh()).status, 400, 'the newest token is dead too');
    assert.equal((await client.get('')).status, 200, 'the access token lives on');
  });

  it('wants the grant type in lower case and the client by Basic or form, and keeps the token when it refuses', async (test) => {
    const { client } = await signedIn(test);
    const upper = await client.token({ client_id: 'jottacli', grant_type: 'REFRESH_TOKEN', refresh_token: 'x' });
    assert.equal(JSON.parse(upper.text).error, 'unsupported_grant_type');
    const form = { grant_type: 'refresh_token', refresh_token: client.refreshToken };
    assert.deepEqual(
      [(await client.token(form)).status, JSON.parse((await client.token({ client_id: 'jottacli' })).text).error],
      [401, 'invalid_request'],
    );
    assert.equal((await client.token(form, { authorization: `Basic ${btoa('jottacli:')}` })).status, 200);
  });

  it('tells by message why a token is refused, as XML on jfs and as JSON on api', async (test) => {
    const { emulator, client } = await signedIn(test);
    const refused = async (path: string, headers: Record<string, string> = {}) => {
      const { status, text } = await client.send('GET', path, undefined, headers);
      return [status, exception(text), /(<message>[^ ]+ |"message":")([^<"]+)/.exec(text)?.[2]];
    };
    const credentials = 'AuthenticationCredentialsNotFoundException';
    assert.deepEqual(await refused('/jfs/someone/Jotta'), [401, credentials, 'Token mismatch!']);
    assert.deepEqual(await refused('/jfs/'), [400, 'UsernameNotFoundException', 'Username not found in url!']);
    const malformed = [401, 'BadCredentialsException', 'No token or token is malformed!'];
    assert.deepEqual(await refused(client.jfs('/Jotta'), { authorization: 'Bearer' }), malformed);
    assert.deepEqual(await refused('/account/v1/customer', { authorization: 'nonsense' }), malformed);
    emulator.expire();
    const bad = [401, 'BadCredentialsException', 'Bad credentials'];
    assert.deepEqual(await refused(client.jfs('/Jotta')), bad);
    assert.deepEqual(await refused('/account/v1/customer'), bad);
    await client.keepTokens(await client.refresh());
    assert.equal((await client.get('')).status, 200);
  });

  it('names the user by the customer, the userinfo and the token itself', async (test) => {
    const { emulator, client } = await signedIn(test);
    const customer = JSON.parse((await client.send('GET', '/account/v1/customer')).text);
    assert.deepEqual([customer.username, customer.quota, customer.locked_cause], [emulator.user, -1, null]);
    const { userinfo_endpoint: endpoint } = JSON.parse(
      await (await fetch(decode(emulator.newLoginToken()).well_known_link)).text(),
    );
    assert.equal(JSON.parse((await client.send('GET', endpoint)).text).preferred_username, emulator.user);
    const { sub } = JSON.parse(Buffer.from(client.accessToken.split('.')[1] ?? '', 'base64url').toString());
    assert.equal(sub.split(':').at(-1), emulator.user);
  });

  it('ends a sign-in at the end-session endpoint', async (test) => {
    const { emulator, client } = await signedIn(test);
    const body = new URLSearchParams({ client_id: 'jottacli', refresh_token: client.refreshToken });
    const url = `${emulator.url}/auth/realms/jottacloud/protocol/openid-connect/logout`;
    assert.equal((await fetch(url, { method: 'POST', body })).status, 204);
    assert.equal((await client.refresh()).status, 400);
  });

  it('signs in by a code from the browser, once per code, and the last such sign-in alone stays good', async (test) => {
    const { emulator, client } = await signedIn(test);
    const redirect_uri = 'http://localhost:53682/';
    const realm = `${emulator.url}/auth/realms/jottacloud/protocol/openid-connect`;
    const signIn = async () => {
      const query = new URLSearchParams({ client_id: 'desktop', response_type: 'code', state: 's', redirect_uri });
      const location = new URL(await answerSignInPage(`${realm}/auth?${query}`, 'sign-in'));
      assert.equal(location.searchParams.get('state'), 's');
      const code = location.searchParams.get('code') ?? '';
      const form = { client_id: 'desktop', grant_type: 'authorization_code', redirect_uri, code };
      const pair = JSON.parse((await client.token(form)).text);
      assert.equal((await client.token(form)).status, 400, 'a code is good once');
      return pair.refresh_token as string;
    };
    const first = await signIn();
    const second = await signIn();
    const refresh = (token: string) =>
      client.token({ client_id: 'desktop', grant_type: 'refresh_token', refresh_token: token });
    assert.equal((await refresh(first)).status, 400);
    assert.equal((await refresh(second)).status, 200);
    assert.equal((await client.refresh()).status, 200, 'other sign-ins are not touched');
  });

  it('redeems a code for the verifier of its challenge alone, and tells when the person refused', async (test) => {
    const { emulator, client } = await signedIn(test);
    const realm = `${emulator.url}/auth/realms/jottacloud/protocol/openid-connect`;
    const redirect_uri = 'http://localhost:53682/';
    const verifier = 'v'.repeat(43);
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const asked = { client_id: 'desktop', response_type: 'code', state: 's', redirect_uri };
    const bound = { ...asked, code_challenge: challenge, code_challenge_method: 'S256' };
    const redeem = async (query: Record<string, string>, proof: Record<string, string>) => {
      const landed = new URL(await answerSignInPage(`${realm}/auth?${new URLSearchParams(query)}`, 'sign-in'));
      const code = landed.searchParams.get('code') ?? '';
      return (
        await client.token({ client_id: 'desktop', grant_type: 'authorization_code', redirect_uri, code, ...proof })
      ).status;
    };
    assert.equal(await redeem(bound, { code_verifier: verifier }), 200);
    assert.equal(await redeem(bound, { code_verifier: 'w'.repeat(43) }), 400);
    assert.equal(await redeem(bound, {}), 400);
    assert.equal(await redeem(asked, { code_verifier: verifier }), 400);
    const plain = await fetch(`${realm}/auth?${new URLSearchParams({ ...bound, code_challenge_method: 'plain' })}`);
    assert.equal(plain.status, 400);
    const refused = new URL(await answerSignInPage(`${realm}/auth?${new URLSearchParams(asked)}`, 'refuse'));
    assert.deepEqual([refused.searchParams.get('error'), refused.searchParams.get('state')], ['access_denied', 's']);
  });
});
