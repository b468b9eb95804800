import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { CertificateKind } from '../emulator/certificates.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { tempFolder } from '../support/emulation.ts';
import { signedIn } from './emulatorSupport.ts';

/** Why a new connection is not taken; undefined when it is. */
async function refusal(emulator: Emulator): Promise<string | undefined> {
  const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1');
  return new Promise<string | undefined>((resolve) => {
    socket.on('connect', () => resolve(undefined));
    socket.on('error', (error) => resolve(String(Object(error).code)));
  }).finally(() => socket.destroy());
}

describe('emulator: outage', { timeout: 60_000 }, () => {
  it('refuses connections until told, and comes back on the same port with the same account', async (test) => {
    const { emulator, client } = await signedIn(test);
    await client.post('/Jotta/Archive/d', '?mkDir=true');
    await emulator.outage(true);
    assert.equal(await refusal(emulator), 'ECONNREFUSED');
    await emulator.outage(false);
    assert.equal((await client.get('/Jotta/Archive/d')).status, 200);
    await emulator.outage(true);
    assert.equal(await refusal(emulator), 'ECONNREFUSED', 'and again');
  });

  it('cuts what is under way', async (test) => {
    const { emulator, client } = await signedIn(test);
    emulator.setFaults([{ match: {}, action: { type: 'stall' } }]);
    const waiting = client.get('/Jotta');
    waiting.catch(() => undefined);
    while (emulator.faults()[0]?.hits.length !== 1) await new Promise(setImmediate);
    await emulator.outage(true);
    await assert.rejects(waiting);
  });

  it('begins at a request of the plan and ends by itself', async (test) => {
    const { emulator, client } = await signedIn(test);
    emulator.setFaults([{ match: { kind: 'list' }, nth: 1, action: { type: 'outage', ms: 100 } }]);
    await assert.rejects(client.get('/Jotta'));
    assert.equal(await refusal(emulator), 'ECONNREFUSED');
    while ((await refusal(emulator)) !== undefined) await new Promise(setImmediate);
    assert.equal((await client.get('/Jotta')).status, 200);
    assert.equal(emulator.faults()[0]?.hits.length, 1);
  });

  it('begins over HTTP, once the answer is out', async (test) => {
    const { emulator } = await signedIn(test);
    const tell = (body: object) =>
      fetch(`${emulator.url}/_emulator/outage`, { method: 'POST', body: JSON.stringify(body) });
    assert.equal((await tell({})).status, 400);
    assert.equal((await tell({ ms: 100 })).status, 200);
    while ((await refusal(emulator)) === undefined) await new Promise(setImmediate);
    while ((await refusal(emulator)) !== undefined) await new Promise(setImmediate);
  });
});

/** Status over TLS, or the code of what is wrong with the certificate. */
async function overTls(emulator: Emulator, folder: string): Promise<number | string> {
  const ca = await readFile(join(folder, 'ca.pem'));
  return new Promise((resolve) => {
    const asking = request(`${emulator.tlsUrl}/account/v1/customer`, { ca, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asking.on('error', (error) => resolve(String(Object(error).code)));
    asking.end();
  });
}

async function withTls(test: TestContext, certificate?: CertificateKind) {
  const folder = await tempFolder(test);
  const { emulator } = await signedIn(test, { rclone: folder, ...(certificate && { certificate }) });
  return { emulator, ask: () => overTls(emulator, folder) };
}

describe('emulator: certificates', { timeout: 60_000 }, () => {
  it('shows a bad certificate from the next connection on, and a good one again', async (test) => {
    const { emulator, ask } = await withTls(test);
    assert.equal(await ask(), 401);
    for (const [kind, code] of [
      ['expired', 'CERT_HAS_EXPIRED'],
      ['wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID'],
      ['unknown-authority', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ] as const) {
      await emulator.useCertificate(kind);
      assert.equal(await ask(), code);
    }
    await emulator.useCertificate('good');
    assert.equal(await ask(), 401);
  });

  it('may start with a bad one, and takes part in an outage', async (test) => {
    const { emulator, ask } = await withTls(test, 'expired');
    assert.equal(await ask(), 'CERT_HAS_EXPIRED');
    await emulator.outage(true);
    assert.equal(await ask(), 'ECONNREFUSED');
  });

  it('has none to show without TLS', async (test) => {
    const { emulator } = await signedIn(test);
    assert.equal(emulator.tlsUrl, undefined);
    await assert.rejects(emulator.useCertificate('expired'));
  });
});
