import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test';
import { newReadahead } from '../../../src/content/readahead.ts';
import { toDriveErrorData } from '../../../src/drive/windows/rpcErrors.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import type { FaultAction } from '../../emulator/faults.ts';
import { md5 } from '../../support/md5.ts';
import { openSessionWorld, type SessionWorld } from '../../support/sessionWorld.ts';

const mebibyte = 1024 * 1024;

const cuts = [
  { what: 'the connection breaks', clean: false },
  { what: 'the answer ends early', clean: true },
];

function cutAfter(bytes: number, clean: boolean): FaultAction {
  return { type: 'truncate', after: bytes, clean };
}

let emulator: Emulator;
let world: SessionWorld;
let files = 0;

before(async () => {
  emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
});
after(() => emulator.close());
beforeEach(async () => {
  world = await openSessionWorld(emulator);
  // What the service does with a part of a revision is known from now on.
  await (await put(1.5 * mebibyte)).read();
  emulator.resetStats();
});
afterEach(async () => {
  mock.restoreAll();
  emulator.setFaults([]);
  await world.close();
});

/** A file that only the server has. */
async function put(size: number): Promise<{ path: string; content: Buffer; read: () => Promise<Buffer> }> {
  files += 1;
  const path = `/Jotta/Archive/file ${files}.bin`;
  const content = randomBytes(size);
  await emulator.put(path, content);
  await world.session().folders.refresh(await world.find('/Jotta/Archive'));
  await world.find(path);
  const { reader } = world.session();
  return { path, content, read: () => reader.read({ md5: md5(content), size }, 0, size, newReadahead()) };
}

const ranges = () =>
  emulator
    .requests()
    .filter(({ url }) => url.includes('mode=bin'))
    .map(({ headers }) => headers.range);

describe('a download that is cut in the middle', () => {
  for (const { what, clean } of cuts) {
    it(`goes on from where it stopped when ${what}`, async () => {
      const { content, read } = await put(1.5 * mebibyte);
      emulator.setFaults([{ match: { kind: 'download' }, nth: 1, times: 2, action: cutAfter(100_000, clean) }]);
      assert.ok((await read()).equals(content));
      assert.deepEqual(ranges(), ['bytes=0-1572863', 'bytes=100000-1572863', 'bytes=200000-1572863']);
    });

    it(`is given up when ${what} again and again, as a server that is away is`, async () => {
      const { content, read } = await put(1.5 * mebibyte);
      emulator.setFaults([{ match: { kind: 'download' }, nth: 1, times: 100, action: cutAfter(1_000, clean) }]);
      await assert.rejects(read(), (error) => toDriveErrorData(error).code === 'offline');
      assert.equal(ranges().length, 6);
      emulator.setFaults([]);
      assert.ok((await read()).equals(content), 'the next read asks anew');
    });
  }

  it('begins again when the file is so small that it is checked as a whole', async () => {
    const { content, read } = await put(200_000);
    emulator.setFaults([{ match: { kind: 'download' }, nth: 1, times: 2, action: cutAfter(100_000, false) }]);
    emulator.resetStats();
    assert.ok((await read()).equals(content));
    assert.deepEqual(ranges(), [undefined, undefined, undefined]);
  });

  it('does not mix two contents when the file is replaced in between', async () => {
    const { path, content, read } = await put(1.5 * mebibyte);
    emulator.setFaults([{ match: { kind: 'download' }, nth: 1, action: cutAfter(100_000, false) }]);
    const { remote } = world.session();
    const openRange = remote.openRange.bind(remote);
    mock.method(remote, 'openRange', async (...args: Parameters<typeof openRange>) => {
      if (args[1].start > 0) await emulator.put(path, randomBytes(content.length));
      return openRange(...args);
    });
    assert.ok((await read()).equals(content));
  });
});

describe('while the network is gone for a moment', () => {
  const isOffline = () => world.session().link.health === 'offline';
  beforeEach(async () => {
    await world.close();
    world = await openSessionWorld(emulator, { networkGraceMs: 60_000 });
  });
  afterEach(() => emulator.outage(false));

  it('a read waits for it, and gets its bytes', async () => {
    const { content, read } = await put(3 * mebibyte);
    await emulator.outage(true);
    const reading = read();
    await world.until('the network is missed', isOffline);
    await emulator.outage(false);
    assert.ok((await reading).equals(content));
  });

  it('a folder that was never looked into waits for it, and is listed', async () => {
    emulator.mkdir('/Jotta/Archive/never seen/inner');
    await world.session().folders.refresh(await world.find('/Jotta/Archive'));
    const ino = await world.find('/Jotta/Archive/never seen');
    await emulator.outage(true);
    const listing = world.session().vfs.readdir(ino);
    await world.until('the network is missed', isOffline);
    await emulator.outage(false);
    assert.deepEqual(
      (await listing).map(({ name }) => name),
      ['inner'],
    );
  });
});
