import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { it, type TestContext } from 'node:test';
import { atEnd } from '../support/emulation.ts';
import type { MeterReport } from './liststreamMeter.ts';

const folders = 5_000;
const files = 95_000;

/** One document as the service streams it (PROTOCOL.md §2.8), in pieces of one folder with its files. */
function* document(counts = { folders, files }): Generator<string> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<liststream>';
  const perFolder = files / folders;
  for (let i = 0; i < folders; i += 1) {
    // The first is the listed folder itself.
    const path = i === 0 ? '/Archive' : `/Archive/Bilder &amp; annet/${2000 + (i % 27)}/mappe ${i}`;
    let text = `<folder><path xml:space="preserve">${path}</path></folder>\n`;
    for (let j = 0; j < perFolder; j += 1) {
      const md5 = (i * perFolder + j).toString(16).padStart(32, '0');
      text += `<file><path xml:space="preserve">${path}</path><filename xml:space="preserve">IMG ${j} æøå.jpg</filename>`;
      text += `<md5>${md5}</md5><size>${i + j}</size><modified>2026-01-01T00:00:00.000Z</modified>`;
      text += '<created>2026-01-01T00:00:00.000Z</created></file>\n';
    }
    yield text;
  }
  yield `<stats><folders>${counts.folders}</folders><files>${counts.files}</files></stats></liststream>`;
}

async function serveListing(test: TestContext, counts?: { folders: number; files: number }): Promise<string> {
  const server = createServer((_request, response) => void Readable.from(document(counts)).pipe(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(test, async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Reads the listing in a process of its own, so that the memory measured is the client's alone. */
async function measure(url: string): Promise<MeterReport> {
  const script = join(import.meta.dirname, 'liststreamMeter.ts');
  // A heap that could not hold the entries, let alone the document.
  const child = spawn(process.execPath, ['--expose-gc', '--max-old-space-size=64', script, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  return JSON.parse(out);
}

it('a recursive listing of 100,000 entries is read in bounded memory, and fast', async (test) => {
  const report = await measure(await serveListing(test));
  const perSecond = Math.round((report.entries / report.ms) * 1000);
  let bytes = 0;
  for (const piece of document()) bytes += Buffer.byteLength(piece);
  test.diagnostic(
    `${report.entries} entries, ${(bytes / 1e6).toFixed(1)} MB of XML in ${Math.round(report.ms)} ms: ` +
      `${perSecond} entries/s; live heap at most ${(report.liveHeap / 1e6).toFixed(1)} MB above the start, ` +
      `resident memory at most ${(report.resident / 1e6).toFixed(1)} MB`,
  );
  assert.deepEqual([report.folders, report.files], [folders, files]);
  // 5,000 folder paths are remembered for the count: about 1 MB. All entries would be some 40 MB.
  assert.ok(report.liveHeap < 8_000_000, `${report.liveHeap} bytes are alive`);
  assert.ok(perSecond > 5_000, `${perSecond} entries/s`);
});

it('a recursive listing that lost an entry, or a folder, on the way is an error', async (test) => {
  for (const counts of [
    { folders, files: files + 1 },
    { folders: folders + 1, files },
  ]) {
    const report = await measure(await serveListing(test, counts));
    assert.equal(report.failure, 'incomplete');
  }
});
