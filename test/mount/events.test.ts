import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { md5 } from '../support/md5.ts';
import { until } from '../support/until.ts';
import { createWorld, type Headless, remoteFiles, type World } from './support.ts';

/** Polling alone would show nothing for this long. */
const pollSeconds = 60;
/** Measured: about 0.25 s. */
const visibleMs = 2_000;

async function startWatching(world: World, options: { loginToken?: string } = {}): Promise<Headless> {
  const drive = await world.start({ ...options, pollSeconds });
  await until('it is subscribed', () => world.emulator.eventSubscribers() === 1);
  await readdir(drive.mountPoint);
  return drive;
}

/** Waits until the events of what was done before have come back and are settled: a change after them is shown. */
async function settled({ emulator }: World, { mountPoint }: Headless, name: string): Promise<void> {
  await emulator.put(`/Jotta/Archive/${name}`, 'settled');
  await until(`${name} shows`, async () => (await readdir(mountPoint)).includes(name));
}

describe('changes made elsewhere, with the event socket', () => {
  let world: World;
  let drive: Headless;
  before(async () => {
    world = await createWorld();
    drive = await startWatching(world, { loginToken: world.emulator.newLoginToken() });
  });
  after(() => world.close());

  const read = (name: string) => readFile(join(drive.mountPoint, name), 'utf8').catch(() => undefined);
  const list = async (folder = '') => (await readdir(join(drive.mountPoint, folder))).sort().join();

  /** Makes a change, and says how long it took to show after that. */
  async function shows(test: TestContext, what: string, change: () => unknown, seen: () => Promise<boolean>) {
    await change();
    const startedAt = performance.now();
    await until(what, seen, visibleMs);
    test.diagnostic(`${what} after ${Math.round(performance.now() - startedAt)} ms`);
  }

  it('are in the mount within a second: put, rewritten, moved, removed, and in folders', async (test) => {
    const { emulator } = world;
    const at = (path: string) => `/Jotta/Archive/${path}`;
    const put = (path: string, text: string) => () => emulator.put(at(path), text);
    await shows(test, 'a new file shows', put('a.txt', 'one'), async () => (await read('a.txt')) === 'one');
    await shows(test, 'new bytes show', put('a.txt', 'two'), async () => (await read('a.txt')) === 'two');
    const move = () => emulator.move(at('a.txt'), at('b.txt'));
    await shows(test, 'the new name shows', move, async () => (await list()) === 'b.txt');
    await shows(test, 'a folder shows', put('d/e/f.txt', 'deep'), async () => (await read('d/e/f.txt')) === 'deep');
    await shows(
      test,
      'a file deep in it shows',
      put('d/e/g.txt', 'g'),
      async () => (await list('d/e')) === 'f.txt,g.txt',
    );
    const moveFolder = () => emulator.move(at('d'), at('moved'));
    await shows(test, 'the moved folder shows', moveFolder, async () => (await list()) === 'b.txt,moved');
    const remove = () => {
      emulator.remove(at('b.txt'));
      emulator.remove(at('moved'));
    };
    await shows(test, 'the removals show', remove, async () => (await list()) === '');
  });

  it('by rclone are in the mount within a second of its answer', async (test) => {
    const local = join(world.dir, 'note.txt');
    await writeFile(local, 'by rclone');
    const copy = () => world.rclone('copyto', local, 'remote:note.txt');
    await shows(test, 'the copy shows', copy, async () => (await read('note.txt')) === 'by rclone');
    const move = () => world.rclone('moveto', 'remote:note.txt', 'remote:renamed.txt');
    await shows(test, 'the new name shows', move, async () => (await list()) === 'renamed.txt');
    const remove = () => world.rclone('deletefile', 'remote:renamed.txt');
    await shows(test, 'the removal shows', remove, async () => (await list()) === '');
  });

  it('are shown after a cut, also those made during it', async (test) => {
    world.emulator.setFaults([{ match: { kind: 'eventSocket' }, times: 1, action: { type: 'status', status: 503 } }]);
    world.emulator.cutEvents();
    await until('the cut is noticed', () => world.emulator.eventSubscribers() === 0);
    await world.emulator.put('/Jotta/Archive/meanwhile.txt', 'meanwhile');
    const startedAt = performance.now();
    await until('it is back', () => world.emulator.eventSubscribers() === 1);
    test.diagnostic(`connected again after ${Math.round(performance.now() - startedAt)} ms`);
    await until('the missed change shows', async () => (await list()) === 'meanwhile.txt', visibleMs);
    const remove = () => world.emulator.remove('/Jotta/Archive/meanwhile.txt');
    await shows(test, 'a change after it shows', remove, async () => (await list()) === '');
  });

  it('are shown though frames nobody understands come between', async (test) => {
    for (const text of ['', '{', '[]', '{"EVENT":{"ST":"DELETE","D":{"FROM":"/../../etc"}}}']) {
      world.emulator.sendEventText(text);
    }
    const put = () => world.emulator.put('/Jotta/Archive/after.txt', 'x');
    await shows(test, 'the change shows', put, async () => (await read('after.txt')) === 'x');
    assert.equal(world.emulator.eventSubscribers(), 1);
    world.emulator.remove('/Jotta/Archive/after.txt');
    await until('it is gone', async () => (await list()) === '');
  });
});

describe('the cost of events', () => {
  let world: World;
  let drive: Headless;
  before(async () => {
    world = await createWorld();
    drive = await startWatching(world, { loginToken: world.emulator.newLoginToken() });
  });
  after(() => world.close());

  const listings = () => world.emulator.stats().requests.list ?? 0;

  it('of 100 of our own uploads is next to nothing', async (test) => {
    world.emulator.resetStats();
    await mkdir(join(drive.mountPoint, 'own'));
    for (let i = 0; i < 100; i += 1) await writeFile(join(drive.mountPoint, 'own', `${i}.txt`), `own ${i}`);
    await until('all are on the server', () => remoteFiles(world.emulator).size === 100);
    const uploading = listings();
    await settled(world, drive, 'marker 1');
    test.diagnostic(`${uploading} listings during the uploads, ${listings()} with that of a change elsewhere`);
    // An event may overtake the answer of its own push: then it costs a look.
    assert.ok(listings() <= 12, `${listings()} listings`);
  });

  it('of our own edits, renames and removals is next to nothing', async (test) => {
    world.emulator.resetStats();
    const own = (name: string) => join(drive.mountPoint, 'own', name);
    for (let i = 0; i < 30; i += 1) {
      await writeFile(own(`${i}.txt`), `edited ${i}`);
      await rename(own(`${30 + i}.txt`), own(`renamed ${i}.txt`));
      await rm(own(`${60 + i}.txt`));
    }
    await until('all is on the server', () => {
      const files = remoteFiles(world.emulator);
      const edited = files.get('own/29.txt')?.md5 === md5('edited 29');
      return edited && files.has('own/renamed 29.txt') && files.size === 71;
    });
    await settled(world, drive, 'marker 2');
    test.diagnostic(`${listings()} listings, one of them for a change elsewhere`);
    // An event may overtake the answer of its own push: then it costs a look.
    assert.ok(listings() <= 12, `${listings()} listings`);
  });

  it('of a storm of 1,000 is a few listings, and its end is shown', async (test) => {
    await rm(join(drive.mountPoint, 'own'), { recursive: true });
    await until('the server is empty', () => remoteFiles(world.emulator).size === 2);
    await settled(world, drive, 'marker 3');
    world.emulator.resetStats();
    const startedAt = performance.now();
    for (let i = 0; i < 1_000; i += 1) await world.emulator.put(`/Jotta/Archive/storm ${i}.txt`, `storm ${i}`);
    const stormMs = performance.now() - startedAt;
    await until('all show', async () => (await readdir(drive.mountPoint)).length === 1_003);
    const shownMs = performance.now() - startedAt;
    test.diagnostic(`1,000 events in ${Math.round(stormMs)} ms, all shown after ${Math.round(shownMs)} ms`);
    test.diagnostic(`${listings()} listings`);
    // A bucket of ten looks, and one more each second.
    const most = 10 + Math.ceil(shownMs / 1_000);
    assert.ok(listings() <= most, `${listings()} listings of at most ${most}`);
  });

  it('of 1,000 in folders nobody opened is nothing but the listing that shows them', async (test) => {
    world.emulator.resetStats();
    for (let i = 0; i < 1_000; i += 1) await world.emulator.put(`/Jotta/Sync/${i % 200}/${i}.txt`, `far ${i}`);
    await settled(world, drive, 'marker 4');
    test.diagnostic(`${listings()} listings, one of them for a change elsewhere`);
    assert.ok(listings() <= 4, `${listings()} listings`);
  });
});

describe('an account without the event socket', () => {
  for (const eventSocket of ['no-token', 'forbidden', 'refused', 'silent'] as const) {
    it(`is polled, and nothing is said about it (${eventSocket})`, async () => {
      const world = await createWorld({ quirks: { eventSocket } });
      try {
        const drive = await world.start({ loginToken: world.emulator.newLoginToken(), pollSeconds: 1 });
        const kind = eventSocket === 'no-token' || eventSocket === 'forbidden' ? 'eventToken' : 'eventSocket';
        await until('the socket was asked for', () => world.emulator.stats().requests[kind] === 1);
        await readdir(drive.mountPoint);
        await world.emulator.put('/Jotta/Archive/polled.txt', 'x');
        await until('the poll shows it', async () => (await readdir(drive.mountPoint)).join() === 'polled.txt', 4_000);
        assert.equal(world.emulator.stats().requests[kind], 1, 'it is not asked for again');
        assert.equal(await drive.stop(), 0);
        assert.doesNotMatch(drive.log(), /event|socket|WARN|ERROR/i);
      } finally {
        await world.close();
      }
    });
  }
});
