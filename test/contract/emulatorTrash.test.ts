import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exception, livePaths, shapeOf, signedIn } from './emulatorSupport.ts';

const digest = '9DD4E461268C8034F5C8564E155C67A6';

describe('emulator: trash (§2.3, §2.5)', { timeout: 60_000 }, () => {
  it('shows what was put there, with its original place, two of one name, and mountpoints', async (test) => {
    const { emulator, client } = await signedIn(test);
    for (const device of ['/Jotta/Archive', '/Laptop/Documents']) {
      await emulator.put(`${device}/d/e/f`, 'x');
      emulator.remove(`${device}/d`);
    }
    await client.post('/Laptop/Pictures', '');
    await client.post('/Laptop/Pictures', '?dl=true');
    const folder = (name: string, place: string) =>
      `<folder name="${name}" deleted="T" contextType="TRASH"><abspath>/u0emulator/${place}</abspath></folder>`;
    assert.equal(
      shapeOf((await client.get('/Jotta/Trash')).text),
      '<mountPoint …><name>Trash</name><path>/u0emulator/Jotta</path><abspath>/u0emulator/Jotta</abspath><size></size>' +
        '<modified></modified><device>Jotta</device><user>u0emulator</user><folders>' +
        folder('Pictures', 'Laptop') +
        folder('d', 'Jotta/Archive') +
        folder('d', 'Laptop/Documents') +
        '</folders><metadata first="" max="" total="3" num_folders="3" num_files="0"/></mountPoint>',
    );
    assert.equal((await client.get('/Trash')).status, 404);
    assert.equal((await client.get('/Jotta/Trash/d')).status, 404, 'a view only');
  });

  it('keeps trashed items and their content at the original path, all with one stamp', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/d/e/f', 'x');
    const { text } = await client.post('/Jotta/Archive/d', '?dlDir=true');
    const stamp = / deleted="([^"]+)"/.exec(text)?.[1];
    assert.ok(stamp);
    assert.match((await client.get('/Jotta/Archive/d')).text, new RegExp(`<folder name="e" deleted="${stamp}">`));
    assert.match(
      (await client.get('/Jotta/Archive/d/e')).text,
      new RegExp(`<file name="f" uuid="[^"]+" deleted="${stamp}">`),
    );
    assert.equal((await client.get('/Jotta/Archive/d/e/f', '?mode=bin')).text, 'x');
    assert.equal((await client.get('/Jotta/Archive/d', '?mode=liststream')).status, 404);
    assert.equal((await client.post('/Jotta/Archive/d/e/f', '?dl=true')).status, 200, 'trashed already: still fine');
  });

  it('does not get a folder that dl removes', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/d/f', 'x');
    await client.post('/Jotta/Archive/d', '?dl=true');
    assert.doesNotMatch((await client.get('/Jotta/Trash')).text, /name="d"/);
    assert.equal((await client.get('/Jotta/Archive/d')).status, 404);
  });

  it('moves nothing out of the trash, and says so', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/f', 'x');
    emulator.remove('/Jotta/Archive/f');
    const to = client.target('/Jotta/Archive/n');
    const file = await client.post('/Jotta/Trash/f', `?mv=${to}`);
    assert.match(file.text, /NoSuchFileException: Source file \/u0emulator\/Jotta\/Trash\/f does not exist</);
    const folder = await client.post('/Jotta/Trash/f', `?mvDir=${to}`);
    assert.match(folder.text, /NoSuchPathException: Source directory \/u0emulator\/Jotta\/Trash\/f does not exist</);
  });

  it('restores a file by cphash with its size, md5 and times', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/d/f', 'x');
    emulator.remove('/Jotta/Archive/d');
    const headers = { JSize: '1', JMd5: digest, JCreated: 'unreadable', JModified: '2026-01-02-T03:04:05Z' };
    const { status, text } = await client.post('/Jotta/Archive/d/f', '?cphash=true', headers);
    assert.equal(status, 200);
    assert.doesNotMatch(text, /deleted=/);
    assert.match(text, /<created>20\d\d-[^<]+<\/created><modified>2026-01-02-T03:04:05Z</, 'unreadable is now');
    assert.deepEqual(livePaths(emulator), ['Archive/d', 'Archive/d/f']);
  });

  it('makes a file by cphash from content it knows, and answers 404 where it does not know it', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/f', 'x');
    const headers = { JSize: '1', JMd5: digest, JModified: '2026-01-02-T03:04:05Z' };
    assert.equal((await client.post('/Jotta/Archive/new/g', '?cphash=true', headers)).status, 200);
    assert.equal((await emulator.read('/Jotta/Archive/new/g')).toString(), 'x');
    for (const wrong of [{ JMd5: '0'.repeat(32) }, { JSize: '2' }]) {
      const { status, text } = await client.post('/Jotta/Archive/h', '?cphash=true', { ...headers, ...wrong });
      assert.deepEqual([status, exception(text)], [404, 'NoSuchFileException']);
    }
    const current = /<number>(\d+)/.exec((await client.post('/Jotta/Archive/f', '?cphash=true', headers)).text);
    assert.equal(current?.[1], '1', 'the same content is no new revision');
  });

  it('leaves a copy onto a trashed name in the trash', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/f', 'x');
    await emulator.put('/Jotta/Archive/g', 'y');
    emulator.remove('/Jotta/Archive/g');
    const { text } = await client.post('/Jotta/Archive/f', `?cp=${client.target('/Jotta/Archive/g')}`);
    assert.match(text, /<file name="g" uuid="[^"]+" deleted=/);
    assert.deepEqual(livePaths(emulator), ['Archive/f']);
  });

  it('is emptied by purge_trash, which counts what was in it', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/d/e/f', 'x');
    await emulator.put('/Jotta/Archive/g', 'x');
    for (const name of ['d', 'g']) emulator.remove(`/Jotta/Archive/${name}`);
    await client.post('/Laptop/Pictures', '');
    await client.post('/Laptop/Pictures', '?dl=true');
    const { text } = await client.send('POST', '/files/v1/purge_trash');
    assert.deepEqual(JSON.parse(text), { folders: 3, files: 2 });
    assert.match((await client.get('/Jotta/Trash')).text, /total="0"/);
    assert.doesNotMatch((await client.get('/Laptop')).text, /Pictures/);
    assert.match((await client.get('')).text, /<usage>70</);
  });
});
