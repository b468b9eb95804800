import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createWorld, type Headless, until, type World } from './support.ts';

/** Goes to a folder and asks for its path until its input ends; says when it is there, and what it was refused. */
const sitter = `
import os, select, sys
os.chdir(sys.argv[1])
print('there', flush=True)
refused = ''
while not select.select([sys.stdin], [], [], 0.001)[0]:
    try: os.getcwd()
    except OSError as error: refused = str(error)
print(refused)
`;

/** A program whose working directory is `folder`; `leave` resolves with the last refusal of its path, '' when there was none. */
async function sitIn(folder: string): Promise<{ leave(): Promise<string> }> {
  const program = spawn('python3', ['-c', sitter, folder], { cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  program.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(program, 'close');
  await until('it is there', () => said.startsWith('there\n'));
  return {
    leave: async () => {
      program.stdin.end();
      assert.deepEqual(await ended, [0, null]);
      return said.slice('there\n'.length).trim();
    },
  };
}

for (const driver of ['fuse', 'binding'] as const) {
  describe(`a working directory in a volume of the driver "${driver}"`, () => {
    let world: World;
    let drive: Headless;
    const path = (...names: string[]) => join(drive.mountPoint, ...names);

    before(async () => {
      world = await createWorld();
      await world.emulator.put('/Jotta/Archive/project/source/file', 'x');
      drive = await world.start({ loginToken: world.emulator.newLoginToken(), driver });
    });
    after(() => world.close());

    it('stays valid when it is the first that is looked at, while what is around it becomes known', async () => {
      const program = await sitIn(path('project'));
      assert.deepEqual(await readdir(path()), ['project']);
      await world.emulator.put('/Jotta/Archive/beside', 'x');
      await until('the next change is seen', async () => (await readdir(path())).length === 2);
      assert.equal(await program.leave(), '');
    });
  });
}
