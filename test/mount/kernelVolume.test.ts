import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, open, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Mounts } from '../../src/drive/mounts.ts';
import { getVolumeDrivers } from '../../src/drive/volumeDrivers.ts';
import { Vfs } from '../../src/vfs/vfs.ts';
import { loadMounts } from '../../src/volume/mountPoint.ts';
import { startTestDrive, type TestDrive } from '../support/mountedDrive.ts';
import { until } from '../support/until.ts';
import { createWorld, type Headless, remoteFiles, run, type World } from './support.ts';

/** This process serves the volume, so it must not touch it: a shell does. */
async function sh(folder: string, script: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', `( ${script}\n) 2>&1; true`], {
    cwd: '/',
    env: { ...process.env, D: folder },
  });
  return stdout;
}

/** Notes calls of these methods of every volume's file system, with the name that is asked for. */
function spyOn(...methods: readonly ('read' | 'readdir' | 'find')[]) {
  const calls: string[] = [];
  const real = methods.map((method) => [method, Vfs.prototype[method]] as const);
  for (const [method, work] of real) {
    Object.assign(Vfs.prototype, {
      [method](this: Vfs, ...args: unknown[]) {
        calls.push([method, ...args.filter((arg) => typeof arg === 'string')].join(' '));
        return (work as (...all: unknown[]) => unknown).apply(this, args);
      },
    });
  }
  return { calls, end: () => void Object.assign(Vfs.prototype, Object.fromEntries(real)) };
}

describe('what the kernel keeps of a volume', () => {
  let drive: TestDrive;
  before(async () => {
    drive = await startTestDrive({ driver: 'fuse' });
    await drive.mount();
  });
  after(() => drive.close());

  it('reads a file again without a word to the drive', async () => {
    await sh(drive.mountPoint, 'seq 100 >"$D/f"; cat "$D/f"');
    const asked = spyOn('read');
    const said = await sh(drive.mountPoint, 'cat "$D/f" "$D/f"');
    asked.end();
    assert.equal(said.split('\n').length, 201);
    assert.deepEqual(asked.calls, []);
  });

  it('lists a folder again, and looks at what is in it, without a word to the drive', async () => {
    await sh(drive.mountPoint, 'mkdir "$D/l"; touch "$D/l/1" "$D/l/2"; ls -l "$D/l"; ls -l "$D/l"');
    const asked = spyOn('readdir', 'find');
    const said = await sh(drive.mountPoint, 'ls -l "$D/l"; stat "$D/l/none"');
    await sh(drive.mountPoint, 'stat "$D/l/none"');
    asked.end();
    assert.match(said, /1\n.*2\n/);
    assert.deepEqual(asked.calls, ['find none']);
  });
});

describe('changes through one volume', () => {
  let drive: TestDrive;
  let mounts: Mounts;
  const above = () => `${drive.mountPoint} above`;
  const within = () => `${drive.mountPoint} within`;

  before(async () => {
    drive = await startTestDrive();
    mounts = new Mounts(drive.session(), [], drive.log, {
      getDrivers: () => getVolumeDrivers('fuse', { stateFile: '', account: '' }),
      previewsDownload: () => false,
    });
    await mounts.mount({ mountPoint: above(), source: '/Jotta/Archive', readOnly: false });
    await sh(above(), 'mkdir "$D/sub"; echo one >"$D/sub/f"; echo gone >"$D/sub/g"');
    await mounts.mount({ mountPoint: within(), source: '/Jotta/Archive/sub', readOnly: false });
  });
  after(async () => {
    await mounts.close();
    await drive.close();
  });

  it('are seen at once through another volume of the same tree', async () => {
    const before = 'f\ng\none\ngone\n4\ncat: none: No such file or directory\n';
    assert.equal(await sh(within(), 'cd "$D"; ls; cat f g; stat -c %s F; cat none'), before);
    await sh(above(), 'cd "$D/sub"; echo "one and more" >f; rm g; echo new >none; mv F ff; mkdir d');
    await until('the other one shows it', async () => (await sh(within(), 'cd "$D"; ls')) === 'd\nff\nnone\n');
    const look = () => sh(within(), 'cd "$D"; cat ff none; cat g; cat f');
    const gone = (name: string) => `cat: ${name}: No such file or directory\n`;
    await until('its contents too', async () => (await look()) === `one and more\nnew\n${gone('g')}${gone('f')}`);
    await sh(within(), 'cd "$D"; echo back >ff');
    await until('and back', async () => (await sh(above(), 'cat "$D/sub/ff"')) === 'back\n');
  });
});

describe('a volume of the kernel’s protocol', () => {
  let world: World;
  let drive: Headless;
  const path = (...names: string[]) => join(drive.mountPoint, ...names);

  before(async () => {
    world = await createWorld();
    drive = await world.start({ loginToken: world.emulator.newLoginToken(), settleMs: 50, driver: 'fuse' });
  });
  after(() => world.close());

  it('has files of libfuse’s names like any other, those from the server too', async () => {
    await mkdir(path('found'));
    await writeFile(path('found', 'f'), 'x');
    await until('it is up', () => remoteFiles(world.emulator).has('found/f'));
    const names = ['.fuse_hidden0000000100000001', '.fuse_hidden0000000200000001', '.fuse_hiddenfile'];
    for (const name of names) await world.rclone('copyto', 'remote:found/f', `remote:found/${name}`);
    await until('they are listed', async () => (await readdir(path('found'))).length === 4);
    assert.equal(await readFile(path('found', names[0] ?? ''), 'utf8'), 'x');
    await rename(path('found', names[0] ?? ''), path('found', 'renamed'));
    await unlink(path('found', names[2] ?? ''));
    await run('rm', ['-rf', path('found')]);
    await assert.rejects(stat(path('found')), { code: 'ENOENT' });
    await until(
      'the server follows',
      () => ![...remoteFiles(world.emulator).keys()].some((at) => at.startsWith('found')),
    );
  });

  it('removes and replaces open files for good, over a kill of the drive too', async () => {
    await mkdir(path('held'));
    for (const name of ['removed', 'replaced']) await writeFile(path('held', name), name);
    await until('they are up', () => remoteFiles(world.emulator).size >= 2);
    const handles = [await open(path('held', 'removed'), 'r+'), await open(path('held', 'replaced'), 'r+')];
    await unlink(path('held', 'removed'));
    await writeFile(path('held', 'new'), 'the new one');
    await rename(path('held', 'new'), path('held', 'replaced'));
    assert.deepEqual(await readdir(path('held')), ['replaced']);
    for (const handle of handles) assert.equal((await handle.stat()).nlink, 0);
    assert.equal(String(await handles[1]?.readFile()), 'replaced');
    await handles[0]?.write('written after it was removed', 0);
    await drive.kill();
    for (const handle of handles) await handle.close().catch(() => {});
    drive = await world.start({ settleMs: 50, driver: 'fuse' });
    assert.deepEqual(await readdir(path('held')), ['replaced']);
    assert.equal(await readFile(path('held', 'replaced'), 'utf8'), 'the new one');
    await until('the server follows', () => {
      const there = [...remoteFiles(world.emulator).keys()].filter((at) => at.startsWith('held/'));
      return there.join() === 'held/replaced' && remoteFiles(world.emulator).get('held/replaced')?.revision === 2;
    });
  });

  it('is taken away when its drive is killed', async () => {
    assert.ok((await loadMounts()).some((mount) => mount.path === drive.mountPoint));
    await drive.kill();
    await until('it is gone', async () => !(await loadMounts()).some((mount) => mount.path === drive.mountPoint));
    await stat(drive.mountPoint);
    drive = await world.start({ settleMs: 50, driver: 'fuse' });
  });

  it('serves what is local while more readers than the kernel’s default wait for a server that stalls; a killed one is gone', async () => {
    await mkdir(path('far'));
    await writeFile(path('far', 'first'), 'x'.repeat(300_000));
    await until('it is up', () => remoteFiles(world.emulator).has('far/first'));
    const many = 20;
    for (let i = 0; i < many; i += 1) {
      await writeFile(path('far', `f${i}`), String(i).padEnd(300_000, 'y'));
    }
    await until(
      'all are up',
      () => [...remoteFiles(world.emulator).keys()].filter((at) => at.startsWith('far/')).length > many,
    );
    await drive.stop();
    await rm(join(world.dir, 'state', 'cache'), { recursive: true, force: true });
    drive = await world.start({ settleMs: 50, driver: 'fuse' });
    await readdir(path('far'));
    await writeFile(path('near'), 'near');
    world.emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'stall' } }]);
    const readers = Array.from({ length: many }, (_, i) => spawn('cat', [path('far', `f${i}`)], { stdio: 'ignore' }));
    const exits = readers.map((reader) => new Promise((resolve) => reader.once('exit', resolve)));
    await until('they wait', () => (world.emulator.stats().requests.download ?? 0) >= 4);
    const started = performance.now();
    const { stdout } = await run('cat', [path('near')]);
    assert.equal(stdout, 'near');
    await writeFile(path('near too'), 'saved');
    for (const reader of readers) reader.kill('SIGKILL');
    await Promise.all(exits);
    assert.ok(performance.now() - started < 30_000, 'sooner than a read gives up');
    world.emulator.setFaults([]);
  });
});
