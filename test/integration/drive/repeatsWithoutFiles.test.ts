import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { NodeRow } from '../../../src/store/nodeRow.ts';
import { Repeats } from '../../../src/volume/linux/repeats.ts';
import { loadMounts } from '../../../src/volume/mountPoint.ts';
import type { VolumeView } from '../../../src/volume/volume.ts';
import { until } from '../../support/until.ts';

/** Opens what this process may still open. */
function takeAll(): number[] {
  const taken: number[] = [];
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch {
      return taken;
    }
  }
}

it('a process that may open no file more goes on without one that repeats changes for watchers', async () => {
  execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=200:']);
  const row = { ino: 7, kind: 'file' } as NodeRow;
  let heard = 0;
  const log = { info: () => (heard += 1) };
  const vfs = { getKnown: () => row, isLink: () => false, getPlace: () => undefined };
  const view = { readOnly: false, log, getPath: () => '/folder', vfs } as unknown as VolumeView;
  await until('it had no file for the process', async () => {
    const repeats = new Repeats('/proc', view);
    // It looks for the volume in the mount table first, which takes a file as well.
    await loadMounts();
    await turn();
    const taken = takeAll();
    repeats.note({ parent: 1, name: 'a', came: true });
    await repeats.pause();
    repeats.close();
    for (const fd of taken) closeSync(fd);
    assert.ok(taken.length > 0);
    return heard > 0;
  });
});
