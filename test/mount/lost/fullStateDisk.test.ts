import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import * as messages from '../../../src/protocol/messages.ts';
import { createWorld, run, type World } from '../support.ts';
import { type DriveProcess, startDriveProcess, type Window } from './driveProcess.ts';

/** More lines than the rest of the last page of the log has room for. */
const turns = 80;

describe('a drive whose state folder is on a full disk', () => {
  let world: World;
  let mountPoint: string;
  let drive: DriveProcess;
  let window: Window;
  /** What a window is told of an unmount that is none. */
  const askForNothing = () =>
    window.rpc.sendRequest(messages.unmount, { mountPoint: '/nowhere', mode: 'keep' }).then(
      () => 'done',
      (error) => error.data?.code ?? error.message,
    );

  beforeEach(async () => {
    world = await createWorld();
    mountPoint = join(world.dir, 'volume');
    await mkdir(join(world.dir, 'drive'));
    await run('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=700', 'tmpfs', join(world.dir, 'drive')]);
    drive = startDriveProcess(world, { stored: undefined });
    window = await drive.openWindow();
    await window.rpc.sendRequest(messages.signIn, { loginToken: world.emulator.newLoginToken() });
    await window.rpc.sendRequest(messages.mount, { mountPoint, source: '/Jotta/Archive', readOnly: false });
    await assert.rejects(writeFile(join(drive.stateDir, 'filler'), Buffer.alloc(64 * 1024 * 1024)), { code: 'ENOSPC' });
  });
  afterEach(async () => {
    drive.child.kill('SIGKILL');
    await drive.exited;
    await run('umount', ['-l', mountPoint]).catch(() => {});
    await run('umount', ['-l', join(world.dir, 'drive')]);
    await world.close();
    window.close();
  });

  it('answers ENOSPC to programs and the reason to windows, though it cannot write its log', async () => {
    const codes = new Set<unknown>();
    for (let turn = 0; turn < turns; turn += 1) {
      const written = writeFile(join(mountPoint, 'new.bin'), Buffer.alloc(100_000));
      codes.add(await written.catch((error) => error.code));
      codes.add(await askForNothing());
    }
    assert.deepEqual([...codes], ['ENOSPC', 'notMounted']);
    assert.equal(drive.child.exitCode, null);
  });

  it('ends cleanly', async () => {
    for (let turn = 0; turn < turns; turn += 1) await askForNothing();
    drive.child.kill('SIGTERM');
    assert.equal(await drive.exited, 0);
    assert.ok(!(await readFile('/proc/self/mountinfo', 'utf8')).includes(` ${mountPoint} `));
  });
});
