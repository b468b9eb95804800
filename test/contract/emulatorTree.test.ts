import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exception, livePaths, shapeOf, signedIn } from './emulatorSupport.ts';

/** What the emulator does where rclone does not look. Sections are those of PROTOCOL.md. */
describe('emulator: commands (§2.3)', { timeout: 60_000 }, () => {
  it('finds names whatever their case, devices and mountpoints too, and keeps the first spelling', async (test) => {
    const { emulator, client } = await signedIn(test);
    await client.upload('/Jotta/Archive/Docs/Ærlig.TXT', 'one');
    await client.upload('/jotta/archive/docs/ærlig.txt', 'two');
    const [folder, file] = emulator.tree();
    assert.deepEqual(
      [folder?.path, file?.path, file?.revision],
      ['/Jotta/Archive/Docs', '/Jotta/Archive/Docs/Ærlig.TXT', 2],
    );
    assert.match((await client.get('/LAPTOP/documents')).text, /<name xml:space="preserve">Documents</);
    assert.equal((await client.post('/LAPTOP', '?type=WORKSTATION')).status, 201);
    assert.equal((await client.post('/laptop/DOCUMENTS', '')).status, 200);
    assert.equal((await client.get('')).text.match(/<device>/g)?.length, 2);
  });

  it('keeps both of two names that differ only in Unicode normalisation', async (test) => {
    const { emulator, client } = await signedIn(test);
    await client.upload('/Jotta/Archive/\u00e9', 'one');
    await client.upload('/Jotta/Archive/e\u0301', 'two');
    assert.equal(livePaths(emulator).length, 2);
  });

  it('takes paths escaped or raw, and a plus as a space', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put("/Jotta/Archive/a b+c#d?e,f;g='h", 'x');
    const raw = `/jfs/${emulator.user}/Jotta/Archive`;
    for (const path of ["/a%20b%2Bc%23d%3Fe,f;g='h", '/a+b%2bc%23d%3Fe%2Cf%3Bg%3D%27h']) {
      assert.equal((await client.send('GET', raw + path)).status, 200, path);
    }
    const broken = await client.send('GET', `${raw}/%zz`);
    assert.deepEqual(
      [broken.status, broken.text, broken.headers.get('content-type')],
      [400, 'Bad request', 'text/plain'],
    );
  });

  it('decodes the target of a move as a form', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/f', 'x');
    const target = '%2Fu0emulator%2FJotta%2FArchive%2Fodd%2Fx%2By+%23%3B%25z';
    const { status, text } = await client.post('/Jotta/Archive/f', `?mv=${target}`);
    assert.deepEqual([status, /<file name="([^"]+)"/.exec(text)?.[1]], [200, 'x+y #;%z']);
    assert.ok(livePaths(emulator).includes('Archive/odd/x+y #;%z'), 'parents are made');
  });

  it('answers mkDir without children, once and again, and makes a missing mountpoint', async (test) => {
    const { client } = await signedIn(test);
    const bare =
      '<folder name="e" …><path>/u0emulator/Jotta/Extra/d</path><abspath>/u0emulator/Jotta/Extra/d</abspath></folder>';
    for (const path of ['/Jotta/Extra/d/e', '/Jotta/Extra/D/E']) {
      const { status, text } = await client.post(path, '?mkDir=true');
      assert.deepEqual([status, shapeOf(text)], [200, bare]);
    }
    assert.match((await client.get('/Jotta')).text, />Extra</);
  });

  it('refuses commands for the other kind', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/d/f', 'x');
    const to = client.target('/Jotta/Archive/n');
    for (const [path, query, status, name] of [
      ['/Jotta/Archive/d', `?mv=${to}`, 404, 'NoSuchFileException'],
      ['/Jotta/Archive/d', '?rm=true', 404, 'NoSuchFileException'],
      ['/Jotta/Archive/d', `?cp=${to}`, 404, 'NoSuchFileException'],
      ['/Jotta/Archive/d', '?cphash=true', 400, 'InvalidArgumentException'],
      ['/Jotta/Archive/d/f', `?mvDir=${to}`, 404, 'NoSuchPathException'],
      ['/Jotta/Archive/d/f', '?dlDir=true', 404, 'NoSuchPathException'],
      ['/Jotta/Archive/d/f', '?rmDir=true', 404, 'NoSuchPathException'],
      ['/Jotta/Archive/none', '?rm=true', 404, 'NoSuchFileException'],
      ['/Jotta/Archive/none', '?dl=true', 404, 'NoSuchFileException'],
      ['/Jotta/Trash/f', `?mv=${to}`, 404, 'NoSuchFileException'],
      ['/Jotta/Trash', '?mkDir=true', 404, 'NoSuchMountPointException'],
      ['/Jotta/Trash/d', '?mkDir=true', 404, 'NoSuchMountPointException'],
    ] as const) {
      const answer = await client.post(path, query);
      assert.deepEqual([answer.status, exception(answer.text)], [status, name], path + query);
    }
    assert.deepEqual(livePaths(emulator), ['Archive/d', 'Archive/d/f']);
  });

  it('knows no restore, and takes a command with a body type for an upload', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/f', 'x');
    const restore = await client.post('/Jotta/Archive/f', '?restore=true');
    assert.equal(restore.status, 500);
    assert.match(restore.text, /POST Request is missing multipart content or don't dont have any command parameters/);
    const typed = { 'content-type': 'application/octet-stream' };
    assert.equal((await client.post('/Jotta/Archive/f', '?dl=true', typed)).status, 404);
    assert.deepEqual(livePaths(emulator), ['Archive/f']);
    assert.equal((await client.send('DELETE', client.jfs('/Jotta/Archive/f'))).status, 405);
  });

  it('copies a file to another device, but no folder', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/f', 'x', { modified: new Date('2026-01-02T03:04:05Z') });
    assert.equal((await client.post('/Jotta/Archive/f', `?cp=${client.target('/Laptop/Documents/f')}`)).status, 200);
    const copy = emulator.tree().find(({ path }) => path === '/Laptop/Documents/f');
    assert.equal(copy?.mtime, Date.parse('2026-01-02T03:04:05Z'));
  });

  it('removes by the original path the live folder and what was trashed under its name', async (test) => {
    const { emulator, client } = await signedIn(test);
    emulator.mkdir('/Jotta/Archive/p/d');
    emulator.remove('/Jotta/Archive/p/d');
    const trashed = await client.post('/Jotta/Archive/p/d', '?rmDir=true');
    assert.match(trashed.text, /<folder name="p"/);
    emulator.mkdir('/Jotta/Archive/p/d');
    assert.equal((await client.post('/Jotta/Archive/p/d', '?rmDir=true')).status, 200);
    assert.equal((await client.get('/Jotta/Archive/p/d')).status, 404);
  });

  it('refuses bad names wherever names are given', async (test) => {
    const { client } = await signedIn(test);
    const long = 'x'.repeat(256);
    for (const name of [long, 'a\ufeffb', 'a\u0007b', 'a\nb', '..']) {
      const path = `/Jotta/Archive/${name}`;
      const seen = [(await client.allocate(path, 'x')).status];
      // A name of dots alone never gets as far as the path of a URL.
      if (name !== '..') seen.push((await client.post(path, '?mkDir=true')).status);
      assert.deepEqual(new Set(seen), new Set([400]), JSON.stringify(name));
    }
    const { status, text } = await client.post(`/Jotta/${long}`, '');
    assert.deepEqual([status, exception(text)], [400, 'InvalidArgumentException']);
    assert.match(text, /JFS file names may not be longer than 255 characters/);
    assert.equal((await client.post(`/Jotta/Archive/${'ø'.repeat(255)}`, '?mkDir=true')).status, 200);
    for (const name of [' lead', 'trail ', 'dot.', 'a:b*c|d"e<f>g', '\\', '😀']) {
      assert.equal((await client.post(`/Jotta/Archive/${name}`, '?mkDir=true')).status, 200, name);
    }
  });

  it('moves a device stamp on with every change', async (test) => {
    const { client } = await signedIn(test);
    const stamp = async () => /<modified>([^<]+)/.exec((await client.get('/Jotta')).text)?.[1];
    const seen = [await stamp()];
    for (const path of ['/a', '/a/b', '/c']) {
      await client.post(`/Jotta/Archive${path}`, '?mkDir=true');
      seen.push(await stamp());
    }
    assert.equal(new Set(seen).size, 4, seen.join(' '));
    assert.equal(await stamp(), seen.at(-1), 'nothing changed, nothing moves');
  });

  it('lists 5000 entries in less than 150 ms of processor time', async (test) => {
    const { emulator, client } = await signedIn(test);
    for (let at = 0; at < 5000; at++) await emulator.put(`/Jotta/Archive/many/file ${at}`, 'same');
    await client.get('/Jotta/Archive/many');
    const started = process.cpuUsage();
    const { text } = await client.get('/Jotta/Archive/many');
    const used = process.cpuUsage(started);
    const took = (used.user + used.system) / 1000;
    assert.equal(text.match(/<file /g)?.length, 5000);
    assert.ok(took < 150, `took ${took} ms`);
  });
});
