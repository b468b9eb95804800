import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test';
import { writebackLimits } from '../../../src/sync/tree/limits.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld } from '../../support/sessionWorld.ts';
import { TestClock } from '../../support/testClock.ts';

const groups = 3;
const foldersInGroup = 40;

let emulator: Emulator;
let world: SessionWorld;
let clock: TestClock;
let top: string;
/** Paths below `top`, in the order they were asked for. */
let asked: string[];
let sideBySide: number;
let mostSideBySide: number;
let worlds = 0;

before(async () => {
  emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
});
after(() => emulator.close());

beforeEach(async () => {
  worlds += 1;
  top = `/Jotta/Archive/walk ${worlds}`;
  for (let group = 0; group < groups; group += 1) {
    for (let at = 0; at < foldersInGroup; at += 1) emulator.mkdir(`${top}/group ${group}/folder ${at}/inner`);
  }
  clock = new TestClock();
  world = await openSessionWorld(emulator, { clock });
  // What is listed from now on was not listed before the start.
  clock.advance(1);
  asked = [];
  sideBySide = 0;
  mostSideBySide = 0;
  const { remote } = world.session();
  const fetchEntries = remote.fetchEntries.bind(remote);
  mock.method(remote, 'fetchEntries', async (...args: Parameters<typeof fetchEntries>) => {
    const path = `/${args[0].join('/')}`;
    if (path.startsWith(`${top}/`)) asked.push(path.slice(top.length + 1));
    sideBySide += 1;
    mostSideBySide = Math.max(mostSideBySide, sideBySide);
    try {
      return await fetchEntries(...args);
    } finally {
      sideBySide -= 1;
    }
  });
});

afterEach(async () => {
  mock.restoreAll();
  await world.close();
});

/** Looks into a folder and all below it, one after the other, as `find` does; `each` comes before the next. */
async function walk(path: string, each: () => void = () => {}): Promise<string[]> {
  const { vfs } = world.session();
  const found: string[] = [];
  for (const { name, row } of await vfs.readdir(await world.find(path))) {
    found.push(`${path}/${name}`);
    each();
    if (row.kind === 'folder') found.push(...(await walk(`${path}/${name}`, each)));
  }
  return found;
}

const waitForListings = () => world.session().folders.settled();

describe('a program that looks into one folder after the other', () => {
  it('has the next ones listed ahead, each once and a bounded number side by side', async () => {
    const found = await walk(top);
    assert.equal(found.length, groups * (1 + 2 * foldersInGroup));
    assert.equal(asked.length, new Set(asked).size);
    assert.equal(asked.length, found.length);
    assert.ok(mostSideBySide > 4, `${mostSideBySide} side by side`);
    assert.ok(mostSideBySide <= writebackLimits.walkListings + 1, `${mostSideBySide} side by side`);
  });

  it('has listed ahead what it comes to first', async () => {
    const { vfs } = world.session();
    const inner = (at: number) => `${top}/group 0/folder ${at}/inner`;
    for (const at of [0, 1, 2]) await vfs.readdir(await world.find(inner(at)));
    await waitForListings();
    const ahead = asked.slice(asked.indexOf('group 0/folder 2/inner') + 1).filter((path) => path.endsWith('inner'));
    assert.ok(ahead.length > 0);
    const places = ahead.map((path) => Number(/folder (\d+)/.exec(path)?.[1]));
    assert.ok(Math.max(...places) < 3 + 2 * writebackLimits.walkFolders, String(places));
    assert.ok(ahead.every((path) => path.startsWith('group 0/')));
  });

  it('and stops leaves a bounded number of folders listed for nothing', async () => {
    const { vfs } = world.session();
    for (const at of [0, 1, 2, 3]) await vfs.readdir(await world.find(`${top}/group 0/folder ${at}`));
    await waitForListings();
    const looks = asked.length;
    assert.ok(looks > 5, String(asked));
    assert.ok(looks <= 5 + writebackLimits.walkFolders, `${looks} listings`);
    clock.advance(writebackLimits.walkPauseMs + 1);
    await vfs.readdir(await world.find(`${top}/group 2`));
    await waitForListings();
    assert.equal(asked.length, looks + 1);
  });

  it('with pauses between, as a person does, has nothing listed ahead', async () => {
    await walk(`${top}/group 0`, () => clock.advance(writebackLimits.walkPauseMs + 1));
    assert.equal(asked.length, 1 + 2 * foldersInGroup);
    assert.equal(mostSideBySide, 1);
  });

  it('down a path, each folder within the last, has nothing listed ahead', async () => {
    await world.session().vfs.readdir(await world.find(`${top}/group 1/folder 7/inner`));
    await waitForListings();
    assert.deepEqual(asked, ['group 1', 'group 1/folder 7', 'group 1/folder 7/inner']);
  });

  it('finds what it waits for when a folder ahead is gone', async () => {
    const { vfs } = world.session();
    await vfs.readdir(await world.find(`${top}/group 0`));
    for (let at = 3; at < foldersInGroup; at += 1) emulator.remove(`${top}/group 0/folder ${at}`);
    for (const at of [0, 1, 2]) {
      const names = (await vfs.readdir(await world.find(`${top}/group 0/folder ${at}`))).map(({ name }) => name);
      assert.deepEqual(names, ['inner']);
    }
    await waitForListings();
    await assert.rejects(vfs.readdir(await world.find(`${top}/group 0/folder 9`)), { code: 'ESTALE' });
  });
});
