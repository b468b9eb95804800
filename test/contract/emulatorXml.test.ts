import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shapeOf, signedIn } from './emulatorSupport.ts';

const place = (path: string) => `<path>${path}</path><abspath>${path}</abspath>`;
const times = '<created>T</created><modified>T</modified>';
const done = (number: number, size: number, md5: string) =>
  `<number>${number}</number><state>COMPLETED</state>${times}<mime>text/plain</mime><mstyle>text/plain</mstyle>` +
  `<size>${size}</size><md5>${md5}</md5><updated>T</updated>`;
const unfinished = (number: number, state: string, md5: string, size = '') =>
  `<number>${number}</number><state>${state}</state>${times}<mime>text/plain</mime><mstyle>text/plain</mstyle>` +
  `${size}<md5>${md5}</md5><updated>T</updated>`;
const md5Of = { one: 'f97c5d29941bfb1b2fdab0874906ab82', two: 'b8a9f715dbb64fd5c56e7783c6820a61' };

describe('emulator: documents (§2.5)', { timeout: 60_000 }, () => {
  it('describes the account and its devices', async (test) => {
    const { client } = await signedIn(test, { capacity: 1000 });
    const { text, headers } = await client.get('');
    assert.match(headers.get('content-type') ?? '', /^application\/xml/);
    assert.equal(
      shapeOf(text),
      '<user …><username>u0emulator</username><account-type>unlimited</account-type><locked>false</locked>' +
        '<capacity>1000</capacity><max-devices>-1</max-devices><max-mobile-devices>-1</max-mobile-devices>' +
        '<usage>70</usage><read-locked>false</read-locked><write-locked>false</write-locked>' +
        '<quota-write-locked>false</quota-write-locked><enable-sync>true</enable-sync>' +
        '<enable-foldershare>true</enable-foldershare><devices>' +
        '<device><name>Jotta</name><display_name>Jotta</display_name><type>JOTTA</type><sid>U</sid><size>0</size><modified>T</modified></device>' +
        '<device><name>Laptop</name><display_name>Laptop</display_name><type>LAPTOP</type><sid>U</sid><size>70</size><modified>T</modified></device>' +
        '</devices></user>',
    );
  });

  it('describes a device with a trashed mountpoint and one that holds nothing', async (test) => {
    const { client } = await signedIn(test);
    await client.post('/Laptop/Old', '');
    await client.post('/Laptop/Gone', '');
    await client.post('/Laptop/Gone', '?dl=true');
    assert.equal(
      shapeOf((await client.get('/Laptop')).text),
      '<device …><name>Laptop</name><display_name>Laptop</display_name><type>LAPTOP</type><sid>U</sid><size>70</size>' +
        '<modified>T</modified><user>u0emulator</user><mountPoints>' +
        '<mountPoint><name>Documents</name><size>70</size><modified>T</modified></mountPoint>' +
        '<mountPoint><name>Old</name><size>0</size><modified></modified></mountPoint>' +
        '<mountPoint><name>Gone</name><deleted>T</deleted><abspath>/u0emulator/Laptop</abspath><size>0</size><modified></modified></mountPoint>' +
        '</mountPoints><metadata first="" max="" total="3" num_mountpoints="3"/></device>',
    );
  });

  it('describes a mountpoint, empty or not', async (test) => {
    const { emulator, client } = await signedIn(test);
    const shape = async () => shapeOf((await client.get('/Jotta/Archive')).text);
    const head = `<mountPoint …><name>Archive</name>${place('/u0emulator/Jotta')}`;
    const owner = '<device>Jotta</device><user>u0emulator</user>';
    assert.equal(
      await shape(),
      `${head}<size>0</size><modified></modified>${owner}<metadata first="" max="" total="0" num_folders="0" num_files="0"/></mountPoint>`,
    );
    await emulator.put('/Jotta/Archive/a.txt', 'one');
    emulator.mkdir('/Jotta/Archive/d');
    assert.equal(
      await shape(),
      `${head}<size>3</size><modified>T</modified>${owner}<folders><folder name="d"/></folders>` +
        `<files><file name="a.txt" uuid="U"><currentRevision>${done(1, 3, md5Of.one)}</currentRevision></file></files>` +
        '<metadata first="" max="" total="2" num_folders="1" num_files="1"/></mountPoint>',
    );
  });

  it('describes a folder with trashed, unfinished and corrupt items', async (test) => {
    const { emulator, client } = await signedIn(test);
    for (const path of ['sub', 'gone']) emulator.mkdir(`/Jotta/Archive/d/${path}`);
    for (const name of ['a', 'b']) await emulator.put(`/Jotta/Archive/d/${name}.txt`, 'one');
    for (const name of ['gone', 'b.txt']) emulator.remove(`/Jotta/Archive/d/${name}`);
    await client.allocate('/Jotta/Archive/d/half.txt', 'two');
    const { upload_url: url } = await client.allocate('/Jotta/Archive/d/a.txt', 'two');
    await client.send('POST', url, 'TWO');
    const abspath = '<abspath>/u0emulator/Jotta/Archive/d</abspath>';
    assert.equal(
      shapeOf((await client.get('/Jotta/Archive/d')).text),
      `<folder name="d" …>${place('/u0emulator/Jotta/Archive')}` +
        `<folders><folder name="sub"/><folder name="gone" deleted="T">${abspath}</folder></folders>` +
        `<files><file name="a.txt" uuid="U"><currentRevision>${done(1, 3, md5Of.one)}</currentRevision>` +
        `<latestRevision>${unfinished(2, 'CORRUPT', md5Of.two)}</latestRevision></file>` +
        `<file name="half.txt" uuid="U"><latestRevision>${unfinished(1, 'INCOMPLETE', md5Of.two)}</latestRevision></file>` +
        `<file name="b.txt" uuid="U" deleted="T">${abspath}<currentRevision>${done(1, 3, md5Of.one)}</currentRevision></file></files>` +
        '<metadata first="" max="" total="5" num_folders="2" num_files="3"/></folder>',
    );
  });

  it('describes a file: bytes received while unfinished, no size when corrupt, older revisions, the public link', async (test) => {
    const { emulator, client } = await signedIn(test);
    const path = '/Jotta/Archive/a.txt';
    const shape = async () => shapeOf((await client.get(path)).text);
    const head = `<file name="a.txt" uuid="U" …>${place('/u0emulator/Jotta/Archive')}`;
    const { upload_url: url } = await client.allocate(path, 'two');
    await client.send('POST', url, 't');
    const half = unfinished(1, 'INCOMPLETE', md5Of.two, '<size>1</size>');
    assert.equal(await shape(), `${head}<latestRevision>${half}</latestRevision></file>`);
    await client.send('POST', url, 'WO', { range: 'bytes=1-2' });
    const corrupt = unfinished(1, 'CORRUPT', md5Of.two);
    assert.equal(await shape(), `${head}<latestRevision>${corrupt}</latestRevision></file>`);
    await emulator.put(path, 'two');
    await emulator.put(path, 'one');
    await client.get(path, '?mode=enableShare');
    assert.equal(
      await shape(),
      `${head}<publicURI>X</publicURI><publicSharePath>/s/X</publicSharePath>` +
        `<currentRevision>${done(3, 3, md5Of.one)}</currentRevision>` +
        `<revisions><revision>${done(2, 3, md5Of.two)}</revision><revision>${corrupt}</revision></revisions></file>`,
    );
  });

  it('describes an error with its exception class', async (test) => {
    const { client } = await signedIn(test);
    const message = 'no.jotta.backup.errors.NoSuchPathException: Directory /u0emulator/Jotta/Archive/x';
    const shape = (text: string) => shapeOf(text).replace(/<x-id>\d+<\/x-id>/, '<x-id/>');
    const rest = '<reason>Not Found</reason><cause></cause><hostname>dn-1</hostname><x-id/></error>';
    assert.equal(
      shape((await client.get('/Jotta/Archive/x')).text),
      `<error><code>404</code><message>${message}</message>${rest}`,
    );
    assert.equal(
      shape((await client.get('/Jotta/Nowhere/x')).text),
      `<error><code>404</code><message>no.jotta.backup.errors.NoSuchMountPointException</message>${rest}`,
    );
  });

  it('streams a tree: paths from the mountpoint, folders before their files, times with milliseconds', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/d/a.txt', 'one');
    await emulator.put('/Jotta/Archive/d/e/b.txt', 'two');
    emulator.mkdir('/Jotta/Archive/d/empty');
    await emulator.put('/Jotta/Archive/d/gone.txt', 'one');
    emulator.remove('/Jotta/Archive/d/gone.txt');
    await client.allocate('/Jotta/Archive/d/half.txt', 'three');
    const { text } = await client.get('/Jotta/Archive/d', '?mode=liststream');
    const file = (path: string, name: string, md5: string) =>
      `<file><path>${path}</path><filename>${name}</filename><md5>${md5}</md5><size>3</size><modified>M</modified><created>M</created></file>`;
    assert.equal(
      shapeOf(text).replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z/g, 'M'),
      `<liststream …><folder><path>/Archive/d</path></folder>${file('/Archive/d', 'a.txt', md5Of.one)}` +
        `<folder><path>/Archive/d/e</path></folder>${file('/Archive/d/e', 'b.txt', md5Of.two)}` +
        '<folder><path>/Archive/d/empty</path></folder>' +
        '<stats><folders>3</folders><files>2</files></stats></liststream>',
    );
    assert.equal((await client.get('/Jotta/Archive/none', '?mode=liststream')).status, 404);
    assert.equal((await client.get('/Jotta/Archive/d/a.txt', '?mode=liststream')).status, 404);
  });

  it('lists a tree flat, with what is trashed and unfinished', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/a.txt', 'one');
    emulator.mkdir('/Jotta/Archive/d');
    emulator.remove('/Jotta/Archive/d');
    await client.allocate('/Jotta/Archive/half.txt', 'two');
    assert.equal(
      shapeOf((await client.get('/Jotta/Archive', '?mode=list')).text),
      `<filedirlist …><folders><folder name="Archive">${place('/u0emulator/Jotta')}<files>` +
        `<file name="a.txt" uuid="U"><currentRevision>${done(1, 3, md5Of.one)}</currentRevision></file>` +
        `<file name="half.txt" uuid="U"><latestRevision>${unfinished(1, 'INCOMPLETE', md5Of.two)}</latestRevision></file>` +
        `</files></folder><folder name="d" deleted="T">${place('/u0emulator/Jotta/Archive')}</folder></folders></filedirlist>`,
    );
  });

  it('escapes names in attributes and elements', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/<a> & "b"/x', 'one');
    assert.match((await client.get('/Jotta/Archive')).text, /<folder name="&lt;a&gt; &amp; &quot;b&quot;"\/>/);
    const { text } = await client.get('/Jotta/Archive', '?mode=liststream');
    assert.match(text, /<path>\/Archive\/&lt;a&gt; &amp; "b"<\/path>/);
  });
});
