import assert from 'node:assert/strict';
import { readdir, readFile, rename, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { until } from '../../support/until.ts';
import { createWorld, run, type World } from '../support.ts';

const connections = '/sys/fs/fuse/connections';
/** What statfs(2) says of the FUSE control file system. */
const controlType = 0x65735543;
const { skip, mountedHere } = await prepareControl();

/** Desktops have it mounted, containers do not; and only root may see where a thread waits. */
async function prepareControl(): Promise<{ skip: string | false; mountedHere: boolean }> {
  if (process.getuid?.() !== 0) return { skip: 'needs root', mountedHere: false };
  try {
    if ((await statfs(connections)).type === controlType) return { skip: false, mountedHere: false };
    await run('mount', ['-t', 'fusectl', 'none', connections]);
    return { skip: false, mountedHere: true };
  } catch {
    return { skip: 'there is no FUSE control file system here', mountedHere: false };
  }
}

/** The state of a process; undefined when it is gone. */
const stateOf = async (pid: number) =>
  /^State:\s+(\S)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1];

describe('a drive that is killed while it tells the kernel something', { skip }, () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(async () => {
    await world.close();
    if (mountedHere) await run('umount', [connections]);
  });

  it('is ended by the next start, which goes on with its work', async () => {
    const { emulator } = world;
    await emulator.put('/Jotta/Archive/a/moved.txt', 'moved');
    emulator.mkdir('/Jotta/Archive/a/b');
    const doomed = await world.start({ loginToken: emulator.newLoginToken() });
    const path = (name: string) => join(doomed.mountPoint, name);
    assert.deepEqual((await readdir(path('a'))).sort(), ['b', 'moved.txt']);
    // The kernel holds `a` while this waits for the listing of `b`.
    emulator.setFaults([{ match: { kind: 'list', pathIncludes: '/a/b' }, action: { type: 'stall', after: 0 } }]);
    const moving = rename(path('a/moved.txt'), path('a/b/moved.txt')).catch((error) => error);
    await until('the listing is asked for', () => emulator.faults().some(({ hits }) => hits.length > 0));
    // The notification of what is new in `a` then waits for the kernel.
    await emulator.put('/Jotta/Archive/a/new.txt', 'new');
    const pid = doomed.process.pid as number;
    const notifies = async () => {
      for (const thread of await readdir(`/proc/${pid}/task`)) {
        const stack = await readFile(`/proc/${pid}/task/${thread}/stack`, 'utf8').catch(() => '');
        if (stack.includes('fuse_reverse_inval_entry')) return true;
      }
      return false;
    };
    await until('a thread waits in the kernel', notifies);
    doomed.process.kill('SIGKILL');
    await until('its first thread is gone', async () => (await stateOf(pid)) === 'Z');
    emulator.setFaults([]);

    const drive = await world.start({});
    await doomed.exited;
    assert.match((await moving).code, /^(ENOTCONN|ECONNABORTED)$/);
    assert.match(drive.log(), /the connection of a dead drive was ended/);
    await until('the new file is shown', async () => (await readdir(path('a'))).includes('new.txt'));
    assert.equal(await readFile(path('a/new.txt'), 'utf8'), 'new');
    assert.equal(await drive.stop(), 0);
  });
});
