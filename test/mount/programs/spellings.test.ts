import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { until } from '../../support/until.ts';
import { createWorld, type Headless, remoteFiles, run, type World } from '../support.ts';

/** Runs a shell script in a folder; answers what it says and its exit code. */
async function shell(folder: string, script: string): Promise<{ code: number; said: string }> {
  const { stdout } = await run('sh', ['-c', `( ${script}\n) 2>&1; echo "=$?"`], { cwd: folder, timeout: 60_000 });
  const at = stdout.lastIndexOf('=');
  return { code: Number(stdout.slice(at + 1)), said: stdout.slice(0, at) };
}

const text = 'what the file holds\n';

describe('two spellings of one name are one file', () => {
  let world: World;
  let drive: Headless;
  let folder: string;
  let count = 0;

  before(async () => {
    world = await createWorld();
    drive = await world.start({ loginToken: world.emulator.newLoginToken(), settleMs: 50 });
  });
  after(() => world.close());

  beforeEach(async () => {
    count += 1;
    folder = join(drive.mountPoint, `case ${count}`);
    await mkdir(folder);
    await writeFile(join(folder, 'a'), text);
  });

  const load = (name: string) => readFile(join(folder, name), 'utf8');
  const names = async () => (await readdir(folder)).sort();
  /** The file is whole, under either of its names, and alone. */
  const checkKept = async (content = text) => {
    const [name = '', ...others] = await names();
    assert.deepEqual(others, []);
    assert.match(name, /^a$/i);
    assert.equal(await load(name), content);
  };

  it('have one inode number, device and size', async () => {
    const [one, other] = [await stat(join(folder, 'a')), await stat(join(folder, 'A'))];
    assert.equal(one.ino, other.ino);
    assert.equal(one.dev, other.dev);
    assert.equal(other.size, text.length);
  });

  const copies: readonly (readonly [string, string])[] = [
    ['cp', 'cp a A'],
    ['cp --remove-destination', 'cp --remove-destination a A'],
    ['install', 'install a A'],
    ['mv', 'mv a A'],
    ['cat >>', 'cat a >> A'],
    ['Python', `python3 -c "import shutil; shutil.copyfile('a', 'A')"`],
    ['Node', `${process.execPath} -e "fs.copyFileSync('a', 'A')"`],
    ['rsync', 'rsync a A'],
  ];
  for (const [name, script] of copies) {
    it(`so that ${name} onto the other spelling loses nothing`, async () => {
      await shell(folder, script);
      await checkKept();
    });
  }

  it('below folders of two spellings as well', async () => {
    await mkdir(join(folder, 'D'));
    await writeFile(join(folder, 'D', 'x'), text);
    await shell(folder, 'cp D/x d/X');
    assert.equal(await load('D/x'), text);
    assert.deepEqual(await readdir(join(folder, 'd')), ['x']);
  });

  it('and a rename to the other spelling is one', async () => {
    await shell(folder, `python3 -c "import os; os.rename('a', 'A')"`);
    assert.deepEqual(await names(), ['A']);
    assert.equal(await load('a'), text);
    await shell(folder, `python3 -c "import os; os.stat('a'); os.rename('A', 'a'); os.rename('a', 'A')"`);
    assert.deepEqual(await names(), ['A']);
  });

  it('of a folder too, from within', async () => {
    await mkdir(join(folder, 'dir'));
    const { said } = await shell(
      folder,
      `cd DIR && python3 -c "import os; os.rename('../dir', '../Dir')" && touch here`,
    );
    assert.equal(said, '');
    assert.deepEqual(await names(), ['Dir', 'a']);
    assert.deepEqual(await readdir(join(folder, 'dir')), ['here']);
  });

  it('while it is open through the other spelling', async () => {
    const { said } = await shell(
      folder,
      `exec 5<>A; python3 -c "import os; os.rename('a', 'A')"; cat <&5; printf more >&5; stat -L -c %s /dev/fd/5`,
    );
    assert.equal(said, `${text}${text.length + 4}\n`);
    assert.deepEqual(await names(), ['A']);
    assert.equal(await load('A'), `${text}more`);
  });

  it('and moving it onto the spelling through which it is open keeps it, on the server too', async () => {
    await until('it is up', () => remoteFiles(world.emulator).has(`case ${count}/a`));
    await shell(folder, 'exec 5<A; mv a A; cat <&5');
    await checkKept();
    await shell(folder, `exec 5<A; python3 -c "import os; os.rename('a', 'A')"; cat <&5`);
    await checkKept();
    await until('the server follows', () => remoteFiles(world.emulator).has(`case ${count}/A`));
  });

  it('and fstat of a file removed by its other spelling goes on', async () => {
    const { said } = await shell(folder, 'exec 5<a; rm A; stat -L -c %h /dev/fd/5; cat <&5; ls');
    assert.equal(said, `0\n${text}`);
  });

  it('and a name removed or moved by its other spelling is gone at once, and can be made anew', async () => {
    const script = `
import os
for round in range(50):
    open('Some', 'w').close()
    assert os.stat('some').st_ino == os.stat('Some').st_ino == os.stat('SOME').st_ino
    os.unlink('some') if round % 2 else os.rename('some', 'other')
    assert not os.path.exists('Some') and not os.path.exists('some') and not os.path.exists('SOME'), round
    open('SOME', 'x').close()
    assert os.path.exists('Some') and os.path.exists('some'), round
    os.unlink('SOME')
`;
    const { said } = await shell(folder, `python3 -c "${script}"`);
    assert.equal(said, '');
  });

  it('and bytes written through one are read through the other at once, mapped ones too', async () => {
    const script = `
import mmap, os
low = os.open('a', os.O_RDWR)
high = os.open('A', os.O_RDWR)
assert os.fstat(low).st_ino == os.fstat(high).st_ino
seen = mmap.mmap(low, 4)
os.pwrite(high, b'WHAT', 0)
assert os.pread(low, 4, 0) == b'WHAT'
assert seen[:] == b'WHAT'
seen[:] = b'mapp'
assert os.pread(high, 4, 0) == b'mapp'
`;
    const { said } = await shell(folder, `python3 -c "${script}"`);
    assert.equal(said, '');
  });

  it('and locks of the two exclude each other', async () => {
    const script = `
import fcntl, os
low = open('a', 'r+')
fcntl.flock(low, fcntl.LOCK_EX)
high = open('A', 'r+')
try:
    fcntl.flock(high, fcntl.LOCK_EX | fcntl.LOCK_NB)
    print('flock')
except BlockingIOError:
    pass
fcntl.flock(low, fcntl.LOCK_UN)
fcntl.lockf(low, fcntl.LOCK_EX)
if os.fork() == 0:
    try:
        fcntl.lockf(open('A', 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)
        print('lockf', flush=True)
    except BlockingIOError:
        pass
    os._exit(0)
os.wait()
`;
    const { said } = await shell(folder, `python3 -c "${script}"`);
    assert.equal(said, '');
  });

  it('and git checks out a branch in which a name has the other case', async () => {
    await rm(join(folder, 'a'));
    const { said, code } = await shell(
      folder,
      `set -e; export HOME=$PWD GIT_CONFIG_NOSYSTEM=1; git init -q -b main .; git config user.email a@b; git config user.name n
echo one > Name; git add Name; git commit -qm one; git checkout -q -b other; git mv Name name; echo two > name
git commit -qam two; git checkout -q main; cat Name; git checkout -q other; cat name; git status --short`,
    );
    assert.equal(said, 'one\ntwo\n');
    assert.equal(code, 0);
    assert.deepEqual(
      (await names()).filter((name) => name !== '.git'),
      ['name'],
    );
  });

  it('and mkdir, symlink and O_EXCL in another spelling find the name taken', async () => {
    const script = `
import os
for make in (lambda: os.mkdir('A'), lambda: os.symlink('x', 'A'), lambda: os.open('A', os.O_CREAT | os.O_EXCL)):
    try:
        make()
        print('made')
    except FileExistsError:
        pass
`;
    const { said } = await shell(folder, `python3 -c "${script}"`);
    assert.equal(said, '');
    await checkKept();
  });
});
