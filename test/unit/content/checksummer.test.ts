import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { Checksummer } from '../../../src/content/checksummer.ts';
import { blockSums } from '../../support/blockSums.ts';
import { md5 as md5Of } from '../../support/md5.ts';

const mib = 1024 * 1024;
const never = new AbortController().signal;

describe('checksums of a file', () => {
  let dir: string;
  let fd: number;
  let checksummer: Checksummer;

  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'checksums-'));
    checksummer = new Checksummer(silentLog);
  });
  after(async () => {
    await checksummer.close();
    rmSync(dir, { recursive: true });
  });
  beforeEach(() => {
    fd = openSync(join(dir, 'file'), 'w+');
  });
  afterEach(() => closeSync(fd));

  for (const size of [0, 5, 256 * 1024, 3 * mib + 17]) {
    it(`are those of its ${size} bytes, what no extent covers being zeros`, async () => {
      const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7) % 251));
      writeSync(fd, bytes);
      const gap = { start: Math.min(size, 3), end: Math.min(size, mib + 3) };
      const extents = [
        { start: 0, end: gap.start },
        { start: gap.end, end: size },
      ].filter(({ start, end }) => end > start);
      const { md5, blockSums: sums } = await checksummer.run({ fd, size, extents }, never);
      const expected = Buffer.from(bytes).fill(0, gap.start, gap.end);
      assert.equal(md5, md5Of(expected));
      assert.deepEqual(Buffer.from(sums), blockSums(expected));
    });
  }

  it('of a hole are had without reading it', async () => {
    ftruncateSync(fd, 8 * mib);
    const writeOnly = openSync(join(dir, 'file'), 'a');
    const run = (end: number) => checksummer.run({ fd: writeOnly, size: 8 * mib, extents: [{ start: 0, end }] }, never);
    assert.equal((await run(0)).md5, md5Of(Buffer.alloc(8 * mib)));
    await assert.rejects(run(1), /EBADF/);
    closeSync(writeOnly);
  });

  it('of a small file do not wait for those of a large one, which can be given up at any moment', async () => {
    const size = 2 ** 40;
    ftruncateSync(fd, size);
    const controller = new AbortController();
    const large = checksummer.run({ fd, size, extents: [] }, controller.signal);
    const { md5 } = await checksummer.run({ fd, size: mib, extents: [] }, never);
    assert.equal(md5, md5Of(Buffer.alloc(mib)));
    const reason = new Error('given up');
    controller.abort(reason);
    await assert.rejects(large, reason);
  });
});
