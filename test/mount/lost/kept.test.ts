import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import * as messages from '../../../src/protocol/messages.ts';
import { until } from '../../support/until.ts';
import { createWorld, run, type World } from '../support.ts';
import { startDriveProcess } from './driveProcess.ts';
import { driveOptions, root } from './windowClient.ts';

const graceMs = 500;

describe('a drive that is kept after the last window', () => {
  let world: World;
  let mountPoint: string;
  let child: ChildProcess;
  let exited: Promise<number | null>;
  let env: NodeJS.ProcessEnv;
  const isMounted = async () => (await readFile('/proc/self/mountinfo', 'utf8')).includes(` ${mountPoint} `);

  beforeEach(async () => {
    world = await createWorld();
    mountPoint = join(world.dir, 'volume');
    env = { ...process.env, HOME: world.dir, JOTTACLOUD_STATE_DIR: join(world.dir, 'drive'), XDG_CACHE_HOME: '' };
    const drive = startDriveProcess(world, { stored: undefined }, { graceMs });
    ({ child, exited } = drive);
    const window = await drive.openWindow();
    await window.rpc.sendRequest(messages.setOptions, { ...driveOptions, keepAfterClose: true });
    await window.rpc.sendRequest(messages.signIn, { loginToken: world.emulator.newLoginToken() });
    await window.rpc.sendRequest(messages.mount, { mountPoint, source: '/Jotta/Archive', readOnly: false });
    window.close();
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    await exited;
    await run('umount', ['-l', mountPoint]).catch(() => {});
    await world.close();
  });

  it('ends once its last volume was ejected, and not before', async () => {
    // That it stays has nothing to wait for.
    await delay(3 * graceMs);
    assert.equal(child.exitCode, null);
    await run('fusermount3', ['-u', mountPoint]);
    await until('it ends', () => child.exitCode !== null, 10_000);
    assert.equal(child.exitCode, 0);
  });

  it('ends when the extension is uninstalled', async () => {
    await run(process.execPath, [join(root, 'src/drive/lifecycle/uninstall.ts')], { env });
    await until('it ends', () => child.exitCode !== null, 10_000);
    assert.equal(child.exitCode, 0);
    assert.equal(await isMounted(), false);
  });
});
