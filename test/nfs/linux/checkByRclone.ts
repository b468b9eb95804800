import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Emulator } from '../../emulator/emulator.ts';
import { rclone } from '../../support/emulation.ts';
import type { Machine } from '../vm/machine.ts';

/** Takes a copy of what the machine sees in `folder`; rejects unless rclone finds the same bytes on the server. */
export async function checkByRclone(machine: Machine, folder: string, emulator: Emulator): Promise<void> {
  const copy = await mkdtemp(path.join(tmpdir(), 'jottacloud-nfs-copy-'));
  try {
    // Modes are kept here alone, and the copy wants to read every file.
    const archive = await machine.start(['sh', '-c', `cd ${folder} && chmod -R u+rwX . && tar -cf - .`]);
    const unpack = spawn('tar', ['-x', '-C', copy], { stdio: ['pipe', 'ignore', 'inherit'] });
    const [[code]] = await Promise.all([once(unpack, 'exit'), pipeline(archive, unpack.stdin)]);
    assert.equal(code, 0);
    await rclone(emulator, 'check', '--download', '--links', copy, 'remote:');
    const listFolders = async (where: string) =>
      (await rclone(emulator, 'lsf', '-R', '--dirs-only', where)).split('\n').sort();
    assert.deepEqual(await listFolders(copy), await listFolders('remote:'));
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
