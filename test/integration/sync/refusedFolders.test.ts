import assert from 'node:assert/strict';
import { it } from 'node:test';
import { withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';

it('an edit does not wait for ever for a copy of the old bytes in a folder that the server refuses', () =>
  withWorld({ quirks: { nameLimit: 'bytes' } }, {}, async (world, emulator) => {
    const { vfs, nodes } = world.session();
    await emulator.put(`${top}/a.txt`, 'old bytes');
    const ino = await world.find(`${top}/a.txt`);
    const refused = `${top}/${'?'.repeat(255)}`;
    await world.mkdir(refused);
    const into = await vfs.create(await world.find(refused), 'copy.txt', 0o644, {
      writing: true,
      append: false,
      truncate: true,
      exclusive: false,
    });
    const from = await vfs.open(ino, { writing: false, append: false, truncate: false });
    await vfs.copyRange({ fh: from, position: 0 }, { fh: into.fh, position: 0 }, 9);
    await vfs.release(from);
    await vfs.release(into.fh);
    await world.save(`${top}/a.txt`, 'new bytes of mine');
    await world.drain();
    assert.equal(nodes.countPending().failed, 1);
    assert.equal(String(await emulator.read(`${top}/a.txt`)), 'new bytes of mine');
    await world.rename(refused, `${top}/taken`);
    await world.drain();
    assert.equal(String(await emulator.read(`${top}/taken/copy.txt`)), 'old bytes');
  }));
