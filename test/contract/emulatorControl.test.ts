import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startEmulator } from '../emulator/emulator.ts';
import { emulatorFor, RawClient, tempFolder } from '../support/emulation.ts';
import { livePaths, signedIn } from './emulatorSupport.ts';

describe('emulator: control', { timeout: 60_000 }, () => {
  it('delays and throttles', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/f', 'x'.repeat(50_000));
    const timed = async () => {
      const started = performance.now();
      await client.get('/Jotta/Archive/f', '?mode=bin');
      return performance.now() - started;
    };
    emulator.shape({ latency: 80, bandwidth: 200_000 });
    const slow = await timed();
    assert.ok(slow >= 320, `50 kB at 200 kB/s after 80 ms took ${slow} ms`);
    emulator.shape({ latency: 0, bandwidth: undefined });
    assert.ok((await timed()) < slow);
  });

  it('is told over HTTP as well, and counts none of it', async (test) => {
    const emulator = await emulatorFor(test);
    const tell = async (name: string, body?: unknown) => {
      const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      const answer = await fetch(`${emulator.url}/_emulator/${name}`, init);
      const told = JSON.parse(await answer.text());
      return answer.status === 200 ? told : answer.status;
    };
    assert.match((await tell('login-token', {})).loginToken, /^[\w-]+$/);
    const { loginToken } = await tell('login-token', { brand: 'elkjop' });
    assert.equal(JSON.parse(Buffer.from(loginToken, 'base64url').toString()).realm, 'elkjop');
    assert.equal(await tell('login-token', { brand: 'toString' }), 400);
    await tell('faults', [{ action: { type: 'delay', ms: 1 } }]);
    assert.deepEqual(await tell('faults'), [{ match: {}, action: { type: 'delay', ms: 1 }, matched: 0, hits: [] }]);
    assert.equal(await tell('faults', [{ action: { type: 'delay' } }]), 400);
    assert.equal((await tell('faults')).length, 1, 'the plan that made no sense changed nothing');
    await tell('shape', { latency: 0, bandwidth: null });
    await tell('quota', null);
    await tell('lock', { read: true });
    await tell('lock', {});
    await tell('expire-upload-urls', {});
    assert.equal(await tell('certificate', { kind: 'expired' }), 400, 'no TLS here');
    assert.equal(await tell('nonsense', {}), 404);
    await tell('reset-stats', {});
    const { requests, mutating, openConnections } = await tell('stats');
    assert.deepEqual([requests, mutating, openConnections], [{}, 0, 0]);
    assert.deepEqual(
      (await tell('tree')).map(({ path }: { path: string }) => path),
      ['/Laptop/Documents/notes.txt', '/Laptop/Documents/Travel', '/Laptop/Documents/Travel/packing list.md'],
    );
  });

  it('does what another device would', async (test) => {
    const { emulator, client } = await signedIn(test);
    emulator.mkdir('/Jotta/Archive/d/e');
    await emulator.put('/Jotta/Archive/d/f', 'x');
    emulator.move('/Jotta/Archive/d', '/Jotta/Archive/moved');
    assert.throws(() => emulator.move('/Jotta/Archive/moved', '/Jotta/Archive/moved/e/moved'), /inside the folder/);
    emulator.remove('/Jotta/Archive/moved/e');
    assert.deepEqual(livePaths(emulator), ['Archive/moved', 'Archive/moved/f']);
    assert.match((await client.get('/Jotta/Archive/moved')).text, /<folder name="e" deleted=/);
  });

  it('serves the same account and honours the same tokens after a restart on its state', async (test) => {
    const state = await tempFolder(test);
    const first = await startEmulator({ state, readLocked: false });
    const before = await RawClient.signIn(first);
    await before.upload('/Jotta/Archive/f', 'one');
    await before.upload('/Jotta/Archive/f', 'two');
    await before.post('/Jotta/Archive/gone', '?mkDir=true');
    await before.post('/Jotta/Archive/gone', '?dlDir=true');
    const half = await before.allocate('/Jotta/Archive/half', 'hello world');
    await before.send('POST', half.upload_url, 'hello');
    const loginToken = first.newLoginToken('telia_se');
    const tree = first.tree();
    first.lock({ write: true });
    await first.close();

    const second = await emulatorFor(test, { state });
    assert.deepEqual(second.tree(), tree);
    const after = Object.assign(new RawClient(second), {
      accessToken: before.accessToken,
      refreshToken: before.refreshToken,
    });
    assert.equal((await after.post('/Jotta/Archive/d', '?mkDir=true')).status, 403, 'still locked');
    second.lock({});
    assert.equal((await after.get('/Jotta/Archive/f', '?mode=bin&revision=1')).text, 'one');
    assert.match((await after.get('/Jotta/Trash')).text, /name="gone"/);
    const rest = await after.allocate('/Jotta/Archive/half', 'hello world');
    assert.equal(rest.resume_pos, 5);
    assert.equal((await after.send('POST', rest.upload_url, ' world', { range: 'bytes=5-10' })).status, 200);
    assert.equal((await after.refresh()).status, 200);
    const { auth_token, username } = JSON.parse(Buffer.from(loginToken, 'base64url').toString());
    const body = new URLSearchParams({
      client_id: 'jottacli',
      grant_type: 'password',
      password: auth_token,
      username,
      scope: 'openid offline_access',
    });
    const endpoint = `${second.url}/auth/realms/telia_se/protocol/openid-connect/token`;
    assert.equal((await fetch(endpoint, { method: 'POST', body })).status, 200);
  });
});
