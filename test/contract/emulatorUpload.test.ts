import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { md5 as md5Of } from '../support/md5.ts';
import { exception, livePaths, signedIn } from './emulatorSupport.ts';

describe('emulator: upload (§3)', { timeout: 60_000 }, () => {
  it('keeps a short upload, takes the rest, and refuses a corrupt one', async (test) => {
    const { emulator, client } = await signedIn(test);
    const first = await client.allocate('/Jotta/Archive/f', 'hello world');
    assert.deepEqual([first.status, first.state, first.resume_pos], [200, 'INCOMPLETE', 0]);
    const short = await client.send('POST', first.upload_url, 'hello');
    const { code, error_id, 'x-id': id, message, cause } = JSON.parse(short.text);
    assert.deepEqual([short.status, code, error_id], [420, 420, 'IncompleteUploadOpenApiException']);
    assert.deepEqual([typeof id, typeof message, typeof cause], ['string', 'string', 'string']);
    const again = await client.allocate('/Jotta/Archive/f', 'hello world');
    assert.equal(again.resume_pos, 5);
    const corrupt = await client.send('POST', again.upload_url, ' WORLD', { range: 'bytes=5-10' });
    assert.deepEqual([corrupt.status, exception(corrupt.text)], [420, 'CorruptUploadOpenApiException']);
    const third = await client.allocate('/Jotta/Archive/f', 'hello world');
    assert.deepEqual([third.state, third.resume_pos], ['CORRUPT', 0]);
    const done = JSON.parse((await client.send('POST', third.upload_url, 'hello world')).text);
    assert.deepEqual([done.bytes, done.md5, done.modified % 1000], [11, '5eb63bbbe01eeed093cb22bb8f5acdc3', 0]);
    assert.deepEqual([typeof done.path, typeof done.content_id], ['string', 'string']);
    assert.equal((await emulator.read('/Jotta/Archive/f')).toString(), 'hello world');
    assert.doesNotMatch((await client.get('/Jotta/Archive/f')).text, /latestRevision/);
  });

  for (const header of ['range', 'content-range'] as const) {
    it(`goes on byte by byte on one URL, told the offset by ${header}`, async (test) => {
      const { emulator, client } = await signedIn(test);
      const { upload_url: url } = await client.allocate('/Jotta/Archive/f', 'abc');
      const value = (at: number) => (header === 'range' ? `bytes=${at}-2` : `bytes ${at}-2/3`);
      const seen = [];
      for (const [at, byte] of [...'abc'].entries()) {
        seen.push((await client.send('POST', url, byte, { [header]: value(at) })).status);
      }
      assert.deepEqual(seen, [420, 420, 200]);
      assert.equal((await emulator.read('/Jotta/Archive/f')).toString(), 'abc');
    });
  }

  it('refuses an offset past what it has, and bytes beyond what was promised', async (test) => {
    const { client } = await signedIn(test);
    const { upload_url: url } = await client.allocate('/Jotta/Archive/f', 'abc');
    assert.equal((await client.send('POST', url, 'c', { range: 'bytes=2-2' })).status, 400);
    const more = await client.send('POST', url, 'abcd');
    assert.deepEqual([more.status, exception(more.text)], [420, 'CorruptUploadOpenApiException']);
  });

  it('needs no transfer of content it knows: a 200 that brings times, trash and new names in order', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/f', 'known');
    emulator.remove('/Jotta/Archive/f');
    for (const path of ['/Jotta/Archive/f', '/Jotta/Archive/copy/f']) {
      const { state, resume_pos } = await client.allocate(path, 'known', { modified: '2026-01-02T03:04:05Z' });
      assert.deepEqual([state, resume_pos], ['COMPLETED', 5]);
    }
    const files = emulator.tree().filter(({ path, kind }) => path.startsWith('/Jotta') && kind === 'file');
    assert.deepEqual(
      files.map(({ mtime, revision }) => [mtime, revision]),
      [
        [Date.parse('2026-01-02T03:04:05Z'), 1],
        [Date.parse('2026-01-02T03:04:05Z'), 1],
      ],
    );
  });

  it('completes an empty file at once', async (test) => {
    const { emulator, client } = await signedIn(test);
    assert.equal((await client.allocate('/Jotta/Archive/f', '')).state, 'COMPLETED');
    assert.equal((await emulator.read('/Jotta/Archive/f')).length, 0);
  });

  it('rejects a conflict when asked to, before any byte is sent', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/f', 'mine');
    const reject = { conflict_handler: 'REJECT_CONFLICTS' };
    const refused = await client.allocate('/Jotta/Archive/F', 'theirs', reject);
    assert.deepEqual([refused.status, refused.error_id], [409, 'UniqueFileException']);
    const added = await client.allocate('/Jotta/Archive/F', 'theirs', { conflict_handler: 'CREATE_NEW_REVISION' });
    assert.equal(added.state, 'INCOMPLETE');
    assert.equal((await client.allocate('/Jotta/Archive/F', 'theirs', { conflict_handler: 'OTHER' })).status, 400);
    emulator.remove('/Jotta/Archive/f');
    assert.equal((await client.allocate('/Jotta/Archive/F', 'theirs', reject)).state, 'INCOMPLETE');
  });

  it('takes the older form of the path for the device Jotta, and raw names in it', async (test) => {
    const { emulator, client } = await signedIn(test);
    const ask = (path: string) => client.allocate('', 'x', { path });
    assert.equal((await ask('/Archive/a + b %25')).state, 'INCOMPLETE');
    assert.match((await client.get('/Jotta/Archive')).text, /<file name="a \+ b %25"/);
    assert.equal((await ask('/jfs/Laptop/Documents/new/f')).state, 'INCOMPLETE');
    assert.ok(
      emulator.tree().some(({ path }) => path === '/Laptop/Documents/new'),
      'parents are made',
    );
    assert.equal((await ask('/jfs/Jotta/Nowhere/f')).status, 404);
    assert.equal((await ask('/jfs/Jotta/Archive')).status, 400);
  });

  it('reads every time format, and takes the hour of arrival without', async (test) => {
    const { client } = await signedIn(test);
    for (const modified of [
      '2026-01-02T03:04:05Z',
      '2026-01-02T03:04:05.678Z',
      '2026-01-02-T05:04:05+0200',
      1767323045000,
      '1767323045000',
    ]) {
      await client.allocate('/Jotta/Archive/t', '', { modified });
      assert.match((await client.get('/Jotta/Archive/t')).text, /<modified>2026-01-02-T03:04:05Z</, String(modified));
    }
    assert.equal((await client.allocate('/Jotta/Archive/t', '', { modified: 'yesterday' })).status, 400);
    await client.allocate('/Jotta/Archive/now', '');
    const [, created = ''] = /<created>([^<]+)</.exec((await client.get('/Jotta/Archive/now')).text) ?? [];
    assert.ok(Math.abs(Date.parse(created.replace('-T', 'T')) - Date.now()) < 30_000, created);
  });

  it('echoes an md5 as it was spelled', async (test) => {
    const { client } = await signedIn(test);
    const md5 = md5Of('abc').toUpperCase();
    const { upload_url: url } = await client.allocate('/Jotta/Archive/f', 'abc', { md5 });
    assert.equal((await client.send('POST', url, 'abc')).status, 200);
    assert.match((await client.get('/Jotta/Archive/f')).text, new RegExp(`<md5>${md5}<`));
  });

  it('refuses an upload URL whose time is over, and keeps the bytes for the next', async (test) => {
    const { emulator, client } = await signedIn(test);
    const first = await client.allocate('/Jotta/Archive/f', 'hello world');
    await client.send('POST', first.upload_url, 'hello');
    emulator.expireUploadUrls();
    const late = await client.send('POST', first.upload_url, ' world', { range: 'bytes=5-10' });
    assert.equal(late.status, 404);
    const next = await client.allocate('/Jotta/Archive/f', 'hello world');
    assert.equal(next.resume_pos, 5);
    assert.equal((await client.send('POST', next.upload_url, ' world', { range: 'bytes=5-10' })).status, 200);
    assert.equal((await client.send('POST', next.upload_url, 'x')).status, 404, 'spent');
  });
});

describe('emulator: the old upload (§3.4)', { timeout: 60_000 }, () => {
  const headers = { JSize: '5', JMd5: md5Of('hello'), JCreated: '2026-01-02-T03:04:05Z', JModified: 'unreadable' };
  const typed = { 'content-type': 'application/octet-stream' };

  it('takes the bytes as the body', async (test) => {
    const { emulator, client } = await signedIn(test);
    const url = client.jfs('/Jotta/Archive/d/f.txt', '?umode=nomultipart');
    const { status, text } = await client.send('POST', url, 'hello', { ...headers, ...typed });
    assert.equal(status, 201);
    assert.match(text, /<file name="f.txt".*<state>COMPLETED<\/state><created>2026-01-02-T03:04:05Z<.*<size>5</);
    assert.equal((await emulator.read('/Jotta/Archive/d/f.txt')).toString(), 'hello');
  });

  it('takes a form with the file in it', async (test) => {
    const { emulator, client } = await signedIn(test);
    const form = new FormData();
    form.set('md5', md5Of('hello'));
    form.set('modified', '2026-01-02-T03:04:05Z');
    form.set('file', new Blob(['hello']), 'f.txt');
    const { status, text } = await client.send('POST', client.jfs('/Jotta/Archive/f.txt'), form, { JSize: '5' });
    assert.equal(status, 201);
    assert.match(text, /<modified>2026-01-02-T03:04:05Z</);
    assert.equal((await emulator.read('/Jotta/Archive/f.txt')).toString(), 'hello');
  });

  it('answers 201 to too few or other bytes as well', async (test) => {
    const { emulator, client } = await signedIn(test);
    for (const [body, state] of [
      ['hell', 'INCOMPLETE'],
      ['HELLO', 'CORRUPT'],
    ]) {
      const url = client.jfs(`/Jotta/Archive/${state}`, '?umode=nomultipart');
      const { status, text } = await client.send('POST', url, body, { ...headers, ...typed });
      assert.equal(status, 201);
      assert.match(text, new RegExp(`<latestRevision><number>1</number><state>${state}<`));
    }
    assert.deepEqual(livePaths(emulator), []);
  });

  it('wants the md5 and the size', async (test) => {
    const { client } = await signedIn(test);
    const url = client.jfs('/Jotta/Archive/f', '?umode=nomultipart');
    const without = async ({ ...rest }: Record<string, string>, name: string) => {
      delete rest[name];
      const { status, text } = await client.send('POST', url, 'hello', { ...rest, ...typed });
      return [status, text];
    };
    const [status, text] = await without(headers, 'JMd5');
    assert.equal(status, 400);
    assert.match(String(text), /Upload without md5 no longer supported/);
    assert.equal((await without(headers, 'JSize'))[0], 400);
  });
});
