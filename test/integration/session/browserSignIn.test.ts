import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createLog } from '../../../src/base/log.ts';
import { Drive } from '../../../src/drive/drive.ts';
import { BrowserSignIn } from '../../../src/drive/signIn/browserSignIn.ts';
import { openLanding } from '../../../src/drive/signIn/landing.ts';
import { TokenKeeper } from '../../../src/drive/windows/tokenKeeper.ts';
import { createEndpoints } from '../../../src/jottacloud/urls.ts';
import { DriveError } from '../../../src/protocol/errors.ts';
import type { SignInPage, StoredTokens } from '../../../src/protocol/messages.ts';
import { answerSignInPage } from '../../contract/signInPage.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';

const page = { title: 'A <drive>', done: 'It is done', refused: 'It is refused' };
const soon = () => AbortSignal.timeout(20_000);

describe('a sign-in in the browser', { timeout: 60_000 }, () => {
  let emulator: Emulator;
  let dir: string;
  let drive: Drive;
  let kept: StoredTokens[];
  let logged: string;

  beforeEach(async () => {
    emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
    dir = await mkdtemp(join(tmpdir(), 'jottacloud-browser-'));
    kept = [];
    logged = '';
    const log = createLog((line) => {
      logged += line;
    }, 'debug');
    const keeper = new TokenKeeper(log, async () => undefined);
    keeper.addWindow(async (tokens) => void kept.push(tokens));
    const folders = { stateDir: join(dir, 'state'), cacheDir: join(dir, 'cache') };
    drive = new Drive({ ...folders, endpoint: emulator.url, env: {}, keeper, onDamage: () => {}, log });
  });
  afterEach(async () => {
    await drive.close(false, AbortSignal.timeout(1_000));
    await emulator.close();
    await rm(dir, { recursive: true, force: true });
  });

  const begin = (brand = 'telia_no') => drive.browserSignIns.begin({ brand, page });
  const wait = ({ id }: SignInPage, signal = soon()) => drive.browserSignIns.wait(id, signal);
  /** As the browser does it: the page, a click, and back to this computer. */
  const visit = async (address: string) => {
    const answer = await fetch(address);
    return { status: answer.status, text: await answer.text(), policy: answer.headers.get('referrer-policy') };
  };

  it('ends with the account open, its tokens stored, and a page that says so', async () => {
    const begun = await begin();
    const waiting = wait(begun);
    const landed = await visit(await answerSignInPage(begun.address, 'sign-in'));
    assert.equal(landed.status, 200);
    assert.match(landed.text, /A &#60;drive&#62;.*It is done/s);
    assert.equal(landed.policy, 'no-referrer');
    const account = await waiting;
    assert.equal(account.username, emulator.user);
    assert.equal(drive.signedIn, true);
    assert.equal(kept.length, 1);
    const stored = JSON.parse(kept[0]?.secret ?? '{}');
    assert.equal(stored.clientId, 'desktop');
    const form = new URLSearchParams(emulator.requests().find(({ url }) => url.endsWith('/token'))?.body);
    for (const secret of [stored.accessToken, stored.refreshToken, form.get('code'), form.get('code_verifier')]) {
      assert.ok(secret);
      assert.ok(!logged.includes(secret), 'no secret in the log');
    }
    await assert.rejects(fetch(begun.redirectUri), 'nobody listens any more');
  });

  it('is taken from the address that a browser elsewhere could not open', async () => {
    const begun = await begin();
    const waiting = wait(begun);
    const address = await answerSignInPage(begun.address, 'sign-in');
    await assert.rejects(drive.browserSignIns.pass(begun.id, 'https://www.jottacloud.com/'), {
      code: 'signInAddressWrong',
    });
    await drive.browserSignIns.pass(begun.id, address);
    assert.equal((await waiting).username, emulator.user);
  });

  it('takes no code with the state of another, and goes on waiting for its own', async () => {
    const begun = await begin();
    const waiting = wait(begun);
    const address = await answerSignInPage(begun.address, 'sign-in');
    const forged = new URL(address);
    forged.searchParams.set('state', 'guessed');
    assert.equal((await visit(forged.href)).status, 400);
    forged.searchParams.delete('state');
    assert.equal((await visit(forged.href)).status, 400);
    assert.equal((await visit(`${begun.redirectUri}favicon.ico`)).status, 404);
    assert.equal(emulator.stats().requests.token, undefined, 'nothing was exchanged');
    assert.equal((await visit(address)).status, 200);
    await waiting;
  });

  it('says so when the person refused, and leaves no account', async () => {
    const begun = await begin();
    const refused = assert.rejects(wait(begun), { code: 'signInRefused' });
    const landed = await visit(await answerSignInPage(begun.address, 'refuse'));
    assert.deepEqual([landed.status, landed.text.includes('It is refused')], [400, true]);
    await refused;
    assert.equal(drive.signedIn, false);
    assert.equal(kept.length, 0);
  });

  it('is refused when the code is not taken, and is not tried twice', async () => {
    const begun = await begin();
    const refused = assert.rejects(wait(begun), { code: 'signInRefused' });
    const address = new URL(await answerSignInPage(begun.address, 'sign-in'));
    address.searchParams.set('code', 'of-somebody-else');
    const visits = await Promise.allSettled([visit(address.href), visit(address.href)]);
    // Who comes second may find that nobody listens any more.
    assert.ok(visits.some(({ status }) => status === 'fulfilled'));
    await refused;
    assert.equal(emulator.stats().requests.token, 1);
  });

  it('ends when the person leaves it, and when another one begins', async () => {
    const [first, stop] = [await begin(), new AbortController()];
    const left = assert.rejects(wait(first, stop.signal), { code: 'signInEnded' });
    stop.abort();
    await left;
    await assert.rejects(fetch(first.redirectUri));
    const second = await begin();
    const replaced = assert.rejects(wait(second), { code: 'signInEnded' });
    const third = await begin('elkjop');
    await replaced;
    await assert.rejects(async () => drive.browserSignIns.wait(second.id, soon()), { code: 'signInEnded' });
    const waiting = wait(third);
    await visit(await answerSignInPage(third.address, 'sign-in'));
    await waiting;
  });

  it('ends by itself when nobody comes', async () => {
    const service = { endpoints: createEndpoints(emulator.url), userAgent: 'test' };
    const params = { brand: 'jottacloud', endpoint: emulator.url, page, service, patienceMs: 20 } as const;
    const signIn = await BrowserSignIn.begin({ ...params, use: async () => assert.fail('used') }, soon());
    await assert.rejects(signIn.wait(soon()), { code: 'signInEnded' });
    await assert.rejects(fetch(signIn.redirectUri));
  });

  it('brings an account that was signed out back', async () => {
    for (const revoked of [false, true]) {
      if (revoked) emulator.revoke({ access: true });
      const begun = await begin();
      const waiting = wait(begun);
      assert.equal((await visit(await answerSignInPage(begun.address, 'sign-in'))).status, 200);
      assert.equal((await waiting).username, emulator.user);
    }
    assert.equal(drive.getState().health, 'ok');
  });

  it('is told to the browser as refused when its tokens are of no use here', async () => {
    const service = { endpoints: createEndpoints(emulator.url), userAgent: 'test' };
    const params = { brand: 'jottacloud', endpoint: emulator.url, page, service, patienceMs: 20_000 } as const;
    const use = async () => {
      throw new DriveError('wrongAccount', { username: 'u1' });
    };
    const signIn = await BrowserSignIn.begin({ ...params, use }, soon());
    const refused = assert.rejects(signIn.wait(soon()), { code: 'wrongAccount' });
    const landed = await visit(await answerSignInPage(signIn.address, 'sign-in'));
    assert.deepEqual([landed.status, landed.text.includes('It is refused')], [400, true]);
    await refused;
  });

  it('knows no brand that is not listed', async () => {
    await assert.rejects(begin('toString'), { code: 'notFound' });
  });

  it('does not let the code go to another program that has the port', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => taken.once('listening', resolve));
      const { port } = taken.address() as AddressInfo;
      await assert.rejects(
        openLanding(port, page, async () => 'signedIn'),
        {
          code: 'signInPortBusy',
          args: { port: String(port) },
        },
      );
    } finally {
      taken.close();
    }
  });
});
