import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { silentLog } from '../../src/base/log.ts';
import { rootIno } from '../../src/store/nodeRow.ts';
import { ensureFuse } from '../../src/volume/macfuse/preflight.ts';
import { mountVolume } from '../../src/volume/macfuse/volume.ts';
import { hintNames } from '../../src/volume/previews.ts';
import type { Volume } from '../../src/volume/volume.ts';
import { type Emulator, startEmulator } from '../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld } from '../support/sessionWorld.ts';

const run = promisify(execFile);

describe('programs on a volume whose previews stay local', () => {
  let emulator: Emulator;
  let world: SessionWorld;
  let volume: Volume;
  let archive: string;
  let daemon: string;
  let staysLocal = true;

  before(async () => {
    emulator = await startEmulator();
    world = await openSessionWorld(emulator);
    const mountPoint = join(world.dir, 'volume');
    await mkdir(mountPoint);
    archive = join(mountPoint, 'Jotta', 'Archive');
    // What reads files is known by its name alone.
    daemon = join(world.dir, 'mdworker_shared');
    await copyFile('/bin/cat', daemon);
    const quota = { used: 0, total: 1_000_000_000 };
    volume = await mountVolume(await ensureFuse(), mountPoint, 'Jottacloud', {
      ...{ vfs: world.session().vfs, root: rootIno, readOnly: false, log: silentLog },
      ...{ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
      ...{ getQuota: () => quota, getPath: () => '/', onChanged: () => {} },
      previewsStayLocal: () => staysLocal,
    });
  });
  after(async () => {
    await volume.unmount(true);
    await world.close();
    await emulator.close();
  });

  const put = async (name: string) => {
    await emulator.put(`/Jotta/Archive/${name}`, `bytes of ${name}`);
    await world.poll();
  };
  const read = async (program: string, name: string) => (await run(program, [join(archive, name)])).stdout;

  it('a daemon of macOS that makes previews is refused a file that is not here, and nothing is downloaded', async () => {
    await put('photo.jpg');
    emulator.resetStats();
    await assert.rejects(read(daemon, 'photo.jpg'), /Permission denied/);
    const asked = emulator.requests().filter(({ url }) => url.includes('photo.jpg'));
    assert.deepEqual(asked, []);
  });

  it('any other program gets it, and after it the daemon', async () => {
    await put('letter.txt');
    assert.equal(await read('/bin/cat', 'letter.txt'), 'bytes of letter.txt');
    assert.equal(await read(daemon, 'letter.txt'), 'bytes of letter.txt');
  });

  it('the daemon gets a file that was made here and is not uploaded', async () => {
    await world.save('/Jotta/Archive/new.txt', 'of this computer');
    assert.equal(await read(daemon, 'new.txt'), 'of this computer');
  });

  it('the daemon gets everything where the setting allows it', async () => {
    await put('allowed.jpg');
    staysLocal = false;
    try {
      assert.equal(await read(daemon, 'allowed.jpg'), 'bytes of allowed.jpg');
    } finally {
      staysLocal = true;
    }
  });

  it('the files that tell macOS to leave a volume alone are there, empty, at the top only, and in no listing', async () => {
    const { stdout } = await run('stat', ['-c', '%F', ...hintNames.map((name) => join(volume.mountPoint, name))]);
    assert.deepEqual(stdout.trim().split('\n'), ['regular empty file', 'regular empty file']);
    assert.equal((await run('ls', ['-A', volume.mountPoint])).stdout, 'Jotta\nLaptop\n');
    for (const name of hintNames) await assert.rejects(run('stat', [join(archive, name)]), /No such file/);
  });
});
