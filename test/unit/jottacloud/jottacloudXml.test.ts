import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emptyMd5 } from '../../../src/base/emptyMd5.ts';
import { createLog } from '../../../src/base/log.ts';
import { isJottaError } from '../../../src/jottacloud/errors.ts';
import { parseAccount, parseMountpoints } from '../../../src/jottacloud/listing/parseAccount.ts';
import { parseFile, parseRevisions } from '../../../src/jottacloud/listing/parseFile.ts';
import { parseFolder } from '../../../src/jottacloud/listing/parseFolder.ts';
import { parseXml, readXml } from '../../../src/jottacloud/listing/xml.ts';
import { toHttpError } from '../../../src/jottacloud/transport/httpErrors.ts';

const md5 = '0123456789abcdef0123456789abcdef';
const lines: string[] = [];
const log = createLog((line) => void lines.push(line), 'debug');
const maxBytes = 1024 * 1024;

function revision(number: number, state = 'COMPLETED', size = '5'): string {
  return `<number>${number}</number><state>${state}</state><created>2026-01-01-T00:00:00Z</created>
    <modified>2026-01-01-T00:00:0${number}Z</modified><mime>text/plain</mime><size>${size}</size>
    <md5>${md5.toUpperCase()}</md5><updated>2026-01-02-T00:00:00Z</updated>`;
}

function file(attributes: string, number = 3, state = 'COMPLETED', size = '5'): string {
  return `<file ${attributes}><currentRevision>${revision(number, state, size)}</currentRevision></file>`;
}

/** The document cut into pieces of `step` bytes, so that characters and tags are torn apart. */
async function* bytes(text: string, step = 7): AsyncGenerator<Buffer> {
  const all = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`);
  for (let at = 0; at < all.length; at += step) yield all.subarray(at, at + step);
}

const archive = ['Jotta', 'Archive'];
const folder = (text: string, path = [...archive, 'd']) => parseFolder(bytes(text), path, maxBytes, log);

describe('a folder listing', () => {
  it('holds live folders and complete files only', async () => {
    const entries = await folder(`<folder name="d" time="2026-01-02-T03:04:05Z" host="dn-1">
      <path xml:space="preserve">/u0/Jotta/Archive</path><abspath xml:space="preserve">/u0/Jotta/Archive</abspath>
      <folders><folder name="sub"/><folder name="gone" deleted=""><abspath>/u0</abspath></folder></folders>
      <files>${file('name=" a &amp; é.txt " uuid="u-1"')}${file('name="b" uuid="u-2" deleted="2026-01-01-T00:00:00Z"')}
        <file name="half" uuid="u-3"><latestRevision>${revision(1, 'INCOMPLETE')}</latestRevision></file>
        ${file('name="bad" uuid="u-4"', 1, 'CORRUPT')}</files>
      <metadata first="" max="" total="6" num_folders="2" num_files="4"/></folder>`);
    assert.deepEqual(entries, [
      { kind: 'folder', name: 'sub' },
      {
        kind: 'file',
        name: ' a & é.txt ',
        md5,
        size: 5,
        modified: Date.UTC(2026, 0, 1, 0, 0, 3) / 1000,
        created: Date.UTC(2026, 0, 1) / 1000,
        revision: 3,
        uuid: 'u-1',
        mime: 'text/plain',
      },
    ]);
  });

  it('of a mountpoint is the same, and may be empty', async () => {
    const head = '<name xml:space="preserve">Archive</name><size></size><modified></modified>';
    assert.deepEqual(await folder(`<mountPoint>${head}</mountPoint>`, archive), []);
    const listed = await folder(`<mountPoint>${head}<files>${file('name="x"')}</files></mountPoint>`, archive);
    assert.equal(listed.length, 1);
  });

  it('tells of entries whose name, state, size or md5 cannot be trusted as such, and says so', async () => {
    lines.length = 0;
    const names = ['..', '.', '', 'a/b'].map((name) => file(`name="${name}"`)).join('');
    const sizes = ['-1', '1.5', '99999999999999999999', 'x']
      .map((size) => file('name="s"', 1, 'COMPLETED', size))
      .join('');
    const others =
      file('name="t"', 1, '') + file('name="z"', 1, 'COMPLETED', '') + file('name="0"', 1, 'COMPLETED', '0');
    const entries = await folder(
      `<folder name="d"><folders><folder name=".."/><folder name="a/b"/><folder name=".." deleted=""/></folders>
        <files>${names}${sizes}${others}${file('name="ok"')}</files></folder>`,
    );
    assert.deepEqual(
      entries.map(({ kind, name }) => `${kind} ${name}`),
      [
        ...['unusable ', 'unusable '],
        ...['unusable ', 'unusable ', 'unusable ', 'unusable '],
        ...['unusable s', 'unusable s', 'unusable s', 'unusable s'],
        ...['unusable t', 'unusable z', 'unusable 0', 'file ok'],
      ],
    );
    assert.equal(lines.filter((line) => line.includes('not shown')).length, 13);
  });

  it('keeps control characters in names, raw or as references, and all that stands beside them', async () => {
    const raw = '\x01 \x1f\x7f\uf8f0\ue001';
    const names = [raw, 'a&#1;b', 'a&#x1F;b', '&#xF8F0;', 'é&#233;&#x1F4A9;', 'c&#0;', 'd\0', 'ok'];
    const documents = names.map((name) => `<folder name="${name}"/>`).join('');
    for (const step of [1, 3, 7, 1_000]) {
      const entries = await parseFolder(
        bytes(`<folder name="d"><folders>${documents}</folders></folder>`, step),
        [...archive, 'd'],
        maxBytes,
        log,
      );
      // A NUL cannot be part of any path: those two entries are the price of it, and no other.
      const expected = [raw, 'a\x01b', 'a\x1fb', '\uf8f0', 'éé💩', '', '', 'ok'];
      assert.deepEqual(
        entries.map(({ name }) => name),
        expected,
      );
    }
    const text = await readXml(bytes(`<a><b>x\x02y&#3;z</b></a>`), maxBytes);
    assert.equal(text.children[0]?.text, 'x\x02y\x03z');
  });

  it('reads an empty size as 0 beside the md5 of nothing', async () => {
    const empty = file('name="s"', 1, 'COMPLETED', '').replace(md5.toUpperCase(), emptyMd5);
    const [entry] = await folder(`<folder name="d"><files>${empty}</files></folder>`);
    assert.equal(entry?.kind === 'file' && entry.size, 0);
  });

  it('is not found when a file or a trashed folder is there', async () => {
    for (const text of [file('name="d"'), '<folder name="d" deleted="2026-01-01-T00:00:00Z"/>']) {
      await assert.rejects(folder(text), (error) => isJottaError(error, 'notFound'));
    }
  });

  it('is a protocol error when it is cut, malformed, too long, too deep or declares a DOCTYPE', async () => {
    const good = `<folder name="d"><files>${file('name="x"')}</files></folder>`;
    await folder(good);
    for (const text of [
      '',
      good.slice(0, -3),
      `${good}<more/>`,
      '<folder name="d"><files></folder>',
      '<!DOCTYPE folder [<!ENTITY a "aaaa">]><folder name="d"/>',
      '<folder name="&undefined;"/>',
      '<searchresult/>',
      `${'<a>'.repeat(100)}${'</a>'.repeat(100)}`,
    ]) {
      await assert.rejects(folder(text), (error) => isJottaError(error, 'protocol'), text);
    }
    await assert.rejects(parseFolder(bytes(good), [...archive, 'd'], 50, log), (error) =>
      isJottaError(error, 'protocol'),
    );
  });

  it('hands entries out while the rest is still on its way', async () => {
    let asked = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      yield Buffer.from('<folder name="d"><files>');
      for (;;) {
        asked += 1;
        yield Buffer.from(file(`name="f${asked}"`));
      }
    }
    const parser = parseXml(endless(), maxBytes, (name) => name === 'file');
    for (let i = 1; i <= 50; i += 1) {
      const step = await parser.next();
      assert.equal(!step.done && step.value.attributes.name, `f${i}`);
    }
    assert.ok(asked <= 51, `asked for ${asked} chunks to hand out 50 entries`);
    await parser.return(undefined as never);
  });
});

describe('a file document', () => {
  const document = `<file name="a.txt" uuid="u-1" time="" host="dn-1"><path>/u0/Jotta/Archive</path>
    <currentRevision>${revision(3)}</currentRevision><latestRevision>${revision(4, 'INCOMPLETE')}</latestRevision>
    <revisions><revision>${revision(2)}</revision><revision>${revision(1, 'CORRUPT')}</revision></revisions></file>`;

  it('is its current revision while a newer one is unfinished', async () => {
    assert.equal(parseFile(await readXml(bytes(document), maxBytes), log)?.revision, 3);
  });

  it('lists complete revisions, newest first', async () => {
    const revisions = parseRevisions(await readXml(bytes(document), maxBytes), log);
    assert.deepEqual(
      revisions.map((one) => one.revision),
      [3, 2],
    );
  });

  it('is no file when it was never completed or is in the trash', async () => {
    for (const text of [
      `<file name="a"><latestRevision>${revision(1, 'INCOMPLETE')}</latestRevision></file>`,
      file('name="a" deleted=""'),
    ]) {
      assert.equal(parseFile(await readXml(bytes(text), maxBytes), log), undefined);
    }
  });
});

describe('account documents', () => {
  it('give capacity, usage and devices', async () => {
    const text = `<user time="" host=""><username>u0</username><capacity>-1</capacity><usage>1234</usage><devices>
      <device><name xml:space="preserve">Jotta</name><type>JOTTA</type><size>1234</size><modified>2026-01-01-T00:00:00Z</modified></device>
      <device><name xml:space="preserve">My Mac</name><type>MACBOOK</type><size></size><modified></modified></device>
      <device><name>..</name></device><device><name></name><deleted>2026-01-01-T00:00:00Z</deleted></device></devices></user>`;
    assert.deepEqual(parseAccount(await readXml(bytes(text), maxBytes)), {
      capacity: -1,
      usage: 1234,
      devices: [
        { name: 'Jotta', type: 'JOTTA', size: 1234, modified: Date.UTC(2026, 0, 1) / 1000 },
        { name: 'My Mac', type: 'MACBOOK', size: 0, modified: 0 },
      ],
      unusable: 1,
    });
    const limited = await readXml(bytes('<user><capacity>500</capacity></user>'), maxBytes);
    assert.equal(parseAccount(limited).capacity, 500);
  });

  it('give live mountpoints without the views, which only the device Jotta has', async () => {
    const list = (device: string) => `<device><name xml:space="preserve">${device}</name><mountPoints>
      <mountPoint><name xml:space="preserve">Archive</name><size>1</size><modified></modified></mountPoint>
      <mountPoint><name xml:space="preserve">Old</name><deleted>2026-01-01-T00:00:00Z</deleted></mountPoint>
      <mountPoint><name xml:space="preserve">Trash</name><size></size></mountPoint>
      <mountPoint><name xml:space="preserve">Latest</name></mountPoint><mountPoint><size>1</size></mountPoint></mountPoints></device>`;
    const names = async (device: string) => {
      const { mountpoints, unusable } = parseMountpoints(await readXml(bytes(list(device)), maxBytes));
      return [...mountpoints.map((one) => one.name), unusable];
    };
    assert.deepEqual(await names('Jotta'), ['Archive', 1]);
    assert.deepEqual(await names('Laptop'), ['Archive', 'Trash', 'Latest', 1]);
  });
});

describe('an error answer', () => {
  const xml = (status: number, message: string) =>
    toHttpError(status, `<error><code>${status}</code><message>${message}</message><reason>x</reason></error>`).kind;

  it('is told by its exception first, by its status second', () => {
    assert.equal(xml(404, 'no.jotta.backup.errors.NoSuchPathException: Directory /u0/x'), 'notFound');
    assert.equal(xml(500, 'no.jotta.backup.errors.NoSuchFileException: x'), 'notFound');
    assert.equal(xml(400, 'no.jotta.backup.errors.UniqueFileException: x'), 'conflict');
    assert.equal(xml(400, 'no.jotta.backup.errors.InvalidArgumentException: longer than 255'), 'protocol');
    assert.equal(toHttpError(420, '{"code":420,"error_id":"IncompleteUploadOpenApiException"}').kind, 'incomplete');
    assert.equal(toHttpError(420, '{"code":420,"error_id":"CorruptUploadOpenApiException"}').kind, 'corrupt');
    assert.equal(toHttpError(400, 'Bad request').kind, 'protocol');
    assert.equal(toHttpError(400, 'Bad request', ['Jotta', 'Archive', 'plain (2).txt']).kind, 'protocol');
    assert.equal(toHttpError(400, 'Bad request', ['Jotta', 'Archive', '100%', 'a']).kind, 'unreachableName');
    assert.equal(toHttpError(400, 'over quota', ['100%']).kind, 'quota');
    assert.equal(toHttpError(403, '{"message":"account is write locked"}').kind, 'writeLocked');
    assert.equal(toHttpError(403, '').kind, 'forbidden');
    assert.equal(toHttpError(413, 'over quota').kind, 'quota');
    assert.equal(toHttpError(302, '<html>').kind, 'protocol');
    const table = {
      401: 'unauthorized',
      402: 'quota',
      409: 'conflict',
      413: 'forbidden',
      416: 'range',
      421: 'corrupt',
      423: 'writeLocked',
      429: 'server',
      460: 'quota',
      509: 'server',
    };
    for (const [status, kind] of Object.entries(table)) assert.equal(toHttpError(Number(status), '').kind, kind);
  });

  it('does not repeat what the server wrote', () => {
    assert.doesNotMatch(toHttpError(500, 'token=abc https://x/y?secret').message, /abc|https/);
  });
});
