import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { LocalFile } from '../../../src/base/localFile.ts';
import { occupyPool } from '../../support/busyPool.ts';

const large = Buffer.alloc(100_000, 'x');

describe('an open file of this computer', () => {
  it('is closed once all that was begun is done, so that no other file gets its number before', async (test) => {
    const dir = mkdtempSync(join(tmpdir(), 'local-file-'));
    test.after(() => rmSync(dir, { recursive: true }));
    const file = new LocalFile(join(dir, 'file'), 'w+');
    const release = occupyPool(join(dir, 'busy'));
    const written = file.write(large, 0, large.length, 0);
    const closing = file.close();
    const others = Array.from({ length: 8 }, (_, at) => join(dir, `${at}`));
    for (const other of others) writeFileSync(other, 'saved');
    const opened = others.map((other) => openSync(other, 'r+'));
    await release();
    await written;
    await closing;
    assert.deepEqual(
      others.map((other) => readFileSync(other, 'utf8')),
      others.map(() => 'saved'),
    );
    assert.ok(readFileSync(join(dir, 'file')).equals(large));
    for (const each of opened) closeSync(each);
  });

  it('is refused to whoever asks after it was closed', async (test) => {
    const dir = mkdtempSync(join(tmpdir(), 'local-file-'));
    test.after(() => rmSync(dir, { recursive: true }));
    const file = new LocalFile(join(dir, 'file'), 'w+');
    await file.close();
    const other = openSync(join(dir, 'other'), 'w');
    await assert.rejects(file.write(large, 0, 10, 0), { code: 'EBADF' });
    await assert.rejects(file.write(large, 0, large.length, 0), { code: 'EBADF' });
    await assert.rejects(file.truncate(10), { code: 'EBADF' });
    closeSync(other);
  });
});
