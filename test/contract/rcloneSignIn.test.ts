import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Emulator } from '../emulator/emulator.ts';
import type { RecordedRequest } from '../emulator/requestLog.ts';
import { emulatorFor, RawClient, tempFolder, tryRclone } from '../support/emulation.ts';

const realm = '/auth/realms/jottacloud';
const tokenUrl = `${realm}/protocol/openid-connect/token`;
/** `jottacli:` with an empty secret (PROTOCOL.md §1.3). */
const basic = 'Basic am90dGFjbGk6';

async function start(test: TestContext): Promise<{ emulator: Emulator; own: string; config: string }> {
  const folder = await tempFolder(test);
  const emulator = await emulatorFor(test, { rclone: join(folder, 'rclone') });
  await emulator.put('/Jotta/Archive/hello.txt', 'hello');
  emulator.resetStats();
  return { emulator, own: emulator.rclone?.config ?? '', config: join(folder, 'new.conf') };
}

/** Makes the remote `fresh` in `config` by a login token, without asking. */
async function create(emulator: Emulator, config: string, loginToken = emulator.newLoginToken()) {
  const answers = ['config_type=standard', `config_login_token=${loginToken}`];
  return tryRclone(emulator, ['config', 'create', 'fresh', 'jottacloud', ...answers], config);
}

async function savedToken(config: string): Promise<{ access_token: string; refresh_token: string; expiry: string }> {
  return JSON.parse(/^token = (.*)$/m.exec(await readFile(config, 'utf8'))?.[1] ?? '');
}

/** Makes rclone believe that the access token it saved is over. */
async function letExpire(config: string): Promise<void> {
  const text = await readFile(config, 'utf8');
  await writeFile(config, text.replace(/"expiry":"[^"]*"/, '"expiry":"2020-01-01T00:00:00Z"'));
}

/** Kind, status, authorization and body of the requests, as far as they belong to signing in. */
function signInLines(requests: RecordedRequest[]): string[] {
  return requests.map(({ kind, status, headers, body }) =>
    kind === 'token' ? `token ${status} ${headers.authorization ?? 'without header'} ${body}` : `${kind} ${status}`,
  );
}

describe('rclone signs in', { timeout: 120_000 }, () => {
  it('with a login token: well-known document, password grant, no Authorization header', async (test) => {
    const { emulator, config } = await start(test);
    const loginToken = emulator.newLoginToken();
    const { code, err } = await create(emulator, config, loginToken);
    assert.equal(code, 0, err);
    const [wellKnown, grant, ...more] = emulator.requests();
    assert.equal(more.length, 0);
    assert.deepEqual([wellKnown?.method, wellKnown?.url], ['GET', `${realm}/.well-known/openid-configuration`]);
    assert.deepEqual([grant?.method, grant?.url], ['POST', tokenUrl]);
    for (const request of [wellKnown, grant]) assert.equal(request?.headers.authorization, undefined);
    assert.equal(grant?.headers['content-type'], 'application/x-www-form-urlencoded');
    const { auth_token: secret } = JSON.parse(Buffer.from(loginToken, 'base64url').toString());
    const form = `grant_type=password&password=${secret}&scope=openid+offline_access&username=${emulator.user}`;
    assert.equal(grant?.body, `client_id=jottacli&${form}`);
    const saved = await readFile(config, 'utf8');
    assert.match(saved, /^configVersion = 1\nclient_id = jottacli\nclient_secret = \ntokenURL = http.*\/token\n/m);
    assert.match(saved, /^device = \nmountpoint = \n/m);
    assert.notEqual((await savedToken(config)).refresh_token, '');
  });

  it('and reads Archive of the device Jotta, though neither stands in the file it wrote', async (test) => {
    const { emulator, config } = await start(test);
    await create(emulator, config);
    emulator.resetStats();
    const listed = await tryRclone(emulator, ['lsf', 'fresh:'], config);
    assert.equal(listed.out, 'hello.txt\n', listed.err);
    const [first, second] = emulator.requests();
    assert.equal(first?.headers.authorization, `Bearer ${(await savedToken(config)).access_token}`);
    assert.deepEqual([first?.url, second?.url], ['/account/v1/customer', `/jfs/${emulator.user}/Jotta/Archive`]);
  });

  it('only once with the same login token', async (test) => {
    const { emulator, config } = await start(test);
    const loginToken = emulator.newLoginToken();
    await create(emulator, config, loginToken);
    emulator.resetStats();
    const again = await create(emulator, `${config}.2`, loginToken);
    assert.equal(again.code, 1);
    assert.match(again.err, /401 Unauthorized.*invalid_grant.*Invalid user credentials/);
    assert.deepEqual(
      emulator.requests().map(({ kind, status }) => `${kind} ${status}`),
      ['wellKnown 200', 'token 401'],
    );
  });

  it('again before anything else when the access token is over, by Basic, and keeps the new tokens', async (test) => {
    const { emulator, own } = await start(test);
    const before = await savedToken(own);
    await letExpire(own);
    emulator.expire({ all: true });
    const listed = await tryRclone(emulator, ['lsf', 'remote:'], own);
    assert.equal(listed.out, 'hello.txt\n', listed.err);
    const refresh = `grant_type=refresh_token&refresh_token=${before.refresh_token}`;
    const expected = [`token 200 ${basic} ${refresh}`, 'customer 200', 'list 200'];
    assert.deepEqual(signInLines(emulator.requests()), expected);
    const after = await savedToken(own);
    assert.notEqual(after.refresh_token, before.refresh_token);
    assert.notEqual(after.access_token, before.access_token);
    assert.ok(Date.parse(after.expiry) > Date.now() + 3_000_000, after.expiry);
    const [, asked] = emulator.requests();
    assert.equal(asked?.headers.authorization, `Bearer ${after.access_token}`);
    emulator.resetStats();
    await tryRclone(emulator, ['lsf', 'remote:'], own);
    assert.deepEqual(signInLines(emulator.requests()), ['customer 200', 'list 200']);
  });

  it('not again by itself when the service expires a token that rclone takes for good', async (test) => {
    const { emulator, own } = await start(test);
    emulator.expire({ all: true });
    const listed = await tryRclone(emulator, ['lsf', 'remote:'], own);
    assert.equal(listed.code, 1);
    assert.match(listed.err, /401 Unauthorized.*Bad credentials/);
    assert.deepEqual([...new Set(signInLines(emulator.requests()))], ['customer 401']);
  });

  it('never more once its refresh token was used twice, says so, and works again after reconnect', async (test) => {
    const { emulator, config } = await start(test);
    await create(emulator, config);
    const stolen = (await savedToken(config)).refresh_token;
    await letExpire(config);
    assert.equal((await tryRclone(emulator, ['lsf', 'fresh:'], config)).code, 0);
    assert.equal((await new RawClient(emulator).refresh(stolen)).status, 400);
    await letExpire(config);
    const dead = (await savedToken(config)).refresh_token;
    emulator.resetStats();
    const shutOut = await tryRclone(emulator, ['lsf', 'fresh:'], config);
    assert.equal(shutOut.code, 1);
    assert.match(shutOut.err, /invalid_grant/);
    assert.match(shutOut.err, /refresh with "rclone config reconnect fresh:"/);
    // Five tries a second apart, each by Basic and then with the client in the form (PROTOCOL.md §1.3).
    const refresh = `grant_type=refresh_token&refresh_token=${dead}`;
    const pair = [`token 400 ${basic} ${refresh}`, `token 400 without header client_id=jottacli&${refresh}`];
    assert.deepEqual(signInLines(emulator.requests()), [...pair, ...pair, ...pair, ...pair, ...pair]);

    const answers = ['standard', emulator.newLoginToken(), 'n'];
    const reconnected = await tryRclone(emulator, ['config', 'reconnect', 'fresh:'], config, answers);
    assert.equal(reconnected.code, 0, reconnected.err);
    const listed = await tryRclone(emulator, ['lsf', 'fresh:'], config);
    assert.equal(listed.out, 'hello.txt\n', listed.err);
  });

  it('to a device and mountpoint that a person chooses among those there are', async (test) => {
    const { emulator, config } = await start(test);
    await emulator.put('/Laptop/Documents/report', 'x');
    await create(emulator, config);
    const { out, jfs } = await reconnect(emulator, config, ['y', 'Laptop', 'Documents']);
    assert.match(out, /^ 1 > Jotta\n 2 > Laptop\nconfig_device> $/m);
    assert.match(out, /^ 1 > Documents\nconfig_mountpoint> $/m);
    assert.deepEqual(jfs, ['GET ', 'GET ', 'GET /Laptop', 'GET /Laptop']);
    assert.match(await readFile(config, 'utf8'), /^device = Laptop\nmountpoint = Documents\n/m);
    const listed = await tryRclone(emulator, ['lsf', 'fresh:'], config);
    assert.match(listed.out, /^report$/m, listed.err);
  });

  it('to a device and mountpoint that it makes for the purpose', async (test) => {
    const { emulator, config } = await start(test);
    await create(emulator, config);
    const { jfs } = await reconnect(emulator, config, ['y', 'My Computer', 'Back + up']);
    assert.deepEqual(jfs, [
      'GET ',
      'GET ',
      'POST /My%20Computer?type=WORKSTATION',
      'GET /My%20Computer',
      'POST /My%20Computer/Back%20%2B%20up',
    ]);
    const copied = await tryRclone(emulator, ['copy', config, 'fresh:sub'], config);
    assert.equal(copied.code, 0, copied.err);
    const paths = emulator.tree().map(({ path }) => path);
    assert.ok(paths.includes('/My Computer/Back + up/sub/new.conf'), paths.join());
  });
});

async function reconnect(emulator: Emulator, config: string, places: string[]) {
  emulator.resetStats();
  const answers = ['standard', emulator.newLoginToken(), ...places];
  const { code, out, err } = await tryRclone(emulator, ['config', 'reconnect', 'fresh:'], config, answers);
  assert.equal(code, 0, err);
  const user = `/jfs/${emulator.user}`;
  const jfs = emulator.requests().filter(({ url }) => url.startsWith(user));
  return { out, jfs: jfs.map(({ method, url }) => `${method} ${url.slice(user.length)}`) };
}
