import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { XdrWriter } from '../../src/volume/nfs/xdr.ts';
import { createRandom } from '../posix/random/random.ts';
import { mountProgram, NfsClient } from './client.ts';
import { type NfsWorld, openNfsWorld } from './world.ts';

const records = 100_000;
/** What the server may keep of all that, on top of what it had. */
const grownBytes = 200 * 1024 * 1024;

describe('records that no client would send', () => {
  let nfs: NfsWorld;
  before(async () => {
    nfs = await openNfsWorld();
  });
  after(() => nfs.close());

  it('end the connection when they are too long, before they are kept', async () => {
    const client = await NfsClient.connect(nfs.server().port);
    const mark = Buffer.alloc(4);
    mark.writeUInt32BE(0xffff_ffff);
    client.sendBytes(mark);
    await client.untilClosed();
    assert.ok(client.closed);
  });

  it(`neither stop the server nor fill its memory: ${records} mutated ones`, { timeout: 600_000 }, async () => {
    const { archive, world } = nfs;
    const { port } = nfs.server();
    const random = createRandom(20_261_129);
    let client = await NfsClient.connect(port);
    const calls = createCalls(archive, await makeFile(nfs));
    const before = process.memoryUsage().rss;
    let answers = 0;
    for (let at = 0; at < records; at += 1) {
      if (client.closed) client = await NfsClient.connect(port);
      const [procedure, args, program] = random.pick(calls);
      const { bytes } = client.encode(procedure, args, program === undefined ? {} : { program });
      client.sendBytes(mutate(bytes, random.below));
      if (at % 500 !== 499) continue;
      // The marks are right, so that the server has read them all when it answers a right one after them.
      const { answers: soFar } = client;
      await client.getattr(archive).catch(() => {});
      answers += client.answers - soFar;
    }
    client.close();
    assert.ok(answers > records / 2, `only ${answers} were worth an answer`);
    assert.ok(process.memoryUsage().rss - before < grownBytes, 'memory grew without bound');
    assert.ok(typeof (await nfs.client.getattr(archive)) === 'object');
    assert.deepEqual(
      [...nfs.complaints, ...world.complaints].filter((line) => line.includes(' ERROR ')),
      [],
    );
  });

  it('that ask for more than is taken wait in the socket, and others are served', async () => {
    const { archive, client } = nfs;
    const file = await makeFile(nfs);
    const reader = await NfsClient.connect(nfs.server().port);
    reader.pause();
    const before = process.memoryUsage().rss;
    const asked = 1_000;
    for (let at = 0; at < asked; at += 1) {
      reader.sendBytes(reader.encode(6, (w) => w.opaque(file).u64(0).u32(fileBytes)).bytes);
      assert.ok(typeof (await client.getattr(archive)) === 'object');
    }
    assert.ok(asked * fileBytes > 4 * grownBytes);
    assert.ok(process.memoryUsage().rss - before < grownBytes, 'answers were kept that nobody takes');
    reader.close();
  });
});

const fileBytes = 1024 * 1024;

async function makeFile({ client, archive }: NfsWorld): Promise<Buffer> {
  const file = await client.create(archive, 'read.bin', 'unchecked');
  assert.ok(Buffer.isBuffer(file));
  assert.ok(Buffer.isBuffer(await client.write(file, 0, Buffer.alloc(fileBytes, 1), 2)));
  return file;
}

type Call = readonly [procedure: number, args: (writer: XdrWriter) => void, program?: number];

/** One of each procedure, as a client sends it. */
function createCalls(folder: Buffer, file: Buffer): Call[] {
  const named = (writer: XdrWriter) => writer.opaque(folder).text('name');
  const unchanged = (writer: XdrWriter) => writer.bool(false).bool(false).bool(false).bool(false).u32(0).u32(0);
  return [
    [1, (w) => w.opaque(folder)],
    [2, (w) => unchanged(w.opaque(folder)).bool(false)],
    [2, (w) => unchanged(w.opaque(file)).bool(false)],
    [3, (w) => named(w)],
    [4, (w) => w.opaque(folder).u32(63)],
    [5, (w) => w.opaque(folder)],
    [6, (w) => w.opaque(file).u64(0).u32(65_536)],
    [7, (w) => w.opaque(file).u64(0).u32(4).u32(0).text('data')],
    [8, (w) => unchanged(named(w).u32(1))],
    [9, (w) => unchanged(named(w))],
    [10, (w) => unchanged(named(w)).text('target')],
    [12, (w) => named(w)],
    [13, (w) => named(w)],
    [14, (w) => named(named(w))],
    [16, (w) => w.opaque(folder).u64(0).fixed(Buffer.alloc(8)).u32(4096)],
    [17, (w) => w.opaque(folder).u64(0).fixed(Buffer.alloc(8)).u32(4096).u32(4096)],
    [18, (w) => w.opaque(folder)],
    [21, (w) => w.opaque(file).u64(0).u32(0)],
    [1, (w) => w.text('/export'), mountProgram],
    [5, () => {}, mountProgram],
  ];
}

/** Changes some bytes after the mark, cuts the record, or lengthens it; the mark tells the new length. */
function mutate(bytes: Buffer, below: (limit: number) => number): Buffer {
  const body = Buffer.from(bytes.subarray(4));
  for (let times = below(4); times >= 0; times -= 1) {
    const at = below(body.length);
    const kind = below(3);
    if (kind === 0) body[at] = below(256);
    else if (kind === 1) body[at] = 255;
    else body.writeUInt32BE(below(2 ** 31), Math.min(at - (at % 4), body.length - 4));
  }
  const cut = below(5) === 0 ? body.subarray(0, below(body.length)) : body;
  const mark = Buffer.alloc(4);
  mark.writeUInt32BE((0x8000_0000 | cut.length) >>> 0);
  return Buffer.concat([mark, cut]);
}
