import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exception, signedIn } from './emulatorSupport.ts';

describe('emulator: content (§2.6, §2.7)', { timeout: 60_000 }, () => {
  it('serves ranges and refuses those past the end', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/f', '0123456789');
    const read = (range: string) => client.get('/Jotta/Archive/f', '?mode=bin', { range });
    const part = await read('bytes=2-4');
    assert.deepEqual([part.status, part.text, part.headers.get('content-range')], [206, '234', 'bytes 2-4/10']);
    assert.equal((await read('bytes=7-')).text, '789');
    assert.equal((await read('bytes=8-99')).text, '89');
    assert.equal((await client.get('/Jotta/Archive/f', '?mode=bin')).status, 200);
    for (const range of ['bytes=10-', 'bytes=5-4']) {
      const past = await read(range);
      assert.deepEqual([past.status, exception(past.text)], [416, 'RequestedRangeNotSatisfiedException']);
    }
  });

  it('keeps the current and four older revisions and serves each by number', async (test) => {
    const { client } = await signedIn(test);
    for (let at = 1; at <= 7; at++) await client.upload('/Jotta/Archive/f', `version ${at}`);
    const { text } = await client.get('/Jotta/Archive/f');
    assert.deepEqual(
      [...text.matchAll(/<number>(\d)</g)].map(([, number]) => number),
      ['7', '6', '5', '4', '3'],
    );
    assert.equal((await client.get('/Jotta/Archive/f', '?mode=bin&revision=4')).text, 'version 4');
    assert.equal((await client.get('/Jotta/Archive/f', '?mode=bin&revision=2')).status, 404);
    assert.match((await client.get('')).text, /<usage>115</, 'every revision counts');
    const uuids = new Set([...text.matchAll(/uuid="([^"]+)"/g)].map(([, uuid]) => uuid));
    await client.upload('/Jotta/Archive/f', 'version 8');
    assert.ok((await client.get('/Jotta/Archive/f')).text.includes([...uuids][0] ?? 'none'), 'the uuid stays');
  });

  it('has no content of a file that is unfinished, and the last good one of a file that was', async (test) => {
    const { emulator, client } = await signedIn(test);
    await client.allocate('/Jotta/Archive/new', 'hello');
    assert.equal((await client.get('/Jotta/Archive/new', '?mode=bin')).status, 404);
    await emulator.put('/Jotta/Archive/old', 'good');
    await client.allocate('/Jotta/Archive/old', 'hello');
    assert.equal((await client.get('/Jotta/Archive/old', '?mode=bin')).text, 'good');
    assert.equal((await client.get('/Jotta/Archive', '?mode=bin')).status, 404);
  });

  it('has thumbnails of images alone', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/f.png', 'no real image');
    await emulator.put('/Jotta/Archive/f.txt', 'text');
    for (const size of ['WS', 'WM', 'WL', 'WXL']) {
      const { status, headers } = await client.get('/Jotta/Archive/f.png', `?mode=thumb&ts=${size}`);
      assert.deepEqual([status, headers.get('content-type')], [200, 'image/png']);
    }
    assert.equal((await client.get('/Jotta/Archive/f.txt', '?mode=thumb&ts=WM')).status, 404);
  });

  it('guesses the type by the extension, whatever its case', async (test) => {
    const { emulator, client } = await signedIn(test);
    for (const [name, mime] of [
      ['a.TXT', 'text/plain'],
      ['a.jpeg', 'image/jpeg'],
      ['a.unheard', 'application/octet-stream'],
      ['.txt', 'application/octet-stream'],
    ] as const) {
      await emulator.put(`/Jotta/Archive/${name}`, 'x');
      const { text } = await client.get(`/Jotta/Archive/${name}`);
      assert.ok(text.includes(`<mime>${mime}</mime><mstyle>${mime}</mstyle>`), name);
    }
  });
});
