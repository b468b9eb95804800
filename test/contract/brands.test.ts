import assert from 'node:assert/strict';
import { it } from 'node:test';
import { defaultNetworkOptions } from '../../src/base/networkOptions.ts';
import { parseLoginToken } from '../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken, type Tokens } from '../../src/jottacloud/auth/tokens.ts';
import { JottacloudClient } from '../../src/jottacloud/client.ts';
import { createEndpoints } from '../../src/jottacloud/urls.ts';
import { type BrandName, brands } from '../emulator/brands.ts';
import { startProxy } from './proxyServer.ts';
import { emulatorFor, tempFolder } from './support.ts';

const never = new AbortController().signal;

/** PROTOCOL.md §1.4. */
const domains: Record<BrandName, string> = {
  jottacloud: 'id.jottacloud.com',
  elgiganten_dk: 'cloud.elgiganten.dk',
  elgiganten_se: 'cloud.elgiganten.se',
  elkjop: 'cloud.elkjop.no',
  elko: 'cloud.elko.is',
  gigantti: 'cloud.gigantti.fi',
  letsgo: 'letsgo.jotta.cloud',
  mediamarkt: 'mediamarkt.jottacloud.com',
  onlime: 'cloud-auth.onlime.dk',
  phonero: 'sky.phonero.no',
  tele2: 'mittcloud-auth.tele2.se',
  telia_no: 'sky-auth.telia.no',
  telia_se: 'cloud-auth.telia.se',
};

it('a login token of any brand signs in at its own address, and its tokens are renewed there', async (test) => {
  const emulator = await emulatorFor(test, { rclone: await tempFolder(test) });
  for (const [name, domain] of Object.entries(domains) as [BrandName, string][]) {
    const proxy = await startProxy(test, emulator);
    // One certificate stands for thirteen hosts here; what is trusted is another test's business.
    const options = { ...defaultNetworkOptions, strictSsl: false, proxy: `http://127.0.0.1:${proxy.port}` };
    const deps = {
      endpoints: createEndpoints(),
      userAgent: 'test',
      network: { getOptions: () => options, env: {} },
    };
    const fields = JSON.parse(Buffer.from(emulator.newLoginToken(name), 'base64url').toString());
    fields.well_known_link = `https://${domain}${new URL(fields.well_known_link).pathname}`;
    const loginToken = parseLoginToken(Buffer.from(JSON.stringify(fields)).toString('base64'));
    emulator.resetStats();
    const tokens = await exchangeLoginToken(loginToken, deps, never);
    const tokenEndpoint = `https://${domain}/auth/realms/${brands[name].realm}/protocol/openid-connect/token`;
    assert.equal(tokens.tokenEndpoint, tokenEndpoint);

    const saved: Tokens[] = [];
    const vault = { saveTokens: async (renewed: Tokens) => void saved.push(renewed) };
    const client = new JottacloudClient({ ...deps, tokens, vault });
    emulator.expire();
    assert.deepEqual(await client.fetchFolder(['Jotta', 'Archive'], never), []);
    client.close();
    assert.equal(saved.length, 1, name);
    const hosts = [...new Set(proxy.targets)];
    assert.deepEqual(hosts, [`${domain}:443`, 'api.jottacloud.com:443', 'jfs.jottacloud.com:443'], name);
    const forms = emulator
      .requests()
      .filter(({ url }) => url.endsWith('/token'))
      .map(({ body }) => new URLSearchParams(body));
    assert.deepEqual(
      forms.map((form) => [form.get('grant_type'), form.get('client_id')]),
      [
        ['password', 'jottacli'],
        ['refresh_token', 'jottacli'],
      ],
    );
  }
});
