import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Emulator } from '../../emulator/emulator.ts';
import type { RequestKind } from '../../emulator/stats.ts';
import { showServer, showTree, withWorld } from '../../support/sessionWorld.ts';
import { TestClock } from '../../support/testClock.ts';

const top = '/Jotta/Archive';
const names = { host: 'host', now: 0 };
const writing = { writing: true, append: false, truncate: false };

const refuse = (emulator: Emulator, kind: RequestKind) =>
  emulator.setFaults([{ match: { kind }, action: { type: 'status', status: 403 } }]);

describe('giving up a refused change', () => {
  it('of a folder that holds what is in the account is refused before anything in it is removed', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await world.find(top);
      await world.session().vfs.readdir(await world.find(top));
      refuse(emulator, 'mkDir');
      const ino = await world.mkdir(`${top}/new`);
      await world.save(`${top}/new/mine.txt`, 'only here');
      await emulator.put(`${top}/theirs.txt`, 'in the account');
      await world.poll();
      await world.rename(`${top}/theirs.txt`, `${top}/new/theirs.txt`);
      await world.drain();
      assert.equal(world.session().nodes.get(ino)?.failure, 'forbidden');
      await assert.rejects(world.session().vfs.discard(ino, names), { code: 'ENOTEMPTY' });
      assert.equal(await world.readText(`${top}/new/mine.txt`), 'only here');
    });
  });

  it('of a folder is refused while something in it is open for writing', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      refuse(emulator, 'mkDir');
      const ino = await world.mkdir(`${top}/new`);
      const file = await world.save(`${top}/new/mine.txt`, 'only here');
      await world.drain();
      const fh = await world.session().vfs.open(file, writing);
      await assert.rejects(world.session().vfs.discard(ino, names), { code: 'EBUSY' });
      await world.session().vfs.release(fh);
    });
  });

  it('of a move never puts a folder into itself', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/p/x/file.txt`, 'kept');
      await world.readText(`${top}/p/x/file.txt`);
      refuse(emulator, 'mvDir');
      const x = await world.find(`${top}/p/x`);
      await world.rename(`${top}/p/x`, `${top}/x`);
      await world.drain();
      assert.equal(world.session().nodes.get(x)?.failure, 'forbidden');
      await world.rename(`${top}/p`, `${top}/x/p`);
      await world
        .session()
        .vfs.discard(x, names)
        .catch(() => {});
      const { nodes } = world.session();
      let steps = 0;
      for (let at = nodes.get(x); at !== undefined && at.parent !== null; at = nodes.get(at.parent)) {
        steps += 1;
        assert.ok(steps < 100, 'the folder is in itself: it is nowhere in the tree any more');
      }
      assert.ok(Object.values(await showTree(world, top)).includes('kept'));
    });
  });

  it('of a move tells that links made elsewhere may be shown by their other name again', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/p/x/link.rclonelink`, '../../../plain.txt');
      const { vfs, treeChanged } = world.session();
      const x = await world.find(`${top}/p/x`);
      await vfs.readdir(x);
      refuse(emulator, 'mvDir');
      await world.rename(`${top}/p/x`, `${top}/x`);
      await world.drain();
      const told: string[] = [];
      treeChanged.on((changes) => told.push(...changes.map(({ parent, name }) => `${parent}/${name}`)));
      await vfs.discard(x, names);
      assert.deepEqual(told, [`${x}/link.rclonelink`]);
    });
  });

  it('of the removal of a folder brings back what was in it', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/folder/file.txt`, 'in the account');
      await world.readText(`${top}/folder/file.txt`);
      refuse(emulator, 'dlDir');
      const ino = await world.find(`${top}/folder`);
      await world.unlink(`${top}/folder/file.txt`);
      await world.rmdir(`${top}/folder`);
      await world.drain();
      assert.equal(world.session().nodes.get(ino)?.failure, 'forbidden');
      await world.session().vfs.discard(ino, names);
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), { 'folder/': '', 'folder/file.txt': 'in the account' });
      assert.deepEqual(await showTree(world, top), { 'folder/': '', 'folder/file.txt': 'in the account' });
    });
  });

  it('content that was given up is not taken for an upload of our own when another device writes it', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/a.txt`, 'one');
      await world.readText(`${top}/a.txt`);
      refuse(emulator, 'allocate');
      const ino = await world.save(`${top}/a.txt`, 'two');
      await world.drain();
      await world.session().vfs.discard(ino, names);
      emulator.setFaults([]);
      await world.drain();
      await emulator.put(`${top}/a.txt`, 'two');
      await world.save(`${top}/a.txt`, 'three');
      await world.drain();
      const shown = await showServer(emulator, top);
      assert.equal(shown['a.txt'], 'two');
      assert.equal(Object.keys(shown).length, 2);
    });
  });
});

describe('a folder that is made anew', () => {
  it('does not become the one on the server when its name is ignored by now', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/build/old.txt`, 'old');
      await world.readText(`${top}/build/old.txt`);
      world.session().localNames.replace(['build']);
      await world.unlink(`${top}/build/old.txt`);
      await world.rmdir(`${top}/build`);
      await world.mkdir(`${top}/build`);
      await emulator.put(`${top}/build/theirs.txt`, 'theirs');
      await world.drain();
      const { nodes } = world.session();
      const row = nodes.getChild(await world.find(top), 'build');
      assert.ok(row?.localOnly === false || row?.synced === null, 'local-only and synced at once');
    });
  });
});

describe('a clock that is put back while a file is open', () => {
  it('does not keep the end of the session from flushing what was written before', async () => {
    const clock = new TestClock();
    await withWorld({}, { clock }, async (world) => {
      const ino = await world.save(`${top}/a.txt`, 'one');
      const { vfs } = world.session();
      const fh = await vfs.open(ino, writing);
      await vfs.write(fh, Buffer.from('two'), 3);
      clock.jump(-3_600_000);
      await world.restart();
      assert.equal(await world.readText(`${top}/a.txt`), 'onetwo');
    });
  });
});
