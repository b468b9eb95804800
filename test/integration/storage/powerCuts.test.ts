import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type SessionWorld, showServer, showTree, withWorld } from '../../support/sessionWorld.ts';
import { TestClock } from '../../support/testClock.ts';
import { DiskWatch, type Moment, type Remainder, remainders, restore } from './diskImage.ts';

const top = '/Jotta/Archive';
const writing = { writing: true, append: false, truncate: false };
/** On the server, or here and long on the disk. */
const before = {
  'known.txt': 'old',
  'doc.txt': 'old document',
  'gone.txt': 'removed later',
  'moved.txt': 'moved later',
};

async function getAccountDir(world: SessionWorld): Promise<string> {
  const accounts = join(world.dir, 'state', 'accounts');
  const [account = ''] = await readdir(accounts);
  return join(accounts, account);
}

async function drain(world: SessionWorld): Promise<void> {
  let done = false;
  const drained = world.drain().finally(() => {
    done = true;
  });
  await world.until('all is sent', () => done);
  await drained;
}

/** A session whose machine starts anew with every restart, and whose time stands still. */
async function withMachine(work: (world: SessionWorld, clock: TestClock) => Promise<void>): Promise<void> {
  const clock = new TestClock();
  let boots = 0;
  const getBootId = () => {
    boots += 1;
    return `boot ${boots}`;
  };
  await withWorld({}, { clock, getBootId }, async (world, emulator) => {
    for (const name of ['known.txt', 'doc.txt'] as const) await emulator.put(`${top}/${name}`, before[name]);
    await showTree(world, top);
    for (const name of ['gone.txt', 'moved.txt'] as const) await world.save(`${top}/${name}`, before[name]);
    await world.session().vfs.sync();
    await work(world, clock);
  });
}

async function actAndWatch(world: SessionWorld, clock: TestClock): Promise<{ moments: Moment[]; durable: number }> {
  const disk = new DiskWatch(await getAccountDir(world));
  try {
    await world.save(`${top}/new.txt`, 'new '.repeat(20_000));
    disk.take('after the close of a new file');
    await world.save(`${top}/known.txt`, 'edited');
    disk.take('after the close of an edit');
    await world.save(`${top}/doc.txt.tmp`, 'saved by rename');
    await world.rename(`${top}/doc.txt.tmp`, `${top}/doc.txt`);
    disk.take('after a rename over a file');
    await world.unlink(`${top}/gone.txt`);
    disk.take('after a removal');
    await world.mkdir(`${top}/folder`);
    await world.rename(`${top}/moved.txt`, `${top}/folder/moved.txt`);
    disk.take('after a move');
    // Nobody asks for it: this comes by itself, within a second.
    clock.advance(1_000);
    const isKept = ({ what }: Moment) => what === 'after the sync of metadata.db-wal';
    const end = performance.now() + 30_000;
    while (!disk.moments.some(isKept) && performance.now() < end) await turn();
    const durable = disk.moments.findLastIndex(isKept);
    assert.ok(durable > 0, 'no group commit came');
    return { moments: disk.moments, durable };
  } finally {
    disk.stop();
  }
}

/** Each name shows what it showed before or what was done; anything else would be torn or empty. */
const allowed: Readonly<Record<string, readonly (string | undefined)[]>> = {
  'new.txt': [undefined, 'new '.repeat(20_000)],
  'known.txt': ['old', 'edited'],
  'doc.txt': ['old document', 'saved by rename'],
  'doc.txt.tmp': [undefined, 'saved by rename'],
  'gone.txt': ['removed later', undefined],
  'folder/': [undefined, ''],
  'moved.txt': ['moved later', undefined],
  'folder/moved.txt': [undefined, 'moved later'],
};
const after = {
  'new.txt': 'new '.repeat(20_000),
  'known.txt': 'edited',
  'doc.txt': 'saved by rename',
  'folder/': '',
  'folder/moved.txt': 'moved later',
};

describe('a cut of the power at every point between an answer and the group commit', () => {
  for (const remainder of Object.keys(remainders) as Remainder[]) {
    for (const newestLog of [false, true]) {
      // Rows that promise nothing new leave nothing to be torn.
      if (!newestLog && remainder !== 'nothing') continue;
      it(`leaves each file whole, as it was or as it is, when the disk has ${remainder} and ${newestLog ? 'the newest' : 'the last synced'} log`, async () => {
        await withMachine(async (world, clock) => {
          const { moments, durable } = await actAndWatch(world, clock);
          for (const [index, moment] of moments.entries()) {
            await world.restart(async (dir) => restore(dir, moment, newestLog, remainder));
            const shown = await showTree(world, top);
            for (const [name, texts] of Object.entries(allowed)) {
              assert.ok(texts.includes(shown[name]), `${moment.what}: ${name} shows ${shown[name]?.slice(0, 40)}`);
            }
            const unknown = Object.keys(shown).filter((name) => allowed[name] === undefined);
            assert.deepEqual(unknown, [], moment.what);
            assert.equal([shown['moved.txt'], shown['folder/moved.txt']].filter(Boolean).length, 1, moment.what);
            if (index >= durable) assert.deepEqual(shown, after, moment.what);
          }
        });
      });
    }
  }
});

describe('a save of which the power took bytes after its row was kept', () => {
  it('is a failed change, what is left of it is set aside, and nothing of it is sent', async () => {
    await withMachine(async (world, clock) => {
      const { moments } = await actAndWatch(world, clock);
      const moment = moments.find(({ what }) => what === 'after a move') as Moment;
      await world.restart(async (dir) => restore(dir, moment, true, 'the first half'));
      const { rescued, history } = world.session();
      assert.deepEqual([rescued?.cause, rescued?.files], ['unclaimed', 2]);
      const left = await readdir(rescued?.folder ?? '');
      assert.deepEqual(left.map((name) => name.split(' ').at(-1)).sort(), ['known.txt', 'new.txt']);
      const failed = history.list(10).filter(({ outcome }) => outcome === 'powerLost');
      assert.deepEqual(failed.map(({ path }) => path).sort(), [`${top}/known.txt`, `${top}/new.txt`]);
      await drain(world);
      assert.deepEqual(await showServer(world.emulator, top), {
        'doc.txt': 'saved by rename',
        'folder/': '',
        'folder/moved.txt': 'moved later',
        'known.txt': 'old',
      });
      await world.restart();
      assert.equal(world.session().rescued, null, 'told once');
    });
  });

  it('is assumed where its checksums cannot be read, and the drive starts', async () => {
    await withMachine(async (world) => {
      await world.save(`${top}/new.txt`, 'whole, which nothing tells');
      await world.restart(async (dir) => {
        const db = new DatabaseSync(join(dir, 'metadata.db'));
        db.exec(`UPDATE staging SET sums = 'no list', epoch = 1000
          WHERE id = (SELECT staging FROM node WHERE name = 'new.txt')`);
        db.close();
      });
      const { rescued } = world.session();
      const [name = ''] = await readdir(rescued?.folder ?? '');
      assert.equal(await readFile(join(rescued?.folder ?? '', name), 'utf8'), 'whole, which nothing tells');
      assert.equal((await showTree(world, top))['new.txt'], undefined);
    });
  });

  it('brings back the file whose name it had taken before the server knew of it', async () => {
    await withMachine(async (world) => {
      await world.save(`${top}/anew.txt`, 'saved by rename');
      await world.rename(`${top}/anew.txt`, `${top}/doc.txt`);
      const disk = new DiskWatch(await getAccountDir(world));
      const { vfs } = world.session();
      const fh = await vfs.open(await world.find(`${top}/doc.txt`), writing);
      await vfs.write(fh, Buffer.from('SAVED'), 0);
      await vfs.flushHandle(fh);
      disk.take('after the close');
      disk.stop();
      await vfs.release(fh);
      await world.restart(async (dir) => restore(dir, disk.moments.at(-1) as Moment, true, 'zeros'));
      assert.equal(await world.readText(`${top}/doc.txt`), 'old document');
      await drain(world);
      assert.equal((await showServer(world.emulator, top))['doc.txt'], 'old document');
    });
  });
});

describe('a drive that was killed while the machine goes on', () => {
  it('has all that was answered, though nothing was synced', async () => {
    const clock = new TestClock();
    await withWorld({}, { clock, getBootId: () => 'boot' }, async (world, emulator) => {
      for (const name of ['known.txt', 'doc.txt'] as const) await emulator.put(`${top}/${name}`, before[name]);
      await showTree(world, top);
      for (const name of ['gone.txt', 'moved.txt'] as const) await world.save(`${top}/${name}`, before[name]);
      const { moments } = await actAndWatch(world, clock);
      const killed = moments.find(({ what }) => what === 'after a move') as Moment;
      await world.restart(async (dir) => restore(dir, killed, true, 'all of them'));
      assert.deepEqual(await showTree(world, top), after);
      assert.equal(world.session().rescued, null);
    });
  });

  it('makes it last for good with its next start, without another change', async () => {
    const clock = new TestClock();
    let boot = 'boot';
    await withWorld({}, { clock, getBootId: () => boot }, async (world, emulator) => {
      for (const name of ['known.txt', 'doc.txt'] as const) await emulator.put(`${top}/${name}`, before[name]);
      await showTree(world, top);
      for (const name of ['gone.txt', 'moved.txt'] as const) await world.save(`${top}/${name}`, before[name]);
      const { moments } = await actAndWatch(world, clock);
      const killed = moments.find(({ what }) => what === 'after a move') as Moment;
      let disk: DiskWatch | undefined;
      await world.restart(async (dir) => {
        restore(dir, killed, true, 'all of them');
        disk = new DiskWatch(dir, false);
      });
      const isKept = ({ what }: Moment) => what === 'after the sync of metadata.db-wal';
      const end = performance.now() + 30_000;
      while (disk?.moments.some(isKept) !== true && performance.now() < end) await turn();
      disk?.stop();
      const kept = disk?.moments.findLast(isKept);
      assert.ok(kept !== undefined, 'nothing made it last');
      boot = 'another boot';
      await world.restart(async (dir) => restore(dir, kept, false, 'nothing'));
      assert.deepEqual(await showTree(world, top), after);
    });
  });
});
