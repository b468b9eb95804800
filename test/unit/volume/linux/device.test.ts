import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { silentLog } from '../../../../src/base/log.ts';
import { Device } from '../../../../src/volume/linux/device.ts';
import { occupyPool } from '../../../support/busyPool.ts';

describe('the descriptor of a volume', () => {
  it('never has a notice written into a file that was opened after the volume went', async (test) => {
    const dir = mkdtempSync(join(tmpdir(), 'device-'));
    test.after(() => rmSync(dir, { recursive: true }));
    const pipe = join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const fd = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const kernel = openSync(pipe, constants.O_WRONLY);
    const device = new Device(fd, silentLog);
    device.start(() => false);
    const release = occupyPool(join(dir, 'busy'));
    const told = device.tellSlowly(Buffer.from('a notice'));
    closeSync(kernel);
    await device.gone;
    // As many as could have got its number.
    const files = Array.from({ length: 8 }, (_, at) => join(dir, `${at}`));
    for (const file of files) writeFileSync(file, 'saved');
    const opened = files.map((file) => openSync(file, 'r+'));
    await release();
    await told;
    assert.deepEqual(
      files.map((file) => readFileSync(file, 'utf8')),
      files.map(() => 'saved'),
    );
    for (const each of opened) closeSync(each);
  });
});
