import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fh } from '../../../src/vfs/openInode.ts';
import type { Vfs } from '../../../src/vfs/vfs.ts';
import { type SessionWorld, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
const theirs = 'this is the longer one that came from elsewhere';
const reading = { writing: false, append: false, truncate: false };
const writing = { ...reading, writing: true };

async function openForNothing(
  world: SessionWorld,
  name: string,
  text: string,
  touch: (vfs: Vfs, fh: Fh) => Promise<unknown>,
): Promise<{ fh: Fh; text: string }> {
  const { vfs } = world.session();
  const ino = await world.save(`${top}/${name}`, text);
  await world.drain();
  const fh = await vfs.open(ino, reading);
  const writer = await vfs.open(ino, writing);
  await touch(vfs, writer);
  await vfs.flushHandle(writer);
  await vfs.release(writer);
  return { fh, text };
}

/** How a file that is open for reading comes to be one that the server has, byte for byte. Answers a handle and what it reads. */
const ways: Record<string, (world: SessionWorld, name: string) => Promise<{ fh: Fh; text: string }>> = {
  'was saved here and is uploaded': async (world, name) => {
    const fh = await world.session().vfs.open(await world.save(`${top}/${name}`, 'saved here'), reading);
    await world.drain();
    return { fh, text: 'saved here' };
  },
  'was copied here without its bytes': async (world, name) => {
    const { vfs } = world.session();
    const source = await vfs.open(await world.save(`${top}/source`, 'to be copied'), reading);
    await world.drain();
    await vfs.release(source);
    const clean = await vfs.open(await world.find(`${top}/source`), reading);
    const options = { ...writing, truncate: true, exclusive: false };
    const { fh: copy, row } = await vfs.create(await world.find(top), name, 0o644, options);
    await vfs.copyRange({ fh: clean, position: 0 }, { fh: copy, position: 0 }, 100);
    const fh = await vfs.open(row.ino, reading);
    await vfs.release(copy);
    await vfs.release(clean);
    await world.drain();
    return { fh, text: 'to be copied' };
  },
  'was opened by a writer who wrote nothing': (world, name) =>
    openForNothing(world, name, 'as it was', (vfs, fh) =>
      vfs.allocate(fh, 0, 4, { what: 'allocate', keepSize: false }),
    ),
  'is empty, and was opened by a writer who wrote nothing': (world, name) =>
    openForNothing(world, name, '', (vfs, fh) => vfs.write(fh, Buffer.alloc(0), 0)),
};

describe('a file that is open for reading', () => {
  for (const [what, begin] of Object.entries(ways)) {
    it(`has size and bytes of one revision when it ${what}, and another computer replaces it; a writer gets theirs`, () =>
      withWorld({}, {}, async (world, emulator) => {
        const name = 'a.txt';
        const { fh, text } = await begin(world, name);
        const { vfs } = world.session();
        await emulator.put(`${top}/${name}`, theirs);
        await world.poll();
        const again = await vfs.open(await world.find(`${top}/${name}`), reading);
        for (const each of [fh, again]) {
          assert.deepEqual([vfs.getHandleAttr(each).size, String(await vfs.read(each, 0, 1000))], [text.length, text]);
        }
        const writer = await vfs.open(await world.find(`${top}/${name}`), writing);
        for (const each of [fh, again, writer]) {
          assert.deepEqual(
            [vfs.getHandleAttr(each).size, String(await vfs.read(each, 0, 1000))],
            [theirs.length, theirs],
          );
          await vfs.release(each);
        }
      }));
  }

  it('has size and bytes of what it opened after that is given up, and those of the server after the last close', () =>
    withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/given up.txt`, theirs);
      await world.poll();
      const ino = await world.save(`${top}/given up.txt`, 'ours');
      const { vfs, nodes } = world.session();
      nodes.update(ino, { failure: 'forbidden' });
      const fh = await vfs.open(ino, reading);
      await vfs.discard(ino, { host: 'here', now: 0 });
      assert.deepEqual([vfs.getHandleAttr(fh).size, String(await vfs.read(fh, 0, 1000))], [4, 'ours']);
      await vfs.release(fh);
      const next = await vfs.open(ino, reading);
      assert.deepEqual([vfs.getHandleAttr(next).size, String(await vfs.read(next, 0, 1000))], [theirs.length, theirs]);
      await vfs.release(next);
    }));
});
