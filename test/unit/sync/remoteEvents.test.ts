import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { type Ino, rootIno } from '../../../src/store/nodeRow.ts';
import { Nodes } from '../../../src/store/nodes.ts';
import { openDatabase } from '../../../src/store/schema.ts';
import { type RemoteEvent, RemoteEvents } from '../../../src/sync/pull/remoteEvents.ts';
import { Activity } from '../../../src/sync/tree/activity.ts';
import { writebackLimits } from '../../../src/sync/tree/limits.ts';
import { knownNode } from '../../support/newNode.ts';

const { gatherMs, recheckMs, looksAtOnce, lookEveryMs, idleFoldersPerLook, pendingSightings } = writebackLimits;
let db: DatabaseSync;
let nodes: Nodes;
let activity: Activity;
let remoteEvents: RemoteEvents;
let stop: AbortController;
let home: Ino;
let live: Ino[];
/** Folders listed, look by look. */
let looks: Ino[][];
let polls: string[];
/** What a listing takes. */
let listing: () => Promise<void>;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000_000 });
  const clock = { now: () => Date.now(), sleep: async () => {} };
  db = openDatabase(':memory:');
  nodes = new Nodes(db);
  activity = new Activity(clock);
  stop = new AbortController();
  home = add('folder', rootIno, 'home');
  live = [home];
  looks = [];
  polls = [];
  listing = async () => {};
  const refreshAll = async (folders: readonly Ino[]) => {
    looks.push([...folders]);
    await listing();
  };
  const pollNow = async (depth: string) => void polls.push(depth);
  remoteEvents = new RemoteEvents({
    nodes,
    activity,
    clock,
    folders: { getLive: () => live },
    remote: { toKeptTime: (seconds) => seconds },
    poller: { refreshAll, pollNow },
    log: silentLog,
    signal: stop.signal,
  });
});
afterEach(() => {
  stop.abort();
  mock.timers.reset();
  db.close();
});

function add(kind: 'file' | 'folder', parent: Ino, name: string, listed = true): Ino {
  const { ino } = nodes.insert(knownNode(kind, parent, name));
  if (listed) nodes.update(ino, { listedAt: 1 });
  return ino;
}
const at = (state: RemoteEvent['state'], ...path: string[]): RemoteEvent => ({
  path,
  wire: path.at(-1) ?? '',
  state,
  md5: state === 'file' ? `md5 of ${path.at(-1)}` : undefined,
  mtime: state === 'file' ? 5 : 0,
});

/** Lets time pass, in steps short enough for timers that are set on the way. */
async function pass(ms: number): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  for (let gone = 0; gone < ms; gone += 100) {
    mock.timers.tick(Math.min(100, ms - gone));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('events of the server', () => {
  it('have the folder listed after a moment, once for all that came in it', async () => {
    remoteEvents.note([at('file', 'home', 'a'), at('folder', 'home', 'd')]);
    await pass(gatherMs - 1);
    remoteEvents.note([at('file', 'home', 'b')]);
    assert.deepEqual(looks, []);
    await pass(1);
    assert.deepEqual(looks, [[home]]);
  });

  it('of what is known already cost nothing', async () => {
    add('file', home, 'A');
    add('folder', home, 'd');
    remoteEvents.note([at('file', 'HOME', 'A'), at('folder', 'home', 'd'), at('gone', 'home', 'x')]);
    await pass(60_000);
    assert.deepEqual(looks, []);
  });

  it('cost a listing for every way of differing from what is known', async () => {
    add('file', home, 'a');
    add('folder', home, 'd');
    const differing: RemoteEvent[] = [
      { ...at('file', 'home', 'a'), md5: 'other' },
      { ...at('file', 'home', 'a'), mtime: 6 },
      { ...at('file', 'home', 'a'), wire: 'A' },
      at('gone', 'home', 'a'),
      at('folder', 'home', 'a'),
      at('file', 'home', 'd'),
      at('unknown', 'home', 'a'),
      at('folder', 'home', 'new'),
    ];
    for (const [index, sighting] of differing.entries()) {
      remoteEvents.note([sighting]);
      await pass(60_000);
      // The second look of an untrue one; nothing more is to be learned from `unknown`.
      const expected = sighting.state === 'unknown' ? 1 : 2;
      assert.equal(looks.length, expected, `sighting ${index}`);
      looks = [];
    }
  });

  it('in folders that were never listed or are not known need nothing', async () => {
    add('folder', home, 'unlisted', false);
    remoteEvents.note([at('file', 'home', 'unlisted', 'x'), at('file', 'home', 'no', 'x'), at('file', 'other', 'x')]);
    await pass(60_000);
    assert.deepEqual(looks, []);
  });

  it('of a place that a push of ours is changing wait for its end', async () => {
    const done = Promise.withResolvers<void>();
    const push = activity.whileTouching([{ parent: home, name: 'mine' }], () => done.promise);
    remoteEvents.note([at('file', 'home', 'mine')]);
    await pass(60_000);
    assert.deepEqual(looks, []);
    add('file', home, 'mine');
    done.resolve();
    await push;
    await pass(60_000);
    assert.deepEqual(looks, []);
  });

  it('are looked at again when the listing was answered before the change', async () => {
    remoteEvents.note([at('file', 'home', 'a')]);
    await pass(gatherMs);
    assert.equal(looks.length, 1);
    await pass(recheckMs);
    assert.equal(looks.length, 2);
    await pass(60_000);
    assert.equal(looks.length, 2);
  });

  it('that come during a listing wait no longer than those before it', async () => {
    const listed = Promise.withResolvers<void>();
    listing = () => listed.promise;
    remoteEvents.note([at('file', 'home', 'a')]);
    await pass(gatherMs);
    remoteEvents.note([at('file', 'home', 'b')]);
    add('file', home, 'a');
    listed.resolve();
    await pass(0);
    await pass(gatherMs);
    assert.equal(looks.length, 2);
  });

  it('in a storm ask for few looks at first and for fewer as it goes on', async () => {
    const seconds = 60;
    for (let i = 0; i < seconds * 10; i += 1) {
      remoteEvents.note([at('file', 'home', `file ${i}`)]);
      await pass(100);
    }
    const most = looksAtOnce + (seconds * 1000) / lookEveryMs;
    assert.ok(looks.length > seconds / 3 && looks.length <= most, `${looks.length} looks`);
  });

  it('of a folder that takes long to list leave it alone most of the time', async () => {
    const listingMs = 2_000;
    listing = () => new Promise((resolve) => setTimeout(resolve, listingMs));
    const seconds = 200;
    for (let i = 0; i < seconds * 10; i += 1) {
      remoteEvents.note([at('file', 'home', `file ${i}`)]);
      await pass(100);
    }
    const busyMs = looks.length * listingMs;
    assert.ok(busyMs > 20_000 && busyMs < (seconds * 1000) / 3, `${busyMs} ms of ${seconds} s`);
  });

  for (const [what, hours] of [
    ['put back', -2],
    ['put forward', 2],
  ] as const) {
    it(`go on asking when the clock is ${what} during a listing`, async () => {
      listing = async () => mock.timers.setTime(Date.now() + hours * 3_600_000);
      remoteEvents.note([at('file', 'home', 'a')]);
      await pass(gatherMs);
      listing = async () => {};
      await pass(5 * 60_000);
      looks = [];
      remoteEvents.note([at('file', 'home', 'b')]);
      await pass(5_000);
      assert.notEqual(looks.length, 0);
    });
  }

  it('cover all live folders, and a few of those nobody looks at, in one look', async () => {
    const idle = Array.from({ length: 50 }, (_, i) => add('folder', home, `idle ${i}`));
    const seen = Array.from({ length: 20 }, (_, i) => add('folder', home, `seen ${i}`));
    live = [home, ...seen];
    for (const ino of [...idle, ...seen]) remoteEvents.note([at('gone', 'home', nodes.get(ino)?.name ?? '', 'x')]);
    await pass(60_000);
    assert.equal(looks.length, 0);
    for (const ino of [...idle, ...seen]) remoteEvents.note([at('unknown', 'home', nodes.get(ino)?.name ?? '', 'x')]);
    await pass(60_000);
    assert.equal(looks.length, 1);
    assert.equal(looks[0]?.length, idleFoldersPerLook + seen.length);
  });

  it('too many to remember become one full poll', async () => {
    for (let i = 0; i < 3 * pendingSightings; i += 1) remoteEvents.note([at('file', 'home', `file ${i}`)]);
    await pass(60_000);
    assert.deepEqual([polls, looks], [['full'], []]);
    remoteEvents.note([at('file', 'home', 'later')]);
    await pass(gatherMs);
    assert.deepEqual(looks, [[home]]);
  });

  it('that may have been missed cost a full poll at once, and a storm of such losses a bounded number', async () => {
    remoteEvents.noteMissed();
    await pass(1);
    assert.deepEqual(polls, ['full']);
    const seconds = 30;
    for (let i = 0; i < seconds * 10; i += 1) {
      remoteEvents.noteMissed();
      await pass(100);
    }
    const most = looksAtOnce + (seconds * 1000) / lookEveryMs;
    assert.ok(polls.length > seconds / 3 && polls.length <= most, `${polls.length} polls`);
  });
});
