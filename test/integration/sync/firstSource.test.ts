import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test';
import { findSource } from '../../../src/drive/mountSource.ts';
import { RemoteError } from '../../../src/sync/tree/remote.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld } from '../../support/sessionWorld.ts';

let emulator: Emulator;
let world: SessionWorld;
/** Paths asked for, in turn; `answer` opens the way for all of them. */
let asked: string[];
let refused: Set<string>;
let isAnswering: PromiseWithResolvers<void>;

before(async () => {
  emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
  emulator.mkdir('/Jotta/Archive/Photos/2026');
});
after(() => emulator.close());

beforeEach(async () => {
  world = await openSessionWorld(emulator);
  [asked, refused, isAnswering] = [[], new Set(), Promise.withResolvers()];
  const { remote } = world.session();
  const fetchEntries = remote.fetchEntries.bind(remote);
  mock.method(remote, 'fetchEntries', async (...args: Parameters<typeof fetchEntries>) => {
    const path = `/${args[0].join('/')}`;
    asked.push(path);
    await isAnswering.promise;
    if (refused.delete(path)) throw new RemoteError('offline', 'no answer');
    return fetchEntries(...args);
  });
});
afterEach(async () => {
  mock.restoreAll();
  await world.close();
});

describe('the folder that is to be a volume', () => {
  it('is found on a first start with all levels above it asked for at once', async () => {
    const found = findSource(world.session(), '/Jotta/Archive/Photos');
    assert.deepEqual(asked.sort(), ['/', '/Jotta', '/Jotta/Archive']);
    isAnswering.resolve();
    assert.equal(await found, await world.find('/Jotta/Archive/Photos'));
    assert.equal(asked.length, 3, 'no level is asked for twice');
  });

  it('is found when an early answer was lost, by asking for it again', async () => {
    isAnswering.resolve();
    refused.add('/Jotta');
    await assert.rejects(findSource(world.session(), '/Jotta/Archive'));
    await findSource(world.session(), '/Jotta/Archive');
    assert.equal(asked.filter((path) => path === '/Jotta').length, 2);
  });

  it('is found where it is spelt in another case than the early answers were asked for in', async () => {
    isAnswering.resolve();
    const ino = await findSource(world.session(), '/jotta/ARCHIVE/photos');
    assert.equal(ino, await world.find('/Jotta/Archive/Photos'));
  });

  it('is asked for level by level once the account is known', async () => {
    isAnswering.resolve();
    await findSource(world.session(), '/Jotta');
    asked.length = 0;
    await findSource(world.session(), '/Jotta/Archive/Photos');
    assert.deepEqual(asked, ['/Jotta', '/Jotta/Archive']);
  });
});
