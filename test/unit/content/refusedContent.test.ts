import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { LocalFile } from '../../../src/base/localFile.ts';
import { silentLog } from '../../../src/base/log.ts';
import { ContentReader } from '../../../src/content/contentReader.ts';
import { ContentStore } from '../../../src/content/contentStore.ts';
import { newReadahead } from '../../../src/content/readahead.ts';
import { StagingFile } from '../../../src/content/stagingFile.ts';
import { md5 } from '../../support/md5.ts';

const MiB = 1024 * 1024;

it('keeps nothing of a refused content whose last blocks are still on their way to the disk', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rev-'));
  const large = randomBytes(3 * MiB);
  const content = { md5: md5(large), size: large.length };
  let spoilt = true;
  const source = {
    openRange: async (_: unknown, start: number, end: number) =>
      (async function* () {
        const bytes = Buffer.from(large.subarray(start, end));
        if (spoilt && end === large.length) bytes.write('spoilt', bytes.length - 10);
        yield bytes;
      })(),
    comesWhole: () => false,
    doubt: () => {
      spoilt = false;
    },
  };
  const store = await ContentStore.open(join(dir, 'c'), { maxBytes: 1e9, minFreeBytes: 0 }, silentLog);
  const reader = new ContentReader({ store, source, log: silentLog, signal: new AbortController().signal });
  const handle = new LocalFile(join(dir, 'f'), 'wx+');
  const info = { id: 'f', size: large.length, extents: [], base: { content, limit: large.length } };
  const file = new StagingFile(info, handle, reader);
  // The end is written over: nothing of the last step is to be copied.
  await file.write(Buffer.alloc(MiB, 'n'), 2 * MiB);
  const { signal } = new AbortController();
  await assert.rejects(
    file.fill(async () => {}, signal, true),
    /do not match/,
  );
  assert.equal(spoilt, false);
  assert.deepEqual(
    await reader.read(content, large.length - 10, large.length, newReadahead()),
    large.subarray(-10),
    'a program reads what the server has',
  );
  await file.fill(async () => {}, signal, true);
  await file.close();
  rmSync(dir, { recursive: true });
});
