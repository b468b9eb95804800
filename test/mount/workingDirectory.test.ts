import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it, type TestContext } from 'node:test';
import { rename } from '../../src/drive/files/names.ts';
import { rootIno } from '../../src/store/nodeRow.ts';
import { Vfs } from '../../src/vfs/vfs.ts';
import { initFlags2 } from '../../src/volume/linux/flags.ts';
import { startTestDrive, type TestDrive } from '../support/mountedDrive.ts';
import { until } from '../support/until.ts';
import { run } from './support.ts';

/** Goes to a folder and asks for its path all the time; tells it for each line of its input, and the last refusal since then, if any. */
const sitter = `
import os, select, sys
os.chdir(sys.argv[1])
print('there', flush=True)
refused = path = ''
while True:
    asked = select.select([sys.stdin], [], [], 0.001)[0] and sys.stdin.readline()
    try: path = os.getcwd()
    except OSError as error: refused = str(error)
    if asked:
        print(path, refused or 'valid', sep='\\n', flush=True)
        refused = ''
`;

/** What a program says of its working directory, which it has looked at once more before it answers. */
interface Said {
  /** The last one that it was told. */
  readonly path: string;
  /** `valid` when it had one all the time since it was asked last, else why not. */
  readonly state: string;
}

/** A program that goes to a folder of the volume and stays. */
async function sitIn(test: TestContext, folder: string): Promise<{ ask(): Promise<Said> }> {
  const program = spawn('python3', ['-c', sitter, folder], { cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface({ input: program.stdout }).on('line', (line) => lines.push(line));
  const ended = once(program, 'exit');
  test.after(async () => {
    program.kill();
    await ended;
  });
  const next = () => until('it answers', () => lines.shift());
  assert.equal(await next(), 'there');
  return {
    ask: async () => {
      program.stdin.write('\n');
      return { path: await next(), state: await next() };
    },
  };
}

/** This process serves the volume, so it must not touch it: a shell does. */
async function sh(folder: string, script: string): Promise<string> {
  const env = { ...process.env, D: folder };
  const { stdout } = await run('sh', ['-c', `cd "$D" && ( ${script}\n) 2>&1; true`], { cwd: '/', env });
  return stdout.trim();
}

/** A drive with a folder `project` that nobody has looked at. */
async function startDrive(driver: 'fuse' | 'binding'): Promise<TestDrive> {
  const drive = await startTestDrive({ driver, pollMs: 200 });
  await drive.emulator.put('/Jotta/Archive/project/source/file', 'x');
  await drive.mount();
  return drive;
}

/** Resolves when the volumes have been told of this name. */
function untilTold(drive: TestDrive, name: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = drive.session().treeChanged.on((changes) => {
      if (!changes.some((change) => change.name === name)) return;
      stop();
      resolve();
    });
  });
}

const kernels = [
  { driver: 'fuse', expires: true, title: 'the kernel driver' },
  { driver: 'fuse', expires: false, title: 'the kernel driver, to a kernel that cannot have names expire' },
  { driver: 'binding', expires: false, title: 'the binding' },
] as const;

for (const { driver, expires, title } of kernels) {
  describe(`a working directory in a volume of ${title}`, () => {
    let drive: TestDrive;

    before(async () => {
      const { expireOnly } = initFlags2;
      if (!expires) Object.assign(initFlags2, { expireOnly: 0 });
      drive = await startDrive(driver);
      Object.assign(initFlags2, { expireOnly });
    });
    after(() => drive.close());

    it('stays valid when it is the first that is looked at, while what is around it becomes known', async (test) => {
      const program = await sitIn(test, join(drive.mountPoint, 'project'));
      const told = untilTold(drive, 'beside');
      await drive.emulator.put('/Jotta/Archive/beside', 'x');
      await told;
      assert.equal(await sh(drive.mountPoint, 'cat beside; ls'), 'xbeside\nproject');
      assert.equal((await program.ask()).state, 'valid');
    });

    it('stays valid when its name is given another case elsewhere, whatever it is then looked up by', async (test) => {
      const program = await sitIn(test, join(drive.mountPoint, 'project'));
      const told = untilTold(drive, 'project');
      drive.emulator.move('/Jotta/Archive/project', '/Jotta/Archive/Project');
      await told;
      // By the name that programs know that have it open.
      for (const name of ['project', 'project', 'Project', 'project', 'PROJECT']) {
        await until(`it is there as ${name}`, () => sh(drive.mountPoint, `cat ${name}/source/file`));
        assert.equal((await program.ask()).state, 'valid');
      }
      assert.equal(await sh(drive.mountPoint, 'ls'), 'Project\nbeside');
    });

    it('stays valid while something in it is made and removed in two cases, and it is looked up meanwhile', async (test) => {
      await sh(drive.mountPoint, 'mkdir kept');
      const program = await sitIn(test, join(drive.mountPoint, 'kept'));
      const { find } = Vfs.prototype;
      Vfs.prototype.find = async function (parent, name) {
        // The time that an answer takes.
        if (name === 'kept') await program.ask();
        return find.call(this, parent, name);
      };
      test.after(() => Object.assign(Vfs.prototype, { find }));
      const here = 'cat kept/makefile';
      assert.match(await sh(drive.mountPoint, here), /No such file/);
      assert.equal(await sh(drive.mountPoint, `echo all: >kept/Makefile; ${here}`), 'all:');
      assert.match(
        await sh(drive.mountPoint, `rm kept/makefile; ${here}; cat kept/Makefile`),
        /^(.*No such file.*\s*){2}$/,
      );
      assert.equal((await program.ask()).state, 'valid');
    });

    // The binding knows folders by their paths.
    if (driver === 'binding') return;
    it('has its new path when a window renames it, to another case too, and is valid once watchers are told', async (test) => {
      await sh(drive.mountPoint, 'mkdir named');
      const program = await sitIn(test, join(drive.mountPoint, 'named'));
      const context = { session: drive.session(), getMounts: () => [], mountsTold: async () => {} };
      for (const [from, to] of [
        ['named', 'Named'],
        ['Named', 'other'],
      ] as const) {
        const [source, target] = [from, to].map((name) => `/Jotta/Archive/${name}`) as [string, string];
        await rename(context, { from: source, to: target, overwrite: false });
        await until('it has its new path', async () => (await program.ask()).path === join(drive.mountPoint, to));
        // The kernel drops the name for the moment in which a process makes it once more, for watchers of files.
        await until('it is valid', async () => (await program.ask()).state === 'valid');
      }
    });

    it('is known by its new path, once that is looked at, when it was moved through another volume', async (test) => {
      await sh(drive.mountPoint, 'mkdir here');
      const program = await sitIn(test, join(drive.mountPoint, 'here'));
      const { vfs, treeChanged } = drive.session();
      const { ino: parent } = await vfs.resolve(rootIno, ['Jotta', 'Archive']);
      await vfs.rename({ parent, name: 'here' }, { parent, name: 'there' }, 'replace');
      treeChanged.emit(['here', 'there'].map((name) => ({ parent, name })));
      await until('the old one is gone', async () => /No such file/.test(await sh(drive.mountPoint, 'stat here')));
      assert.equal(await sh(drive.mountPoint, 'stat -c %F there'), 'directory');
      assert.equal((await program.ask()).path, join(drive.mountPoint, 'there'));
    });
  });
}
