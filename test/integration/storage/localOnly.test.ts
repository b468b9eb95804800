import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { StagingFile } from '../../../src/content/stagingFile.ts';
import type { Session } from '../../../src/drive/session.ts';
import type { NodeRow, Place } from '../../../src/store/nodeRow.ts';
import { type SessionWorld, showServer, showTree, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
const [ordinary, local] = ['a.txt', '.#a.txt'];
const writing = { writing: true, append: false, truncate: false };

/** A new file that shares what `from` holds, where it may: as `cp` does, and as the windows do. */
const copies = {
  program: async ({ vfs }: Session, from: NodeRow, to: Place) => {
    const source = await vfs.open(from.ino, { ...writing, writing: false });
    const { fh } = await vfs.create(to.parent, to.name, 0o644, { ...writing, exclusive: true });
    assert.equal(await vfs.copyRange({ fh: source, position: 0 }, { fh, position: 0 }, from.size), from.size);
    for (const each of [fh, source]) await vfs.release(each);
  },
  window: async ({ vfs }: Session, { md5, size }: NodeRow, to: Place) => {
    await vfs.put(to, { create: true, overwrite: false }, (draft) => draft.share({ md5: md5 as string, size }));
  },
};

async function copy(world: SessionWorld, by: keyof typeof copies, from: string, to: string): Promise<void> {
  const source = world.session().nodes.get(await world.find(`${top}/${from}`)) as NodeRow;
  await copies[by](world.session(), source, { parent: await world.find(top), name: to });
}

/** Before the first content that is sent is looked at. */
function beforeFirstUpload(act: () => Promise<unknown>): void {
  const digest = mock.method(
    StagingFile.prototype,
    'digest',
    async function (this: StagingFile, ...given: Parameters<StagingFile['digest']>) {
      digest.mock.restore();
      await act();
      return this.digest(...given);
    },
  );
}

describe('a file of a local-only name', () => {
  for (const by of ['program', 'window'] as const) {
    it(`holds its own bytes when it is a copy, made by a ${by}, of a file in the account`, async () => {
      await withWorld({}, {}, async (world, emulator) => {
        await emulator.put(`${top}/${ordinary}`, 'in the account');
        await copy(world, by, ordinary, local);
        await world.session().store.evict(Number.POSITIVE_INFINITY);
        await world.restart();
        await emulator.outage(true);
        assert.equal(await world.readText(`${top}/${local}`), 'in the account');
      });
    });
  }

  it('is never made by a rename of one whose bytes only the server has', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await emulator.put(`${top}/original.txt`, 'in the account');
      await copy(world, 'program', 'original.txt', ordinary);
      await assert.rejects(world.rename(`${top}/${ordinary}`, `${top}/${local}`), { code: 'EXDEV' });
      const fh = await world.session().vfs.open(await world.find(`${top}/${ordinary}`), writing);
      await world.session().vfs.write(fh, Buffer.from('changed in part'), 3);
      await assert.rejects(world.rename(`${top}/${ordinary}`, `${top}/${local}`), { code: 'EXDEV' });
      await world.session().vfs.release(fh);
      await assert.rejects(world.rename(`${top}/${ordinary}`, `${top}/${local}`), { code: 'EXDEV' });
    });
  });

  it('is never made by a rename of one that is just being sent', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      await world.save(`${top}/${ordinary}`, 'new');
      let outcome = 'not tried';
      beforeFirstUpload(async () => {
        const rename = world.rename(`${top}/${ordinary}`, `${top}/${local}`);
        outcome = await rename.then(
          () => 'renamed',
          ({ code }) => code,
        );
      });
      await world.drain();
      assert.equal(outcome, 'EXDEV');
      assert.deepEqual(await showServer(emulator, top), { [ordinary]: 'new' });
    });
  });

  it('is not sent although its turn came before it got that name', async () => {
    await withWorld({}, {}, async (world, emulator) => {
      world.session().pusher.setParallel(1);
      await world.save(`${top}/first.txt`, 'first');
      await world.save(`${top}/${ordinary}`, 'stays');
      await world.save(`${top}/last.txt`, 'last');
      beforeFirstUpload(() => world.rename(`${top}/${ordinary}`, `${top}/${local}`));
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), { 'first.txt': 'first', 'last.txt': 'last' });
      assert.equal((await showTree(world, top))[local], 'stays');
    });
  });

  it('stays here when its folder leaves a local-only place: a symbolic link too', async () => {
    await withWorld({}, { localNames: ['here', 'ignored link'] }, async (world, emulator) => {
      await world.mkdir(`${top}/here`);
      const folder = await world.mkdir(`${top}/here/folder`);
      await world.session().vfs.symlink(folder, 'ignored link', 'target');
      await world.rename(`${top}/here/folder`, `${top}/folder`);
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), { 'folder/': '' });
    });
  });
});
