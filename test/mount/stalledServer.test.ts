import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { until } from '../support/until.ts';
import { createWorld, type Headless, type World } from './support.ts';

/** More than the 12 reads that the kernel lets wait of its own accord, unless the driver tells it otherwise. */
const readers = 20;
/** What needs no network takes a small part of this, on the busiest computer too. */
const localMs = 5_000;
/** What a read may wait, and what a busy computer may be late. */
const readMs = 45_000 + 4_000;

describe('while the server answers nothing', { timeout: 150_000 }, () => {
  let world: World;
  let drive: Headless;
  let waiting: { process: ChildProcess; ended: Promise<number> }[] = [];
  const begun = performance.now();

  before(async () => {
    world = await createWorld({ quirks: { eventSocket: 'no-token' } });
    for (let index = 0; index < readers; index += 1) {
      await world.emulator.put(`/Jotta/Archive/far/${index}.bin`, Buffer.alloc(600_000, index + 1));
    }
    drive = await world.start({ loginToken: world.emulator.newLoginToken(), pollSeconds: 600 });
    await readdir(join(drive.mountPoint, 'far'));
    await readdir(drive.mountPoint);
    world.emulator.setFaults([{ match: {}, action: { type: 'stall' } }]);
    waiting = Array.from({ length: readers }, (_, index) => {
      const startedAt = performance.now();
      const process = spawn('cat', [join(drive.mountPoint, `far/${index}.bin`)], { stdio: 'ignore' });
      return {
        process,
        ended: new Promise((resolve) => process.once('exit', () => resolve(performance.now() - startedAt))),
      };
    });
    await until('readers wait for the server', () => world.emulator.faults().some(({ hits }) => hits.length >= 6));
  });
  after(async () => {
    for (const { process } of waiting) process.kill('SIGKILL');
    world.emulator.setFaults([]);
    await world.close();
  });

  for (const [what, act] of Object.entries({
    'a file is saved and read back': async () => {
      const path = join(drive.mountPoint, 'near.txt');
      await writeFile(path, 'near');
      assert.equal(await readFile(path, 'utf8'), 'near');
    },
    'a known folder is listed': async () => {
      assert.equal((await readdir(join(drive.mountPoint, 'far'))).length, readers);
    },
    'the space is told': () => statfs(drive.mountPoint),
    'a reader that is killed is gone': async () => {
      waiting[0]?.process.kill('SIGKILL');
      await waiting[0]?.ended;
    },
  })) {
    it(`${what} at once`, async () => {
      const from = performance.now();
      await act();
      const took = performance.now() - from;
      assert.ok(took < localMs, `${Math.round(took)} ms`);
      assert.ok(performance.now() - begun < readMs, 'the readers were still waiting');
    });
  }

  it('a read ends within 45 s, also where the kernel asks for it in parts', async () => {
    const times = await Promise.all(waiting.map(({ ended }) => ended));
    assert.ok(Math.max(...times) < readMs, `${times.map(Math.round)} ms`);
  });
});
