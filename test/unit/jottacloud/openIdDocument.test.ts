import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it, type TestContext } from 'node:test';
import { parseLoginToken } from '../../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../../src/jottacloud/auth/loginTokenExchange.ts';
import { createEndpoints } from '../../../src/jottacloud/urls.ts';

const signal = () => AbortSignal.timeout(20_000);

/** A service on 127.0.0.1 and everything it was asked. */
async function serve(test: TestContext, answer: RequestListener): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? '-'}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function exchange(url: string) {
  const fields = { username: 'u0', realm: 'r', well_known_link: `${url}/well-known`, auth_token: 'secret' };
  const token = parseLoginToken(Buffer.from(JSON.stringify(fields)).toString('base64url'));
  const deps = { endpoints: createEndpoints(url), userAgent: 'test', limits: { tries: 1 } };
  return exchangeLoginToken(token, deps, signal());
}

const json = (value: object) => JSON.stringify(value);

it('an OpenID document that has moved inside its site is read where it is now', async (test) => {
  const service = await serve(test, ({ url, headers }, response) => {
    const base = `http://${headers.host}`;
    if (url === '/well-known') response.writeHead(301, { location: '/moved' }).end();
    else if (url === '/moved') response.writeHead(307, { location: `${base}/again` }).end();
    else if (url === '/again') response.end(json({ token_endpoint: `${base}/token` }));
    else if (url === '/token') response.end(json({ access_token: 'A', refresh_token: 'R', expires_in: 60 }));
    else response.end(json({ username: 'u0' }));
  });
  const tokens = await exchange(service.url);
  assert.equal(tokens.tokenEndpoint, `${service.url}/token`);
  assert.deepEqual(service.asked, [
    'GET /well-known -',
    'GET /moved -',
    'GET /again -',
    'POST /token -',
    'GET /account/v1/customer Bearer A',
  ]);
});

for (const [what, location] of [
  ['another site', 'https://elsewhere.example/well-known'],
  ['another name of this computer', 'http://localhost:1/well-known'],
  ['itself for ever', '/well-known'],
  ['no address', 'http://'],
] as const) {
  it(`an OpenID document that leads to ${what} is not followed`, async (test) => {
    const service = await serve(test, (_, response) => response.writeHead(302, { location }).end());
    await assert.rejects(exchange(service.url), { kind: 'protocol' });
    assert.ok(service.asked.length <= 4);
    assert.ok(service.asked.every((line) => line === 'GET /well-known -'));
  });
}

it('the customer call, which carries a token, is not led to another address', async (test) => {
  const other = await serve(test, (_, response) => response.end(json({ username: 'u1' })));
  const service = await serve(test, ({ url, headers }, response) => {
    const base = `http://${headers.host}`;
    if (url === '/well-known') response.end(json({ token_endpoint: `${base}/token` }));
    else if (url === '/token') response.end(json({ access_token: 'A', refresh_token: 'R', expires_in: 60 }));
    else response.writeHead(302, { location: `${other.url}${url}` }).end();
  });
  // The login token's own name serves.
  assert.equal((await exchange(service.url)).username, 'u0');
  assert.deepEqual(other.asked, []);
});
