import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Emulator } from '../../emulator/emulator.ts';
import type { Told } from '../../emulator/model.ts';
import { type SessionWorld, showServer, showTree, withWorld } from '../../support/sessionWorld.ts';
import { TestClock } from '../../support/testClock.ts';

const top = '/Jotta/Archive';
const folder = `${top}/folder`;
const notEmpty = { code: 'ENOTEMPTY' };

const garbled: Record<string, Told> = {
  'whose size is no number': { size: 'NaN' },
  'whose size is empty beside the md5 of some bytes': { size: '' },
  'whose md5 is none': { md5: 'none' },
  'whose name can be no name here': { name: '..' },
  'that has no name': { name: '' },
};

async function rmTree(world: SessionWorld, path: string): Promise<void> {
  for (const { name, row } of await world.session().vfs.readdir(await world.find(path))) {
    if (row.kind === 'file') await world.unlink(`${path}/${name}`);
    else await rmTree(world, `${path}/${name}`);
  }
  await world.rmdir(path);
}

async function countUnusable(world: SessionWorld): Promise<number | undefined> {
  return world.session().nodes.get(await world.find(folder))?.unusable;
}

describe('a folder that holds only something on the server', () => {
  for (const [what, told] of Object.entries(garbled)) {
    it(`${what} is not removed and says why, over a restart too, and is once that can be used`, async () => {
      await withWorld({}, {}, async (world, emulator) => {
        await emulator.put(`${folder}/a.txt`, 'nobody here has seen this');
        emulator.garble(`${folder}/a.txt`, told);
        assert.deepEqual(await showTree(world, top), { 'folder/': '' });
        await world.restart();
        await assert.rejects(world.rmdir(folder), notEmpty);
        assert.ok(world.complaints.some((line) => /a folder is not removed.*cannot be shown here/.test(line)));
        await world.mkdir(`${top}/other`);
        await assert.rejects(world.rename(`${top}/other`, folder), notEmpty);
        await world.drain();
        assert.equal(String(await emulator.read(`${folder}/a.txt`)), 'nobody here has seen this');
        emulator.garble(`${folder}/a.txt`);
        await world.poll();
        assert.equal(await countUnusable(world), 0);
        await rmTree(world, folder);
        await world.drain();
        assert.deepEqual(await showServer(emulator, top), { 'other/': '' });
      });
    });
  }
});

describe('a folder that was removed here', () => {
  for (const liststream of ['given', '400'] as const) {
    for (const place of ['', 'sub/']) {
      it(`comes back when something came meanwhile that cannot be used: in ${folder}/${place}, liststream ${liststream}`, async () => {
        await withWorld({ quirks: { liststream } }, {}, async (world, emulator) => {
          await emulator.put(`${folder}/${place}a.txt`, 'one');
          await showTree(world, top);
          await emulator.put(`${folder}/${place}new.txt`, 'came meanwhile');
          emulator.garble(`${folder}/${place}new.txt`, { size: 'NaN' });
          await rmTree(world, folder);
          assert.deepEqual(await showTree(world, top), {});
          await world.drain();
          const left = { 'folder/': '', ...(place === '' ? {} : { 'folder/sub/': '' }) };
          assert.deepEqual(await showTree(world, top), left);
          assert.deepEqual(await showServer(emulator, top), { ...left, [`folder/${place}new.txt`]: 'came meanwhile' });
          assert.equal(emulator.stats().requests.dlDir ?? 0, 0);
          assert.ok(world.complaints.some((line) => /a removed folder stays on the server/.test(line)));
        });
      });
    }
  }

  it('stays on the server while the recursive listing alone tells of something that cannot be used', async () => {
    await withWorld({}, { clock: new TestClock() }, async (world, emulator) => {
      await emulator.put(`${folder}/a.txt`, 'one');
      await showTree(world, top);
      await rmTree(world, folder);
      const action = { type: 'hostile', variant: 'name-slash' } as const;
      emulator.setFaults([{ match: { kind: 'liststream' }, action }]);
      const drained = world.session().pusher.drain(AbortSignal.timeout(120_000));
      await world.until('it waits', () => world.complaints.some((line) => line.includes('push failed')));
      assert.deepEqual(await showServer(emulator, top), { 'folder/': '', 'folder/a.txt': 'one' });
      emulator.setFaults([]);
      await world.until('it is gone', () => emulator.tree().every(({ path }) => !path.startsWith(folder)));
      await drained;
    });
  });
});

describe('a file that was known and cannot be used any more', () => {
  const path = `${folder}/a.txt`;
  const world = (work: (world: SessionWorld, emulator: Emulator) => Promise<void>) =>
    withWorld({}, {}, async (given, emulator) => {
      await emulator.put(path, 'one');
      await emulator.put(`${folder}/b.txt`, 'two');
      await showTree(given, top);
      await work(given, emulator);
    });

  for (const [what, told] of Object.entries(garbled)) {
    it(`stays as it was, and follows once it can: ${what}`, () =>
      world(async (world, emulator) => {
        emulator.garble(path, told);
        await world.poll();
        assert.deepEqual(await showTree(world, folder), { 'a.txt': 'one', 'b.txt': 'two' });
        await emulator.put(path, 'changed elsewhere');
        await world.poll();
        assert.equal(await world.readText(path), 'one');
        emulator.garble(path);
        await world.poll();
        assert.deepEqual(await showTree(world, folder), { 'a.txt': 'changed elsewhere', 'b.txt': 'two' });
      }));
  }

  it('does not count as a reason to keep the folder: its name was seen here', () =>
    world(async (world, emulator) => {
      emulator.garble(path, { size: 'NaN' });
      await world.poll();
      assert.equal(await countUnusable(world), 0);
      await rmTree(world, folder);
      await world.drain();
      assert.deepEqual(await showServer(emulator, top), {});
    }));

  it('loses no edit that was not sent, neither here nor there', () =>
    world(async (world, emulator) => {
      await world.save(path, 'edited here');
      emulator.garble(path, { size: 'NaN' });
      await world.poll();
      assert.equal(await world.readText(path), 'edited here');
      await world.drain();
      emulator.garble(path);
      await world.poll();
      const texts = ['edited here', 'one', 'two'];
      assert.deepEqual(Object.values(await showTree(world, folder)).sort(), texts);
      assert.deepEqual(Object.values(await showServer(emulator, folder)).sort(), texts);
    }));
});

it('listings in which nothing has a name take nothing away, of devices and mountpoints neither', async () => {
  await withWorld({}, {}, async (world, emulator) => {
    await emulator.put(`${folder}/a.txt`, 'one');
    const before = await showTree(world, '');
    emulator.setFaults([{ match: { kind: 'list' }, action: { type: 'hostile', variant: 'name-empty' } }]);
    await world.poll();
    await world.session().folders.refresh(1);
    assert.ok(emulator.faults().every(({ matched }) => matched >= 4));
    emulator.setFaults([]);
    assert.deepEqual(await showTree(world, ''), before);
    assert.deepEqual(Object.keys(before).includes('Jotta/Archive/folder/a.txt'), true);
  });
});
