import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { type Ino, rootIno } from '../../../src/store/nodeRow.ts';
import { Nodes } from '../../../src/store/nodes.ts';
import { openDatabase } from '../../../src/store/schema.ts';
import { Poller } from '../../../src/sync/pull/poller.ts';
import { Link } from '../../../src/sync/tree/link.ts';
import { type Remote, RemoteError } from '../../../src/sync/tree/remote.ts';

let nodes: Nodes;
let link: Link;
let poller: Poller;
let stop: AbortController;
/** Device, mountpoint and the folder that is live. */
let path: Ino[];
/** Folders listed, in order; a listing answers `answers`, or at once. */
let listed: Ino[];
let answers: (ino: Ino) => Promise<void>;
let hints: () => Promise<ReadonlyMap<string, string>>;
/** Of one device; `hints` unless set. */
let hintsOf: (device: string) => Promise<ReadonlyMap<string, string>>;
let live: Ino[];

beforeEach(async () => {
  nodes = new Nodes(openDatabase(':memory:'));
  path = [];
  for (const kind of ['device', 'mountpoint', 'folder'] as const) path.push(add(kind, path.at(-1) ?? rootIno));
  live = path.slice(-1);
  listed = [];
  answers = async () => {};
  hintsOf = () => hints();
  hints = async () => new Map([['mountpoint', 'unmoved']]);
  link = new Link(systemClock, 0, () => {});
  stop = new AbortController();
  const folders = {
    getLive: () => live,
    look: async (ino: Ino) => {
      listed.push(ino);
      await answers(ino);
    },
  };
  const remote = { fetchHints: (device: string) => hintsOf(device) } as unknown as Remote;
  poller = new Poller(
    { nodes, folders, remote, link, clock: systemClock, log: silentLog, signal: stop.signal },
    60_000,
  );
  await poller.pollNow('full');
  listed = [];
});
afterEach(() => stop.abort());

function add(kind: 'device' | 'mountpoint' | 'folder', parent: Ino, name: string = kind): Ino {
  const synced = { parent, name, wire: name, md5: null, size: 0, mtime: 0, revision: null, uuid: null };
  const local = { kind, parent, name, size: 0, mtime: { sec: 0, nsec: 0 }, ctimeMs: 0, mode: 0o755, md5: null };
  return nodes.insert({ ...local, localOnly: false, synced }).ino;
}

describe('the poller', () => {
  it('asked for a full poll during a hinted one makes it afterwards, once for all who asked', async () => {
    const answered = Promise.withResolvers<ReadonlyMap<string, string>>();
    hints = () => answered.promise;
    const polls = [poller.pollNow('hinted'), poller.pollNow('full'), poller.pollNow('full')];
    answered.resolve(new Map([['mountpoint', 'unmoved']]));
    await Promise.all(polls);
    assert.deepEqual(listed, path.slice(-1));
  });

  it('looks at the folders it is told to', async () => {
    await poller.refreshAll(path);
    assert.deepEqual(listed, path);
  });

  it('looks at nothing while signed out, and survives a server that fails', async () => {
    answers = async () => {
      throw new RemoteError('server', 'trouble');
    };
    await poller.refreshAll(path);
    assert.ok(listed.length > 0);
    listed = [];
    link.set('signedOut');
    await poller.refreshAll(path);
    assert.deepEqual(listed, []);
  });

  it('goes on with the others when a device or a folder answers an error, tells of it, and takes it back', async () => {
    const [device] = path as [Ino];
    const other = [add('device', rootIno, 'other')];
    for (const kind of ['mountpoint', 'folder'] as const) other.push(add(kind, other.at(-1) as Ino, 'other'));
    const [otherDevice, , otherFolder] = other as [Ino, Ino, Ino];
    live = [path.at(-1) as Ino, otherFolder];
    const told: Ino[] = [];
    poller.failed.on((ino) => told.push(ino));
    const trouble = new RemoteError('server', 'this device alone');
    hintsOf = async (name) => {
      if (name === 'device') throw trouble;
      return new Map([['other', `moved ${listed.length}`]]);
    };
    await poller.pollNow('hinted');
    assert.deepEqual(listed, [otherFolder]);
    assert.equal(poller.getFailure(device), trouble);
    assert.equal(poller.getFailure(otherDevice), undefined);
    answers = async (ino) => {
      if (ino === path.at(-1)) throw trouble;
    };
    listed = [];
    await poller.pollNow('full');
    assert.deepEqual(listed, live);
    assert.equal(poller.getFailure(path.at(-1) as Ino), trouble);
    assert.notEqual(poller.lastPollAt, null);
    answers = async () => {};
    hintsOf = async () => new Map();
    await poller.pollNow('full');
    assert.deepEqual(
      [device, path.at(-1) as Ino].map((ino) => poller.getFailure(ino)),
      [undefined, undefined],
    );
    assert.deepEqual(told, [device, path.at(-1), device, path.at(-1)]);
  });

  it('asks again about what failed as soon as the network is back, and takes it back', async () => {
    const [device, , folder] = path as [Ino, Ino, Ino];
    const noNetwork = new RemoteError('offline', 'no network');
    hints = () => Promise.reject(noNetwork);
    answers = () => Promise.reject(noNetwork);
    await poller.pollNow('full');
    await poller.refreshAll([folder]);
    assert.deepEqual(
      [device, folder].map((ino) => poller.getFailure(ino)),
      [noNetwork, noNetwork],
    );
    const told = new Set<Ino>();
    const allTold = new Promise<void>((resolve) => {
      poller.failed.on((ino) => told.add(ino).size === 2 && resolve());
    });
    link.set('offline');
    answers = async () => {};
    link.set('ok');
    await allTold;
    assert.deepEqual(
      [device, folder].map((ino) => poller.getFailure(ino)),
      [undefined, undefined],
    );
  });

  it('asks nobody else once the sign-in has ended', async () => {
    live = [path.at(-1) as Ino, add('folder', path[1] as Ino, 'other')];
    answers = async () => {
      throw new RemoteError('signedOut', 'refused');
    };
    const { lastPollAt } = poller;
    await poller.pollNow('full');
    assert.equal(poller.lastPollAt, lastPollAt);
    assert.equal(poller.getFailure(path.at(-1) as Ino), undefined);
  });
});
