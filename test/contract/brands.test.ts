import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { defaultNetworkOptions } from '../../src/base/networkOptions.ts';
import { type BrandKey, brands, wellKnownLinkOf } from '../../src/jottacloud/auth/brands.ts';
import { beginCodeFlow } from '../../src/jottacloud/auth/codeFlow.ts';
import { parseLoginToken } from '../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../src/jottacloud/auth/loginTokenExchange.ts';
import type { Tokens } from '../../src/jottacloud/auth/tokens.ts';
import { JottacloudClient } from '../../src/jottacloud/client.ts';
import type { ServiceDeps } from '../../src/jottacloud/options.ts';
import { createEndpoints } from '../../src/jottacloud/urls.ts';
import { type BrandName, brands as served } from '../emulator/brands.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { emulatorFor, tempFolder } from '../support/emulation.ts';
import { startProxy } from './proxyServer.ts';
import { answerSignInPage } from './signInPage.ts';

const never = new AbortController().signal;

/** Host and client of the browser sign-in of each brand (PROTOCOL.md §1.4), by rclone's names. */
const known: Record<BrandName & BrandKey, readonly [host: string, clientId: string]> = {
  jottacloud: ['id.jottacloud.com', 'desktop'],
  elgiganten_dk: ['cloud.elgiganten.dk', 'desktop'],
  elgiganten_se: ['cloud.elgiganten.se', 'desktop'],
  elkjop: ['cloud.elkjop.no', 'desktop'],
  elko: ['cloud.elko.is', 'desktop'],
  gigantti: ['cloud.gigantti.fi', 'desktop'],
  letsgo: ['letsgo.jotta.cloud', 'desktop-win'],
  mediamarkt: ['mediamarkt.jottacloud.com', 'desktop'],
  onlime: ['cloud-auth.onlime.dk', 'desktop'],
  phonero: ['sky.phonero.no', 'desktop-win'],
  tele2: ['mittcloud-auth.tele2.se', 'desktop'],
  telia_no: ['sky-auth.telia.no', 'desktop'],
  telia_se: ['cloud-auth.telia.se', 'desktop'],
};
const rows = Object.entries(known) as [BrandName & BrandKey, readonly [string, string]][];

/** Services of every host, by a proxy of the test's own. */
async function hostsOf(test: TestContext, emulator: Emulator): Promise<{ deps: ServiceDeps; targets: string[] }> {
  const proxy = await startProxy(test, emulator);
  // One certificate stands for thirteen hosts here; what is trusted is another test's business.
  const options = { ...defaultNetworkOptions, strictSsl: false, proxy: `http://127.0.0.1:${proxy.port}` };
  const network = { getOptions: () => options, env: {} };
  return { deps: { endpoints: createEndpoints(), userAgent: 'test', network }, targets: proxy.targets };
}

/** Renews the tokens, uses the new ones, and answers the forms that the token endpoint was sent so far. */
async function useTokens(emulator: Emulator, deps: ServiceDeps, tokens: Tokens): Promise<(string | null)[][]> {
  const saved: Tokens[] = [];
  const vault = { saveTokens: async (renewed: Tokens) => void saved.push(renewed) };
  const client = new JottacloudClient({ ...deps, tokens, vault });
  emulator.expire();
  assert.deepEqual(await client.fetchFolder(['Jotta', 'Archive'], never), []);
  client.close();
  assert.equal(saved.length, 1);
  return emulator
    .requests()
    .filter(({ url }) => url.endsWith('/token'))
    .map(({ body }) => new URLSearchParams(body))
    .map((form) => [form.get('grant_type'), form.get('client_id')]);
}

it('a login token of any brand signs in at its own address, and its tokens are renewed there', async (test) => {
  const emulator = await emulatorFor(test, { rclone: await tempFolder(test) });
  for (const [name, [host]] of rows) {
    const { deps, targets } = await hostsOf(test, emulator);
    const fields = JSON.parse(Buffer.from(emulator.newLoginToken(name), 'base64url').toString());
    fields.well_known_link = `https://${host}${new URL(fields.well_known_link).pathname}`;
    const loginToken = parseLoginToken(Buffer.from(JSON.stringify(fields)).toString('base64'));
    emulator.resetStats();
    const tokens = await exchangeLoginToken(loginToken, deps, never);
    const tokenEndpoint = `https://${host}/auth/realms/${served[name].realm}/protocol/openid-connect/token`;
    assert.equal(tokens.tokenEndpoint, tokenEndpoint);
    assert.deepEqual(await useTokens(emulator, deps, tokens), [
      ['password', 'jottacli'],
      ['refresh_token', 'jottacli'],
    ]);
    assert.deepEqual([...new Set(targets)], [`${host}:443`, 'api.jottacloud.com:443', 'jfs.jottacloud.com:443'], name);
  }
});

for (const pkce of ['offered', 'absent'] as const) {
  it(`every brand signs in by its own page, and is renewed by the client that signed in; PKCE is ${pkce}`, async (test) => {
    const emulator = await emulatorFor(test, { rclone: await tempFolder(test), quirks: { pkce } });
    assert.deepEqual(Object.keys(brands), Object.keys(known));
    for (const [name, [host, clientId]] of rows) {
      const { deps, targets } = await hostsOf(test, emulator);
      emulator.resetStats();
      const brand = brands[name];
      const params = { brand, wellKnownLink: wellKnownLinkOf(brand), redirectUri: 'http://localhost:53682/' };
      const flow = await beginCodeFlow(params, deps, never);
      const page = new URL(flow.address);
      assert.equal(page.host, host);
      assert.equal(page.searchParams.has('code_challenge'), pkce === 'offered');
      const landed = await answerSignInPage(emulator.url + page.pathname + page.search, 'sign-in');
      const landing = flow.readLanding(landed);
      assert.ok(landing.kind === 'code');
      const tokens = await flow.redeem(landing.code, never);
      assert.equal(tokens.username, emulator.user);
      assert.deepEqual(await useTokens(emulator, deps, tokens), [
        ['authorization_code', clientId],
        ['refresh_token', clientId],
      ]);
      assert.deepEqual(
        [...new Set(targets)],
        [`${host}:443`, 'api.jottacloud.com:443', 'jfs.jottacloud.com:443'],
        name,
      );
      await assert.rejects(flow.redeem(landing.code, never), { kind: 'signedOut' });
    }
  });
}

it('an address of another sign-in is foreign, and one that says no is a refusal', async (test) => {
  const emulator = await emulatorFor(test);
  const deps = { endpoints: createEndpoints(emulator.url), userAgent: 'test' };
  const brand = brands.telia_no;
  const redirectUri = 'http://localhost:53682/';
  const begin = () =>
    beginCodeFlow({ brand, wellKnownLink: wellKnownLinkOf(brand, emulator.url), redirectUri }, deps, never);
  const [flow, other] = await Promise.all([begin(), begin()]);
  const landed = await answerSignInPage(flow.address, 'sign-in');
  assert.deepEqual(other.readLanding(landed), { kind: 'foreign' });
  assert.deepEqual(flow.readLanding(`  ${landed}\n`), {
    kind: 'code',
    code: new URL(landed).searchParams.get('code'),
  });
  assert.deepEqual(flow.readLanding(await answerSignInPage(flow.address, 'refuse')), {
    kind: 'refused',
    reason: 'access_denied',
  });
  for (const text of ['', 'nonsense', redirectUri, `${redirectUri}?code=1`, `${redirectUri}?code=1&state=`]) {
    assert.deepEqual(flow.readLanding(text), { kind: 'foreign' }, text);
  }
});
