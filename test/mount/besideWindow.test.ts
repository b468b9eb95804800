import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { FilesContext } from '../../src/drive/files/context.ts';
import { createFolder, remove, rename } from '../../src/drive/files/names.ts';
import { Mounts } from '../../src/drive/mounts.ts';
import { getVolumeDrivers } from '../../src/drive/volumeDrivers.ts';
import { rootIno } from '../../src/store/nodeRow.ts';
import { Vfs } from '../../src/vfs/vfs.ts';
import { startTestDrive, type TestDrive } from '../support/mountedDrive.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const { signal } = new AbortController();

/** Has a file in `f` open until it hears that `f` went, and reads another one where `f` is then. */
const watcher = `
const { openSync, readFileSync, mkdirSync, watch } = require('node:fs');
process.chdir(process.argv[1]);
openSync('f/open');
watch('.', (_, name) => {
  if (name !== 'f') return;
  process.stdout.write(readFileSync('g/f/inner/name'), () => process.exit());
});
mkdirSync('watched');
`;

/** Makes `one/f`; when told that it is `two/f` by now, moves it on as the first thing it does with it there. */
const mover = `
const { openSync, mkdirSync, renameSync, writeFileSync } = require('node:fs');
const [top, way] = process.argv.slice(1);
process.chdir(top);
for (const folder of ['one/f', 'two', 'three']) mkdirSync(folder, { recursive: true });
writeFileSync('one/f/name', 'a file\\n');
if (way === 'a file in it open') openSync('one/f/name');
if (way === 'it as working directory') process.chdir('one/f');
process.stdout.write('made');
process.stdin.once('data', () => {
  renameSync(top + '/two/f', top + '/three/f');
  process.exit();
});
`;

describe('a change that is made in a window', () => {
  let drive: TestDrive;
  let mounts: Mounts;
  let context: FilesContext;
  /** This process serves the volume, so it must not touch it: a shell does. */
  const sh = async (script: string) =>
    (await run('sh', ['-c', script], { cwd: '/', env: { D: drive.mountPoint } })).stdout;

  before(async () => {
    drive = await startTestDrive();
    mounts = new Mounts(drive.session(), [], drive.log, {
      getDrivers: () => getVolumeDrivers('fuse', { stateFile: '', account: '' }),
      previewsDownload: () => false,
    });
    await mounts.mount({ mountPoint: drive.mountPoint, source: '/Jotta/Archive', readOnly: false });
    context = { session: drive.session(), getMounts: () => mounts.getStates(), mountsTold: () => mounts.told() };
  });
  after(async () => {
    await mounts.close();
    await drive.close();
  });

  /** Runs `work` while a program waits for an answer about a name in `folder`, which the kernel holds for it: alone, when it makes one. */
  const withHeld = async (folder: string, work: (letGo: () => void) => Promise<void>, program = 'stat') => {
    const { find } = Vfs.prototype;
    const gate = Promise.withResolvers<void>();
    let isHeld = false;
    Vfs.prototype.find = async function (...args: Parameters<typeof find>) {
      if (args[1] === 'held') {
        isHeld = true;
        await gate.promise;
      }
      return find.apply(this, args);
    };
    try {
      const holding = sh(`${program} "$D/${folder}/held" 2>&1; true`);
      await until('the folder is held', () => isHeld);
      await work(gate.resolve);
      gate.resolve();
      await holding;
    } finally {
      gate.resolve();
      Vfs.prototype.find = find;
    }
  };

  it('is answered once programs on the mount see it', async () => {
    await sh('mkdir "$D/f"; echo a file >"$D/f/name"; cat "$D/f/name"');
    await withHeld('f', async (letGo) => {
      let isAnswered = false;
      const changing = (async () => {
        await remove(context, { path: '/Jotta/Archive/f/name', recursive: false }, signal);
        await createFolder(context, '/Jotta/Archive/f/name');
        isAnswered = true;
      })();
      await delay(200);
      assert.equal(isAnswered, false);
      letGo();
      await changing;
      assert.equal(await sh('echo in it >"$D/f/name/new" && cat "$D/f/name/new"'), 'in it\n');
    });
  });

  it('is answered all the same where programs hold the folder up for long', async () => {
    await withHeld('.', () => createFolder(context, '/Jotta/Archive/made meanwhile'));
    assert.equal(await sh('ls "$D"'), 'f\nmade meanwhile\n');
  });

  for (const way of ['nothing of it in use', 'a file in it open', 'it as working directory']) {
    it(`leaves a folder that it moves to programs, which may move it on at once, with ${way}`, async () => {
      const child = spawn(process.execPath, ['-e', mover, drive.mountPoint, way], {
        cwd: '/',
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      try {
        await once(child.stdout, 'data');
        await rename(context, { from: '/Jotta/Archive/one/f', to: '/Jotta/Archive/two/f', overwrite: false });
        child.stdin.write('on');
        assert.deepEqual(await ended, [0, null]);
      } finally {
        child.kill();
      }
      assert.equal(await sh('cd "$D"; cat three/f/name; ls one two; rm -r one two three'), 'a file\none:\n\ntwo:\n');
    });
  }

  it('lets programs make files in a folder that it moves while its former folder is held up', async () => {
    await sh('cd "$D"; mkdir -p four/f five; echo a file >four/f/name');
    await withHeld(
      'four',
      async () => {
        await rename(context, { from: '/Jotta/Archive/four/f', to: '/Jotta/Archive/five/f', overwrite: false });
        assert.equal(await sh('cd "$D/five"; echo new >f/new; cat f/new f/name; ls f'), 'new\na file\nname\nnew\n');
      },
      'mkdir',
    );
    assert.equal(
      await sh('cd "$D"; cat five/f/new; ls four five/f; rm -r four five'),
      'new\nfive/f:\nname\nnew\n\nfour:\nheld\n',
    );
  });

  it('leaves a folder that it moves whole where watchers hear of it before the kernel does', async () => {
    await sh(
      'cd "$D"; mkdir -p f/inner g held; echo a file | tee f/inner/name >f/open; echo >held/name; cat f/inner/name',
    );
    const { vfs, treeChanged } = drive.session();
    const { ino: parent } = await vfs.resolve(rootIno, ['Jotta', 'Archive']);
    const [held, target] = [await vfs.lookup(parent, 'held'), await vfs.lookup(parent, 'g')];
    const went = await vfs.lookup(parent, 'f');
    const hearing = run(process.execPath, ['-e', watcher, drive.mountPoint], { cwd: '/', timeout: 30_000 });
    await until('it watches', () => vfs.getShownChild(parent, 'watched'));
    await withHeld('held', async () => {
      await vfs.rename({ parent, name: 'f' }, { parent: target.ino, name: 'f' }, 'noReplace');
      // The kernel takes the first of these when nobody waits in that folder, and the second after it.
      treeChanged.emit([
        { parent: held.ino, name: 'name' },
        { parent, name: 'f', went },
      ]);
      assert.equal((await hearing).stdout, 'a file\n');
    });
  });
});
