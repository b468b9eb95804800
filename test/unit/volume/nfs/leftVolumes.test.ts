import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { rootIno } from '../../../../src/store/nodeRow.ts';
import { parseMacMounts } from '../../../../src/volume/mountPoint.ts';
import type { Command } from '../../../../src/volume/nfs/commands.ts';
import { takeLeftVolumes } from '../../../../src/volume/nfs/leftVolumes.ts';
import { loadNfsState } from '../../../../src/volume/nfs/state.ts';

describe('volumes that a dead drive has left mounted', () => {
  let dir: string;
  let stateFile: string;

  before(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'left-'));
    stateFile = path.join(dir, 'nfs.json');
    const state = await loadNfsState(stateFile);
    for (const name of ['Left', 'Stuck', 'Gone']) {
      await state.keepVolume(`/Users/ada/${name}`, {
        port: 50_123,
        root: rootIno,
        readOnly: false,
        secret: 'a0'.repeat(32),
      });
    }
  });
  after(() => rm(dir, { recursive: true }));

  /** The commands run on a Mac where `umount -f` does nothing about `Stuck`. */
  async function takeAll(file: string): Promise<Command[]> {
    const mounted = new Set(['Left', 'Stuck', 'Other drive']);
    const commands: Command[] = [];
    await takeLeftVolumes(file, {
      platform: 'darwin',
      loadMounts: async () =>
        parseMacMounts([...mounted].map((name) => `127.0.0.1:/jottacloud-0f on /Users/ada/${name} (nfs)`).join('\n')),
      run: async (command) => {
        commands.push(command);
        if (command.includes('/Users/ada/Stuck') && command[0] === '/sbin/umount') throw new Error('timed out');
        mounted.delete(path.basename(command.at(-1) ?? ''));
      },
    });
    assert.ok(mounted.has('Other drive'));
    return commands;
  }

  it('are taken away with as much force as it takes, and no others', async () => {
    assert.deepEqual(await takeAll(stateFile), [
      ['/sbin/umount', '-f', '/Users/ada/Left'],
      ['/sbin/umount', '-f', '/Users/ada/Stuck'],
      ['/usr/sbin/diskutil', 'unmount', 'force', '/Users/ada/Stuck'],
    ]);
  });

  it('are none where no drive has noted any', async () => {
    assert.deepEqual(await takeAll(path.join(dir, 'never written')), []);
  });
});
