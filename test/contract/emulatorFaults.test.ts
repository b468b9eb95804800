import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FaultRule } from '../emulator/faults.ts';
import { exception, livePaths, signedIn } from './emulatorSupport.ts';

const file = '/Jotta/Archive/f';

describe('emulator: faults by plan', { timeout: 60_000 }, () => {
  it('hits the n-th matching request, as often as told, and reports what it hit', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put(file, '0123456789');
    const action = { type: 'status', status: 503 } as const;
    emulator.setFaults([{ match: { kind: 'file', pathIncludes: 'Archive/f' }, nth: 2, times: 2, action }]);
    const seen = [];
    for (let at = 0; at < 4; at++) seen.push((await client.get(file)).status);
    await client.get('/Jotta/Archive');
    assert.deepEqual(seen, [200, 503, 503, 200]);
    const [report] = emulator.faults();
    assert.deepEqual([report?.matched, report?.hits.length], [4, 2]);
    const hit = report?.hits[0];
    assert.deepEqual([hit?.kind, hit?.method, hit?.path], ['file', 'GET', '/jfs/u0emulator/Jotta/Archive/f']);
  });

  it('answers a status in the form of the service, in plain text, with headers, or with no reason at all', async (test) => {
    const { emulator, client } = await signedIn(test);
    const answer = async (action: Extract<FaultRule['action'], { type: 'status' }>, path: string) => {
      emulator.setFaults([{ match: {}, action }]);
      return client.send('GET', path);
    };
    const path = client.jfs(file);
    assert.equal(exception((await answer({ type: 'status', status: 500 }, path)).text), 'InjectedFaultException');
    assert.match((await answer({ type: 'status', status: 500 }, '/account/v1/customer')).text, /^\{"code":500,/);
    const plain = await answer({ type: 'status', status: 502, body: 'Bad gateway' }, path);
    assert.deepEqual([plain.text, plain.headers.get('content-type')], ['Bad gateway', 'text/plain']);
    const busy = await answer({ type: 'status', status: 429, headers: { 'retry-after': '2' } }, path);
    assert.deepEqual([busy.status, busy.headers.get('retry-after')], [429, '2']);
    const silent = await answer({ type: 'status', status: 401, body: '' }, path);
    assert.deepEqual([silent.status, silent.text], [401, '']);
  });

  it('resets, truncates and corrupts', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put(file, '0123456789');
    const read = (action: FaultRule['action']) => {
      emulator.setFaults([{ match: { kind: 'download' }, action }]);
      return client.get(file, '?mode=bin');
    };
    await assert.rejects(read({ type: 'reset' }));
    await assert.rejects(read({ type: 'truncate', after: 4 }));
    const short = await read({ type: 'truncate', after: 4, clean: true });
    assert.deepEqual([short.status, short.text, short.headers.get('content-length')], [200, '0123', '4']);
    const corrupt = (await read({ type: 'corrupt' })).text;
    assert.notEqual(corrupt, '0123456789');
    assert.equal(corrupt.slice(-9), '123456789');
  });

  it('ends a document cleanly before its end', async (test) => {
    const { emulator, client } = await signedIn(test);
    for (const query of ['', '?mode=liststream']) {
      const { text } = await client.get('/Laptop/Documents', query);
      emulator.setFaults([{ match: { method: 'GET' }, nth: 1, action: { type: 'truncate', after: 99, clean: true } }]);
      assert.equal((await client.get('/Laptop/Documents', query)).text.length, 99);
      assert.ok(text.length > 99);
    }
  });

  it('stalls before the request, before the first byte and after it, until the client gives up', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put(file, '0123456789');
    for (const [action, heard] of [
      [{ type: 'stall' }, 'nothing'],
      [{ type: 'stall', after: 0 }, 'nothing'],
      [{ type: 'stall', after: 3 }, '012'],
    ] as const) {
      emulator.setFaults([{ match: { kind: 'download' }, action }]);
      const given = new AbortController();
      const headers = { authorization: `Bearer ${client.accessToken}` };
      const answer = fetch(emulator.url + client.jfs(file, '?mode=bin'), { headers, signal: given.signal });
      if (heard === 'nothing') {
        // A second request is answered while the first one still waits.
        await client.get('');
        given.abort();
        await assert.rejects(answer, { name: 'AbortError' });
      } else {
        const reader = (await answer).body?.getReader();
        assert.equal(String(Buffer.from((await reader?.read())?.value ?? [])), heard);
        given.abort();
      }
    }
  });

  it('delays the first byte, and slows the body of one request', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put(file, 'x'.repeat(20_000));
    const timed = async () => {
      const started = performance.now();
      await client.get(file, '?mode=bin');
      return performance.now() - started;
    };
    emulator.setFaults([{ match: { kind: 'download' }, nth: 1, action: { type: 'delay', ms: 120 } }]);
    assert.ok((await timed()) >= 118);
    emulator.setFaults([{ match: { kind: 'download' }, nth: 1, action: { type: 'slow', bytesPerSecond: 100_000 } }]);
    assert.ok((await timed()) >= 190);
    assert.equal(emulator.faults()[0]?.hits.length, 1);
  });

  it('loses the answer after the work was done: another status, a reset or silence', async (test) => {
    const { emulator, client } = await signedIn(test);
    const make = (name: string, answer?: number | 'reset' | 'stall') => {
      const action = { type: 'duplicate', ...(answer === undefined ? {} : { answer }) } as const;
      emulator.setFaults([{ match: { kind: 'mkDir' }, action }]);
      return client.post(`/Jotta/Archive/${name}`, '?mkDir=true');
    };
    assert.equal((await make('a')).status, 500);
    assert.equal((await make('b', 404)).status, 404);
    await assert.rejects(make('c', 'reset'));
    const silent = make('d', 'stall');
    silent.catch(() => undefined);
    while (!livePaths(emulator).includes('Archive/d')) await new Promise(setImmediate);
    assert.deepEqual(livePaths(emulator), ['Archive/a', 'Archive/b', 'Archive/c', 'Archive/d']);
    await emulator.close();
    await assert.rejects(silent);
  });

  it('does the work twice, as a proxy that repeats', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put(file, 'x');
    emulator.setFaults([{ match: { kind: 'mv' }, action: { type: 'repeat' } }]);
    assert.equal((await client.post(file, `?mv=${client.target('/Jotta/Archive/g')}`)).status, 404);
    assert.deepEqual(livePaths(emulator), ['Archive/g']);
  });

  it('sends an answer twice on one connection', async (test) => {
    const { emulator, client } = await signedIn(test);
    emulator.setFaults([{ match: { kind: 'customer' }, nth: 1, action: { type: 'answer-twice' } }]);
    const { Socket } = await import('node:net');
    const socket = new Socket();
    let heard = '';
    socket.setEncoding('latin1').on('data', (text) => {
      heard += text;
    });
    socket.connect(Number(new URL(emulator.url).port), '127.0.0.1');
    socket.write(`GET /account/v1/customer HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${client.accessToken}\r\n\r\n`);
    while (heard.match(/HTTP\/1\.1 200 OK/g)?.length !== 2 || heard.split('"username"').length < 3) {
      await new Promise(setImmediate);
    }
    socket.destroy();
  });

  it('names another md5 in the answer to an upload, and in a listing', async (test) => {
    const { emulator, client } = await signedIn(test);
    const { upload_url: url } = await client.allocate(file, 'hello');
    emulator.setFaults([{ match: {}, action: { type: 'wrong-md5' } }]);
    const { md5 } = JSON.parse((await client.send('POST', url, 'hello')).text);
    assert.notEqual(md5, '5d41402abc4b2a76b9719d911017c592');
    assert.equal((await client.get(file)).text.includes('5d41402abc4b2a76b9719d911017c592'), false);
    assert.equal((await emulator.read(file)).toString(), 'hello', 'the content is right');
  });

  it('answers from the account as it was when the plan was set', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put(file, 'old');
    emulator.setFaults([{ match: { method: 'GET', pathIncludes: '/Jotta' }, times: 4, action: { type: 'stale' } }]);
    await emulator.put(file, 'newer');
    emulator.mkdir('/Jotta/Archive/d');
    emulator.remove(file);
    assert.equal((await client.post('/Jotta/Archive/e', '?mkDir=true')).status, 200);
    const names = (text: string) =>
      [...text.matchAll(/ name="(\w+)"| (deleted)=/g)].map(([, name, gone]) => name ?? gone);
    assert.deepEqual(names((await client.get('/Jotta/Archive')).text), ['f']);
    assert.match((await client.get('/Jotta/Archive', '?mode=liststream')).text, /<size>3</);
    assert.match((await client.get(file)).text, /<size>3</);
    assert.equal((await client.get('/Jotta/Archive/d')).status, 404);
    assert.deepEqual(names((await client.get('/Jotta/Archive')).text), ['d', 'e', 'f', 'deleted']);
  });

  it('expires and revokes tokens at a point', async (test) => {
    const { emulator, client } = await signedIn(test);
    emulator.setFaults([{ match: {}, nth: 2, action: { type: 'expire-token' } }]);
    assert.deepEqual([(await client.get('')).status, (await client.get('')).status], [200, 401]);
    await client.keepTokens(await client.refresh());
    emulator.setFaults([{ match: { method: 'GET' }, nth: 1, action: { type: 'revoke' } }]);
    assert.equal((await client.get('')).status, 401);
    assert.equal((await client.refresh()).status, 400);
  });

  it('revokes a family at its refresh', async (test) => {
    const { emulator, client } = await signedIn(test);
    emulator.setFaults([{ match: { kind: 'token' }, nth: 1, action: { type: 'revoke' } }]);
    assert.equal((await client.refresh()).status, 400);
    assert.equal((await client.get('')).status, 401);
  });

  it('reaches the quota, locks the account and ends upload URLs at a point', async (test) => {
    const { emulator, client } = await signedIn(test);
    emulator.setFaults([{ match: { kind: 'allocate' }, nth: 2, action: { type: 'quota' } }]);
    const { upload_url: url } = await client.allocate('/Jotta/Archive/a', 'a');
    assert.equal((await client.allocate('/Jotta/Archive/b', 'b')).status, 460);
    emulator.quota(null);
    emulator.setFaults([{ match: { kind: 'upload' }, action: { type: 'expire-upload-urls' } }]);
    assert.equal((await client.send('POST', url, 'a')).status, 404);
    emulator.setFaults([{ match: { kind: 'mkDir' }, nth: 2, action: { type: 'lock', write: true } }]);
    const seen = [];
    for (const name of 'xyz') seen.push((await client.post(`/Jotta/Archive/${name}`, '?mkDir=true')).status);
    assert.deepEqual(seen, [200, 403, 403]);
  });

  it('keeps the bytes that arrived before an upload was cut', async (test) => {
    const { emulator, client } = await signedIn(test);
    const content = 'x'.repeat(300_000);
    const { upload_url: url } = await client.allocate(file, content);
    emulator.setFaults([
      { match: { kind: 'upload', pathIncludes: file }, action: { type: 'truncate', after: 123_456 } },
    ]);
    await assert.rejects(client.send('POST', url, content));
    assert.equal((await client.allocate(file, content)).resume_pos, 123_456);
  });

  it('lets a new request take over an upload that has gone silent', async (test) => {
    const { emulator, client } = await signedIn(test);
    const content = 'x'.repeat(300_000);
    const { upload_url: url } = await client.allocate(file, content);
    emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: { type: 'stall', after: 100_000 } }]);
    const silent = client.send('POST', url, content);
    while (emulator.stats().bytesIn < 100_000) await new Promise(setImmediate);
    assert.equal((await client.send('POST', url, content)).status, 200);
    assert.equal((await silent).status, 409);
  });

  for (const [plan, reason] of [
    [{}, /a fault plan is an array/],
    [[7], /rule 0 is an object, not 7/],
    [[{}], /rule 0: action is missing/],
    [[{ action: { type: 'explode' } }], /rule 0: action.type is one of status, .*, not "explode"/],
    [[{ action: { type: 'toString' } }], /action.type is one of/],
    [[{ action: { type: 'reset' } }, { action: { type: 'delay' } }], /rule 1: action delay: ms is missing/],
    [[{ action: { type: 'status', status: 99 } }], /status wants a status from 200 to 599, not 99/],
    [[{ action: { type: 'status', status: 500, headers: { a: 1 } } }], /headers wants an object of strings/],
    [[{ action: { type: 'reset', after: 1 } }], /action reset: no field after/],
    [[{ action: { type: 'hostile', variant: 'rude' } }], /variant wants one of huge, /],
    [[{ action: { type: 'reset' }, nth: 0 }], /nth wants a whole number from 1, not 0/],
    [[{ action: { type: 'reset' }, match: { kind: 'lists' } }], /match: kind wants one of wellKnown, /],
    [[{ action: { type: 'reset' }, match: { path: '/' } }], /match: no field path/],
    [[{ action: { type: 'reset' }, always: true }], /rule 0: no field always/],
  ] as const) {
    it(`takes no plan such as ${JSON.stringify(plan)}`, async (test) => {
      const { emulator } = await signedIn(test);
      assert.throws(() => emulator.setFaults(plan as never), reason);
    });
  }
});
