import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Deed, Order } from '../../../../src/volume/linux/repeater.ts';
import { loadMounts } from '../../../../src/volume/mountPoint.ts';

describe('the process that repeats what happened elsewhere', () => {
  let dir: string;
  let repeater: ChildProcess;
  const send = async (deed: Deed, device: string, name: string) => {
    const order: Order = { deed, root: dir, device, path: name };
    const answer = once(repeater, 'message');
    repeater.send(order);
    await answer;
  };

  before(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'repeater-'));
    repeater = fork(new URL('../../../../src/volume/linux/repeater.ts', import.meta.url), { stdio: 'ignore' });
  });
  after(async () => {
    repeater.kill();
    await rm(dir, { recursive: true });
  });

  it('touches nothing where the volume of its drive is gone, or another one is mounted', async () => {
    await writeFile(path.join(dir, 'there'), 'of somebody');
    await send('removeFile', '0:1048575', 'there');
    await send('makeFile', '0:1048575', 'made');
    await send('makeFolder', '0:1048575', 'made too');
    assert.deepEqual(await readdir(dir), ['there']);
  });

  it('repeats in the volume that the mount table tells', async () => {
    const around = (await loadMounts()).filter(({ path: place }) =>
      `${dir}/`.startsWith(`${place.replace(/\/$/, '')}/`),
    );
    const device = around.sort((one, two) => one.path.length - two.path.length).at(-1)?.device ?? '';
    await send('removeFile', device, 'there');
    await send('makeFile', device, 'made');
    assert.deepEqual(await readdir(dir), ['made']);
  });
});
