import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createWorld, type Headless, type World } from '../support.ts';

const { O_APPEND, O_RDWR, O_TRUNC, O_WRONLY } = constants;
const old = 'o'.repeat(100);
const anew = 'n'.repeat(300);
/** Longer than the test: what was saved here stays unsent. ms. */
const settleMs = 3_600_000;
const stateFiles = (world: World) => readdir(join(world.dir, 'state'), { recursive: true });

interface Case {
  readonly what: string;
  readonly flags: number;
  readonly write: (fd: number) => void;
  readonly found: string;
}

const cases: readonly Case[] = [
  {
    // First, because the other program closes its duplicates of all that is open. So does `command > file` in a shell.
    what: 'flushed by the start of another program.txt',
    flags: O_WRONLY | O_TRUNC,
    write: (fd) => {
      writeSync(fd, anew);
      spawnSync('true');
      writeSync(fd, anew);
    },
    found: anew,
  },
  { what: 'emptied.txt', flags: O_WRONLY | O_TRUNC, write: (fd) => writeSync(fd, anew), found: old },
  { what: 'added-to.txt', flags: O_WRONLY | O_APPEND, write: (fd) => writeSync(fd, anew), found: old },
  // Over the bytes of the only copy there is, at the size of the last flush.
  { what: 'in-place.txt', flags: O_RDWR, write: (fd) => writeSync(fd, anew), found: anew.slice(0, old.length) },
  {
    what: 'in-part.txt',
    flags: O_RDWR,
    write: (fd) => writeSync(fd, 'nn', 10),
    found: `${old.slice(0, 10)}nn${old.slice(12)}`,
  },
  { what: 'cut.txt', flags: O_RDWR, write: (fd) => ftruncateSync(fd, 50), found: old.slice(0, 50) },
];

describe('a file that waits for its upload, when the drive is killed before a write to it is flushed', () => {
  let world: World;
  let drive: Headless;
  before(async () => {
    world = await createWorld();
    await world.emulator.put('/Jotta/Archive/uploaded.txt', old);
    drive = await world.start({ loginToken: world.emulator.newLoginToken(), settleMs });
    for (const { what } of cases) await writeFile(join(drive.mountPoint, what), old);
    const fds: number[] = [];
    for (const { what, flags, write } of cases) {
      const fd = openSync(join(drive.mountPoint, what), flags);
      fds.push(fd);
      write(fd);
    }
    const sent = openSync(join(drive.mountPoint, 'uploaded.txt'), O_RDWR);
    fds.push(sent);
    writeSync(sent, anew);
    await drive.kill();
    for (const fd of fds) closeDead(fd);
    drive = await world.start({ settleMs });
  });
  after(() => world.close());

  for (const { what, found } of cases) {
    it(`is found as SEMANTICS says: ${what}`, async () => {
      assert.equal(await readFile(join(drive.mountPoint, what), 'utf8'), found);
    });
  }

  it('is as it was where the server has it, and the bytes are set aside, also those that were to replace an emptied one', async () => {
    assert.equal(await readFile(join(drive.mountPoint, 'uploaded.txt'), 'utf8'), old);
    const lost = (await stateFiles(world)).filter((path) => /lost\+found\/./.test(path));
    assert.equal(lost.length, 2);
    for (const path of lost) assert.equal(await readFile(join(world.dir, 'state', path), 'utf8'), anew);
  });
});

/** Its flush finds no drive any more. */
function closeDead(fd: number): void {
  assert.throws(() => closeSync(fd), { code: 'ENOTCONN' });
}
