import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startEmulator } from '../emulator/emulator.ts';
import { emulatorFor, RawClient, tempFolder } from './support.ts';

/** What the emulator does where rclone does not look. Sections are those of jottacloud-protocol.md. */

function exception(text: string): string | undefined {
  return /<message>[\w.]*\.(\w+):/.exec(text)?.[1] ?? /"error_id":"(\w+)"/.exec(text)?.[1];
}

describe('emulator: sign-in (§1)', { timeout: 60_000 }, () => {
  it('takes a login token once', async (test) => {
    const emulator = await emulatorFor(test);
    const loginToken = emulator.newLoginToken();
    assert.doesNotMatch(loginToken, /[+/=]/);
    const login = JSON.parse(Buffer.from(loginToken, 'base64url').toString());
    const wellKnown = JSON.parse(await (await fetch(login.well_known_link)).text());
    const form = {
      client_id: 'jottacli',
      grant_type: 'password',
      password: login.auth_token,
      username: login.username,
    };
    const body = () => new URLSearchParams({ ...form, scope: 'openid offline_access' });
    const first = await fetch(wellKnown.token_endpoint, { method: 'POST', body: body() });
    assert.equal(first.status, 200);
    const second = await fetch(wellKnown.token_endpoint, { method: 'POST', body: body() });
    assert.equal(second.status, 401);
    assert.equal(JSON.parse(await second.text()).error, 'invalid_grant');
  });

  it('rotates refresh tokens and revokes the family when an old one is reused', async (test) => {
    const client = await RawClient.signIn(await emulatorFor(test));
    const old = client.refreshToken;
    await client.keepTokens(await client.refresh());
    assert.notEqual(client.refreshToken, old);
    const reused = await client.refresh(old);
    assert.deepEqual([reused.status, JSON.parse(reused.text).error], [400, 'invalid_grant']);
    assert.equal((await client.refresh()).status, 400, 'the newest token is dead too');
    assert.equal((await client.get('')).status, 200, 'the access token lives on');
  });

  it('wants the grant type in lower case and the client by Basic or form', async (test) => {
    const client = await RawClient.signIn(await emulatorFor(test));
    const upper = await client.token({ client_id: 'jottacli', grant_type: 'REFRESH_TOKEN', refresh_token: 'x' });
    assert.equal(JSON.parse(upper.text).error, 'unsupported_grant_type');
    const form = { grant_type: 'refresh_token', refresh_token: client.refreshToken };
    assert.equal((await client.token(form)).status, 401);
    assert.equal((await client.token(form, { authorization: `Basic ${btoa('jottacli:')}` })).status, 200);
  });

  it('answers 401 to expired, missing and foreign tokens', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    const foreign = await client.send('GET', '/jfs/someone/Jotta');
    assert.deepEqual([foreign.status, exception(foreign.text)], [401, 'AuthenticationCredentialsNotFoundException']);
    emulator.expire();
    const expired = await client.get('');
    assert.deepEqual([expired.status, exception(expired.text)], [401, 'BadCredentialsException']);
    await client.keepTokens(await client.refresh());
    assert.equal((await client.get('')).status, 200);
    assert.equal((await fetch(`${emulator.url}/account/v1/customer`)).status, 401);
  });
});

describe('emulator: tree (§2)', { timeout: 60_000 }, () => {
  it('lists trashed and unfinished items', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    await emulator.put('/Jotta/Archive/d/gone.txt', 'x');
    await emulator.put('/Jotta/Archive/d/live.txt', 'y');
    emulator.remove('/Jotta/Archive/d/gone.txt');
    await client.allocate('/Jotta/Archive/d/half.bin', 'unsent');
    const { text } = await client.get('/Jotta/Archive/d');
    assert.match(text, /<file name="gone.txt" uuid="[^"]+" deleted="\d{4}-\d\d-\d\d-T\d\d:\d\d:\d\dZ"><abspath/);
    assert.match(text, /<file name="half.bin" uuid="[^"]+"><latestRevision><number>1<\/number><state>INCOMPLETE/);
    assert.doesNotMatch(/half\.bin.*?<\/file>/.exec(text)?.[0] ?? '<size>', /<size>/);
    assert.match(text, /<metadata first="" max="" total="3" num_folders="0" num_files="3"\/>/);
    const stream = (await client.get('/Jotta/Archive/d', '?mode=liststream')).text;
    assert.match(stream, /<stats><folders>1<\/folders><files>1<\/files><\/stats>/);
  });

  it('finds names whatever their case and keeps the first spelling', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    await client.upload('/Jotta/Archive/Docs/Ærlig.TXT', 'one');
    await client.upload('/jotta/archive/docs/ærlig.txt', 'two');
    const [folder, file] = emulator.tree();
    assert.deepEqual(
      [folder?.path, file?.path, file?.revision],
      ['/Jotta/Archive/Docs', '/Jotta/Archive/Docs/Ærlig.TXT', 2],
    );
  });

  it('refuses commands for the other kind, and loses a folder to dl', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    await emulator.put('/Jotta/Archive/d/f', 'x');
    const to = client.target('/Jotta/Archive/n');
    for (const [path, query] of [
      ['/Jotta/Archive/d', `?mv=${to}`],
      ['/Jotta/Archive/d', '?rm=true'],
      ['/Jotta/Archive/d', `?cp=${to}`],
      ['/Jotta/Archive/d/f', `?mvDir=${to}`],
      ['/Jotta/Archive/d/f', '?dlDir=true'],
      ['/Jotta/Archive/d/f', '?rmDir=true'],
    ] as const) {
      assert.equal((await client.post(path, query)).status, 404, query);
    }
    assert.equal((await client.post('/Jotta/Archive/d/f', '?restore=true')).status, 500);
    assert.equal(
      (await client.post('/Jotta/Archive/d/f', '?dl=true', { 'content-type': 'application/octet-stream' })).status,
      404,
    );
    await client.post('/Jotta/Archive/d', '?dl=true');
    assert.doesNotMatch((await client.get('/Jotta/Trash')).text, /name="d"/);
    assert.equal((await client.get('/Jotta/Archive/d')).status, 404);
  });

  it('shows in the trash what was put there, with its original place, and restores by cphash', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    await emulator.put('/Jotta/Archive/d/e/f', 'x');
    await client.post('/Jotta/Archive/d', '?dlDir=true');
    const trash = (await client.get('/Jotta/Trash')).text;
    assert.match(
      trash,
      /<folder name="d" deleted="[^"]+" contextType="TRASH"><abspath xml:space="preserve">\/u0emulator\/Jotta\/Archive</,
    );
    assert.doesNotMatch(trash, /name="e"/);
    assert.match((await client.get('/Jotta/Archive/d/e')).text, /<file name="f" uuid="[^"]+" deleted=/);
    assert.equal((await client.get('/Jotta/Archive/d/e/f', '?mode=bin')).text, 'x');
    const headers = { JSize: '1', JMd5: '9DD4E461268C8034F5C8564E155C67A6', JModified: '2026-01-02-T03:04:05Z' };
    assert.equal((await client.post('/Jotta/Archive/d/e/f', '?cphash=true', headers)).status, 200);
    assert.deepEqual(
      emulator.tree().find(({ path }) => path.endsWith('/f'))?.mtime,
      Date.parse('2026-01-02T03:04:05Z'),
    );
    const unknown = { ...headers, JMd5: '0'.repeat(32) };
    assert.equal((await client.post('/Jotta/Archive/d/e/g', '?cphash=true', unknown)).status, 404);
  });

  it('moves a device and mountpoint stamp on with every change', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    const stamp = async () => /<modified>([^<]+)/.exec((await client.get('/Jotta')).text)?.[1];
    const seen = [await stamp()];
    for (const path of ['/a', '/a/b', '/c']) {
      await client.post(`/Jotta/Archive${path}`, '?mkDir=true');
      seen.push(await stamp());
    }
    assert.equal(new Set(seen).size, 4, seen.join(' '));
    assert.equal(await stamp(), seen.at(-1), 'nothing changed, nothing moves');
  });

  it('has other devices, the views Latest and Links, and the flat list', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    await emulator.put('/Jotta/Archive/d/shared.txt', 'x');
    const root = (await client.get('')).text;
    assert.deepEqual(
      [...root.matchAll(/<name[^>]*>([^<]+)/g)].map(([, name]) => name),
      ['Jotta', 'Laptop'],
    );
    assert.match((await client.get('/Laptop/Documents')).text, /<folder name="Travel"\/>.*<file name="notes.txt"/);
    const shared = await client.get('/Jotta/Archive/d/shared.txt', '?mode=enableShare');
    assert.match(shared.text, /<publicURI>[0-9a-f]{32}<\/publicURI><publicSharePath>\/s\//);
    assert.match((await client.get('/Jotta/Links')).text, /<searchresult [^>]+><files><file name="shared.txt"/);
    assert.equal((await client.get('/Jotta/Latest', '?sort=updated&max=2')).text.match(/<file /g)?.length, 2);
    const hidden = await client.get('/Jotta/Archive/d/shared.txt', '?mode=disableShare');
    assert.doesNotMatch(hidden.text, /publicURI/);
    assert.match(
      (await client.get('/Jotta/Archive', '?mode=list')).text,
      /<filedirlist .*<folder name="d">.*shared.txt/,
    );
  });

  it('makes devices and mountpoints, and takes them away', async (test) => {
    const client = await RawClient.signIn(await emulatorFor(test));
    assert.equal((await client.post('/Desk', '?type=WORKSTATION')).status, 201);
    assert.equal((await client.post('/Desk/Pictures', '')).status, 201);
    assert.equal((await client.post('/Desk/Pictures', '')).status, 200);
    assert.equal((await client.post('/Desk/Music/Jazz', '?mkDir=true')).status, 200);
    assert.match((await client.get('/Desk')).text, /num_mountpoints="2"/);
    assert.match((await client.post('/Desk/Pictures', '?rm=true')).text, /<device .*num_mountpoints="1"/);
    assert.doesNotMatch((await client.post('/Desk', '?rm=true')).text, /Desk/);
    assert.equal((await client.get('/Desk')).status, 404);
  });

  it('lists 5000 entries in less than 100 ms', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    for (let at = 0; at < 5000; at++) await emulator.put(`/Jotta/Archive/many/file ${at}`, 'same');
    await client.get('/Jotta/Archive/many');
    const started = performance.now();
    const { text } = await client.get('/Jotta/Archive/many');
    const took = performance.now() - started;
    assert.equal(text.match(/<file /g)?.length, 5000);
    assert.ok(took < 100, `took ${took} ms`);
  });

  for (const [quirk, live] of [
    ['on', ['/Jotta/Archive/d']],
    ['recursive', ['/Jotta/Archive/d', '/Jotta/Archive/d/f']],
    ['off', []],
  ] as const) {
    it(`mkDir on a trashed folder leaves ${live.length} live items with quirk mkDirUntrashes=${quirk}`, async (test) => {
      const emulator = await emulatorFor(test, { quirks: { mkDirUntrashes: quirk } });
      const client = await RawClient.signIn(emulator);
      await emulator.put('/Jotta/Archive/d/f', 'x');
      emulator.remove('/Jotta/Archive/d');
      assert.equal((await client.post('/Jotta/Archive/d', '?mkDir=true')).status, 200);
      const paths = emulator.tree().map(({ path }) => path);
      assert.deepEqual(
        paths.filter((path) => path.startsWith('/Jotta')),
        live,
      );
    });
  }

  for (const [quirk, status, revision] of [
    ['409', 409, 1],
    ['new-revision', 200, 2],
  ] as const) {
    it(`mv onto a live file answers ${status} with quirk moveOntoLive=${quirk}`, async (test) => {
      const emulator = await emulatorFor(test, { quirks: { moveOntoLive: quirk } });
      const client = await RawClient.signIn(emulator);
      await emulator.put('/Jotta/Archive/a', 'from');
      await emulator.put('/Jotta/Archive/b', 'to');
      const moved = await client.post('/Jotta/Archive/a', `?mv=${client.target('/Jotta/Archive/b')}`);
      assert.equal(moved.status, status);
      assert.equal(emulator.tree().find(({ path }) => path === '/Jotta/Archive/b')?.revision, revision);
    });
  }
});

describe('emulator: content (§2.7, §3)', { timeout: 60_000 }, () => {
  it('serves ranges and refuses those past the end', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    await emulator.put('/Jotta/Archive/f', '0123456789');
    const read = (range: string) => client.get('/Jotta/Archive/f', '?mode=bin', { range });
    const part = await read('bytes=2-4');
    assert.deepEqual([part.status, part.text, part.headers.get('content-range')], [206, '234', 'bytes 2-4/10']);
    assert.equal((await read('bytes=7-')).text, '789');
    assert.equal((await read('bytes=8-99')).text, '89');
    const past = await read('bytes=10-');
    assert.deepEqual([past.status, exception(past.text)], [416, 'RequestedRangeNotSatisfiedException']);
    assert.equal((await read('bytes=5-4')).status, 416);
  });

  it('keeps the current and four older revisions and serves each by number', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    for (let at = 1; at <= 7; at++) await client.upload('/Jotta/Archive/f', `version ${at}`);
    const { text } = await client.get('/Jotta/Archive/f');
    assert.deepEqual(
      [...text.matchAll(/<number>(\d)</g)].map(([, number]) => number),
      ['7', '6', '5', '4', '3'],
    );
    assert.equal((await client.get('/Jotta/Archive/f', '?mode=bin&revision=4')).text, 'version 4');
    assert.equal((await client.get('/Jotta/Archive/f', '?mode=bin&revision=2')).status, 404);
  });

  it('rejects a conflict when asked to, before any byte is sent', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    await emulator.put('/Jotta/Archive/f', 'mine');
    const refused = await client.allocate('/Jotta/Archive/F', 'theirs', { conflict_handler: 'REJECT_CONFLICTS' });
    assert.deepEqual([refused.status, refused.error_id], [409, 'UniqueFileException']);
    emulator.remove('/Jotta/Archive/f');
    const allowed = await client.allocate('/Jotta/Archive/F', 'theirs', { conflict_handler: 'REJECT_CONFLICTS' });
    assert.equal(allowed.state, 'INCOMPLETE');
  });

  it('keeps a short upload, takes the rest, and refuses a corrupt one', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    const first = await client.allocate('/Jotta/Archive/f', 'hello world');
    const short = await client.send('POST', first.upload_url, 'hello');
    assert.deepEqual([short.status, exception(short.text)], [420, 'IncompleteUploadOpenApiException']);
    assert.match((await client.get('/Jotta/Archive/f')).text, /<state>INCOMPLETE<\/state>.*<size>5<\/size>/);
    const again = await client.allocate('/Jotta/Archive/f', 'hello world');
    assert.equal(again.resume_pos, 5);
    const corrupt = await client.send('POST', again.upload_url, ' WORLD', { range: 'bytes=5-10' });
    assert.deepEqual([corrupt.status, exception(corrupt.text)], [420, 'CorruptUploadOpenApiException']);
    assert.match((await client.get('/Jotta/Archive/f')).text, /<state>CORRUPT</);
    const third = await client.allocate('/Jotta/Archive/f', 'hello world');
    assert.equal(third.resume_pos, 0);
    const done = JSON.parse((await client.send('POST', third.upload_url, 'hello world')).text);
    assert.deepEqual([done.bytes, done.md5, done.modified % 1000], [11, '5eb63bbbe01eeed093cb22bb8f5acdc3', 0]);
    assert.equal((await emulator.read('/Jotta/Archive/f')).toString(), 'hello world');
  });

  it('refuses names that are too long and reads every time format', async (test) => {
    const client = await RawClient.signIn(await emulatorFor(test));
    assert.equal((await client.allocate(`/Jotta/Archive/${'x'.repeat(256)}`, 'x')).status, 400);
    assert.equal((await client.allocate(`/Jotta/Archive/${'x'.repeat(255)}`, 'x')).status, 200);
    for (const modified of [
      '2026-01-02T03:04:05Z',
      '2026-01-02T03:04:05.678Z',
      '2026-01-02-T05:04:05+0200',
      1767323045000,
    ]) {
      await client.allocate('/Jotta/Archive/t', '', { modified });
      assert.match((await client.get('/Jotta/Archive/t')).text, /<modified>2026-01-02-T03:04:05Z</, String(modified));
    }
  });

  it('answers 460 when the quota is used up, and 403 when write-locked', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    emulator.quota(100);
    assert.equal((await client.allocate('/Jotta/Archive/f', 'x'.repeat(1000))).status, 460);
    assert.equal((await client.allocate('/Jotta/Archive/f', 'x')).status, 200);
    emulator.quota(null, true);
    assert.equal((await client.post('/Jotta/Archive/d', '?mkDir=true')).status, 403);
    assert.match((await client.get('')).text, /<write-locked>true</);
  });
});

describe('emulator: control', { timeout: 60_000 }, () => {
  it('injects faults by plan and reports the hits', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    await emulator.put('/Jotta/Archive/f', '0123456789');
    emulator.setFaults([
      { match: { kind: 'file', pathIncludes: 'Archive/f' }, nth: 2, action: { type: 'status', status: 503 } },
    ]);
    const seen = [];
    for (let at = 0; at < 3; at++) seen.push((await client.get('/Jotta/Archive/f')).status);
    assert.deepEqual(seen, [200, 503, 200]);
    const [report] = emulator.faults();
    assert.deepEqual([report?.matched, report?.hits.length, report?.hits[0]?.kind], [3, 1, 'file']);

    emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'truncate', after: 4 } }]);
    await assert.rejects(client.get('/Jotta/Archive/f', '?mode=bin'));
    emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'reset' } }]);
    await assert.rejects(client.get('/Jotta/Archive/f', '?mode=bin'));
    emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'corrupt' } }]);
    assert.notEqual((await client.get('/Jotta/Archive/f', '?mode=bin')).text, '0123456789');
    emulator.setFaults([{ match: { kind: 'mkDir' }, action: { type: 'duplicate' } }]);
    assert.equal((await client.post('/Jotta/Archive/made', '?mkDir=true')).status, 500);
    assert.ok(emulator.tree().some(({ path }) => path === '/Jotta/Archive/made'));
    emulator.setFaults([{ match: {}, nth: 1, action: { type: 'expire-token' } }]);
    assert.equal((await client.get('')).status, 401);
    await client.keepTokens(await client.refresh());
    emulator.setFaults([{ match: { method: 'GET' }, nth: 1, action: { type: 'revoke' } }]);
    assert.equal((await client.get('')).status, 401);
    assert.equal((await client.refresh()).status, 400);
  });

  it('stalls until the client gives up', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    await emulator.put('/Jotta/Archive/f', '0123456789');
    for (const action of [{ type: 'stall' }, { type: 'stall', after: 3 }] as const) {
      emulator.setFaults([{ match: { kind: 'download' }, action }]);
      const url = emulator.url + client.jfs('/Jotta/Archive/f', '?mode=bin');
      const headers = { authorization: `Bearer ${client.accessToken}` };
      const read = fetch(url, { headers, signal: AbortSignal.timeout(200) }).then((response) => response.text());
      await assert.rejects(read, { name: 'TimeoutError' });
    }
  });

  it('keeps the bytes that arrived before an upload was cut', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    const content = 'x'.repeat(300_000);
    const { upload_url: url } = await client.allocate('/Jotta/Archive/f', content);
    emulator.setFaults([
      { match: { kind: 'upload', pathIncludes: '/Jotta/Archive/f' }, action: { type: 'truncate', after: 123_456 } },
    ]);
    await assert.rejects(client.send('POST', url, content));
    assert.equal((await client.allocate('/Jotta/Archive/f', content)).resume_pos, 123_456);
  });

  it('lets a new request take over an upload that has gone silent', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    const content = 'x'.repeat(300_000);
    const { upload_url: url } = await client.allocate('/Jotta/Archive/f', content);
    emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: { type: 'stall', after: 100_000 } }]);
    const silent = client.send('POST', url, content);
    while (emulator.stats().bytesIn < 100_000) await new Promise(setImmediate);
    assert.equal((await client.send('POST', url, content)).status, 200);
    assert.equal((await silent).status, 409);
  });

  it('delays and throttles', async (test) => {
    const emulator = await emulatorFor(test);
    const client = await RawClient.signIn(emulator);
    await emulator.put('/Jotta/Archive/f', 'x'.repeat(50_000));
    emulator.shape({ latency: 80, bandwidth: 200_000 });
    const started = performance.now();
    await client.get('/Jotta/Archive/f', '?mode=bin');
    const took = performance.now() - started;
    assert.ok(took >= 320, `50 kB at 200 kB/s after 80 ms took ${took} ms`);
    emulator.shape({ latency: 0, bandwidth: undefined });
    const quick = performance.now();
    await client.get('/Jotta/Archive/f', '?mode=bin');
    assert.ok(performance.now() - quick < 200);
  });

  it('is told over HTTP as well, and counts none of it', async (test) => {
    const emulator = await emulatorFor(test);
    const tell = async (name: string, body?: unknown) => {
      const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      return JSON.parse(await (await fetch(`${emulator.url}/_emulator/${name}`, init)).text());
    };
    assert.match((await tell('login-token', {})).loginToken, /^[\w-]+$/);
    await tell('faults', [{ match: { kind: 'list' }, action: { type: 'delay', ms: 1 } }]);
    assert.equal((await tell('faults')).length, 1);
    await tell('shape', { latency: 0, bandwidth: null });
    await tell('quota', null);
    await tell('reset-stats', {});
    const { requests, mutating, openConnections } = await tell('stats');
    assert.deepEqual([requests, mutating, openConnections], [{}, 0, 0]);
    assert.deepEqual(
      (await tell('tree')).map(({ path }: { path: string }) => path),
      ['/Laptop/Documents/notes.txt', '/Laptop/Documents/Travel', '/Laptop/Documents/Travel/packing list.md'],
    );
  });

  it('serves the same account and honours the same tokens after a restart on its state', async (test) => {
    const state = await tempFolder(test);
    const first = await startEmulator({ state });
    const before = await RawClient.signIn(first);
    await before.upload('/Jotta/Archive/f', 'one');
    await before.upload('/Jotta/Archive/f', 'two');
    await before.post('/Jotta/Archive/gone', '?mkDir=true');
    await before.post('/Jotta/Archive/gone', '?dlDir=true');
    const half = await before.allocate('/Jotta/Archive/half', 'hello world');
    await before.send('POST', half.upload_url, 'hello');
    const tree = first.tree();
    await first.close();

    const second = await emulatorFor(test, { state });
    assert.deepEqual(second.tree(), tree);
    const after = Object.assign(new RawClient(second), {
      accessToken: before.accessToken,
      refreshToken: before.refreshToken,
    });
    assert.equal((await after.get('/Jotta/Archive/f', '?mode=bin&revision=1')).text, 'one');
    assert.match((await after.get('/Jotta/Trash')).text, /name="gone"/);
    const rest = await after.allocate('/Jotta/Archive/half', 'hello world');
    assert.equal(rest.resume_pos, 5);
    assert.equal((await after.send('POST', rest.upload_url, ' world', { range: 'bytes=5-10' })).status, 200);
    assert.equal((await after.refresh()).status, 200);
  });
});
