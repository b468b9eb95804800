import assert from 'node:assert/strict';
import { type FileHandle, open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { until } from '../support/until.ts';
import { createWorld, type Headless, type World } from './support.ts';

const mebibyte = 1024 * 1024;
/** Longer than the kernel believes attributes (volume/macfuse/limits.ts). */
const kernelMs = 1_500;
const old = Buffer.alloc(3 * mebibyte, 'a');

describe('a file that is open when another device replaces it', () => {
  let world: World;
  let drive: Headless;
  before(async () => {
    world = await createWorld();
    drive = await world.start({ loginToken: world.emulator.newLoginToken(), pollSeconds: 1 });
  });
  after(() => world.close());

  const readAll = async (handle: FileHandle) => {
    const pieces: Buffer[] = [];
    for (let position = 0; ; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(mebibyte), 0, mebibyte, position);
      if (bytesRead === 0) return Buffer.concat(pieces);
      pieces.push(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
  };

  /** Resolves after a poll that has brought a new file of this name, and all that came before it. */
  const hearOf = async (name: string) => {
    await world.emulator.put(`/Jotta/Archive/${name}`, 'x');
    const path = join(drive.mountPoint, name);
    await until(`${name} is heard of`, async () => (await stat(path).catch(() => undefined)) !== undefined);
  };

  for (const [what, length] of [
    ['by as many bytes', 3 * mebibyte],
    ['by fewer bytes', mebibyte],
    ['by more bytes', 5 * mebibyte],
  ] as const) {
    it(`${what}: is read to its end as it was opened, and is the new one at the next open`, async () => {
      const name = `${what}.bin`;
      const next = Buffer.alloc(length, 'b');
      await world.emulator.put(`/Jotta/Archive/${name}`, old);
      const path = join(drive.mountPoint, name);
      await until('it is there', async () => (await stat(path).catch(() => undefined)) !== undefined);
      const handle = await open(path);
      const first = await handle.stat();
      await handle.read(Buffer.alloc(4096), 0, 4096, 0);
      await world.emulator.put(`/Jotta/Archive/${name}`, next, { modified: new Date(1_500_000_000_000) });
      // Later than the kernel's memory of the attributes, and known to the drive: the next poll has brought this too.
      await hearOf(`after ${name}`);
      const attributes = { size: old.length, mtimeMs: first.mtimeMs };
      const asked = performance.now();
      while (performance.now() - asked < kernelMs) {
        const { size, mtimeMs } = await stat(path);
        assert.deepEqual({ size, mtimeMs }, attributes);
        assert.ok((await readAll(handle)).equals(old), 'one revision, all of it');
      }
      await handle.close();
      // close(2) answers before the drive hears of it, and the kernel believes attributes for a second.
      await until('the next open has the new one', async () => (await readFile(path)).equals(next));
    });
  }

  it('after it was saved here, by as many bytes: is the new one at the next open', async () => {
    const path = join(drive.mountPoint, 'saved.txt');
    await writeFile(path, 'saved here');
    const handle = await open(path);
    const arrived = () => world.emulator.read('/Jotta/Archive/saved.txt').catch(() => undefined);
    await until('it is uploaded', async () => String(await arrived()) === 'saved here');
    // By the next poll the drive has heard that it is.
    await hearOf('before it');
    await world.emulator.put('/Jotta/Archive/saved.txt', 'from there', { modified: new Date(1_500_000_000_000) });
    await hearOf('after it');
    await handle.read(Buffer.alloc(100), 0, 100, 0);
    await stat(path);
    await handle.close();
    await until('the next open has the new one', async () => String(await readFile(path)) === 'from there');
  });
});
