import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { Drive } from '../../../src/drive/drive.ts';
import { checkLoginHost } from '../../../src/drive/signIn/loginHost.ts';
import { TokenKeeper } from '../../../src/drive/windows/tokenKeeper.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { signIn } from '../../support/sessionWorld.ts';

const tokenTo = (wellKnownLink: string) => ({ username: 'u', realm: 'r', authToken: 'secret', wellKnownLink });

describe('where the secret of a login token goes', () => {
  it('is a host of a brand, without a question', () => {
    for (const host of ['id.jottacloud.com', 'cloud-auth.onlime.dk', 'cloud.elkjop.no']) {
      checkLoginHost(tokenTo(`https://${host}/auth/realms/r/.well-known/openid-configuration`), undefined);
    }
  });

  it('is another host only when the person has confirmed just that', () => {
    for (const host of ['id.jottacloud.com.evil.example', 'evil.example', 'xn--jottacloud-x.com']) {
      const token = tokenTo(`https://${host}/auth`);
      assert.throws(() => checkLoginHost(token, undefined), { code: 'loginHostUnknown', args: { host } });
      assert.throws(() => checkLoginHost(token, undefined, 'id.jottacloud.com'), { code: 'loginHostUnknown' });
      checkLoginHost(token, undefined, host);
    }
  });

  it('is this computer only with an endpoint here, and the service itself not with one', () => {
    const here = tokenTo('http://127.0.0.1:8080/auth');
    assert.throws(() => checkLoginHost(here, undefined, '127.0.0.1'), { code: 'loginTokenMalformed' });
    checkLoginHost(here, 'http://localhost:9999');
    const there = tokenTo('https://id.jottacloud.com/auth');
    assert.throws(() => checkLoginHost(there, 'http://127.0.0.1:9999'), { code: 'loginHostUnknown' });
  });
});

it('tokens that were made for one service are not sent to another', async () => {
  const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
  const dir = await mkdtemp(join(tmpdir(), 'jottacloud-bound-'));
  const keeper = new TokenKeeper(silentLog, async () => undefined);
  const common = { stateDir: join(dir, 'state'), cacheDir: join(dir, 'cache'), env: {}, keeper, log: silentLog };
  const drive = new Drive({ ...common, endpoint: emulator.url, onDamage: assert.ifError });
  try {
    const tokens = signIn(emulator);
    const secretOf = (host: string | undefined) => JSON.stringify({ ...tokens, serviceHost: host });
    emulator.resetStats();
    for (const host of ['api.jottacloud.com', undefined]) {
      assert.equal(await drive.sessions.resume({ username: tokens.username, secret: secretOf(host) }), null);
    }
    assert.deepEqual(emulator.stats().requests, {});
    const account = await drive.sessions.resume({ username: tokens.username, secret: JSON.stringify(tokens) });
    assert.equal(account?.username, emulator.user);
  } finally {
    await drive.close(false, AbortSignal.timeout(1_000));
    await emulator.close();
    await rm(dir, { recursive: true, force: true });
  }
});
