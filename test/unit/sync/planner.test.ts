import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { emptyMd5 } from '../../../src/base/emptyMd5.ts';
import { type Ino, type NodeRow, rootIno } from '../../../src/store/nodeRow.ts';
import { type NodePatch, Nodes } from '../../../src/store/nodes.ts';
import { openDatabase } from '../../../src/store/schema.ts';
import { type Plan, type Push, plan, type StartedPush } from '../../../src/sync/plan/planner.ts';
import { Activity } from '../../../src/sync/tree/activity.ts';
import { forgetServerSide } from '../../../src/sync/tree/paths.ts';
import { knownNode } from '../../support/newNode.ts';

const settleMs = 2000;
let now: number;
let db: DatabaseSync;
let nodes: Nodes;
let activity: Activity;
let running: Map<Ino, StartedPush>;
let home: Ino;

beforeEach(() => {
  now = 1_000_000;
  db = openDatabase(':memory:');
  nodes = new Nodes(db);
  activity = new Activity({ now: () => now, sleep: async () => {} });
  running = new Map();
  home = add('folder', rootIno, 'home').ino;
});
afterEach(() => db.close());

/** A node that both sides agree on. */
function add(kind: 'file' | 'folder', parent: Ino, name: string, md5?: string): NodeRow {
  return nodes.insert(knownNode(kind, parent, name, md5));
}
function create(kind: 'file' | 'folder', parent: Ino, name: string, md5?: string): NodeRow {
  return nodes.insert({ ...knownNode(kind, parent, name, md5), synced: null });
}
function move(row: NodeRow, patch: NodePatch): NodeRow {
  return nodes.update(row.ino, patch);
}
const remove = (row: NodeRow) => move(row, { parent: null });

const setAside = (ino: Ino) => void nodes.update(ino, { failure: 'internal' });

function planNow(isWaiting: (ino: Ino) => boolean = () => false): Plan {
  return plan(
    {
      ...{ nodes, activity, now, settleMs, running, isWaiting, isIncomplete: () => false, faultPoint: () => {} },
      removable: new Map(),
      setAside,
    },
    nodes.getPendingInos(0, 1000),
  );
}
const pushes = () => planNow().pushes.map(({ kind, ino }) => `${kind} ${nodes.get(ino)?.name}`);
const syncedName = (row: NodeRow) => nodes.get(row.ino)?.synced?.name;

/** What the server would have after the push, written to the row. */
function carryOut({ kind, ino }: Push): void {
  const row = nodes.get(ino) as NodeRow;
  if (kind === 'trashFile' || kind === 'trashFolder') {
    forgetServerSide(nodes, ino, { isOpen: () => false, isBase: () => false });
    return;
  }
  const name = kind === 'moveAside' ? `.${row.name}.jottacloud-${ino}` : row.name;
  const known = row.synced ?? { md5: null, size: 0, mtime: 0, revision: null, uuid: null };
  const bytes = kind === 'upload' ? { md5: row.md5, mtime: row.mtime.sec } : {};
  nodes.update(ino, { synced: { ...known, parent: row.parent as Ino, name, wire: name, ...bytes } });
}

/** Plans and carries out until nothing is pending; the calls in order. */
function settleAll(): string[] {
  const log: string[] = [];
  for (let round = 0; round < 20; round += 1) {
    const [push] = planNow().pushes;
    if (push === undefined) break;
    log.push(`${push.kind} ${nodes.get(push.ino)?.name}`);
    carryOut(push);
  }
  assert.equal(nodes.countPending().pending, 0, `stuck after: ${log.join(', ')}`);
  return log;
}

describe('the planner', () => {
  it('asks nothing of a tree both sides agree on', () => {
    add('file', home, 'a');
    assert.deepEqual(pushes(), []);
  });

  it('forgets a file created and deleted before its push', () => {
    const row = create('file', home, 'a');
    nodes.update(row.ino, { parent: null });
    assert.deepEqual(pushes(), []);
    assert.equal(nodes.countPending().pending, 0);
  });

  it('makes a folder before what goes into it', () => {
    const folder = create('folder', home, 'd');
    create('file', folder.ino, 'a');
    create('folder', folder.ino, 'e');
    assert.deepEqual(pushes(), ['createFolder d']);
    assert.deepEqual(settleAll(), ['createFolder d', 'upload a', 'createFolder e']);
  });

  it('moves a folder before it uploads into it', () => {
    const folder = move(add('folder', home, 'd'), { name: 'e' });
    create('file', folder.ino, 'a');
    const [first] = planNow().pushes;
    assert.equal(first?.kind, 'moveFolder');
    running.set(folder.ino, { ...(first as Push), into: folder.parent });
    assert.deepEqual(pushes(), []);
  });

  it('sends a renamed, never uploaded file once, under its last name', () => {
    move(create('file', home, 'a'), { name: 'b' });
    assert.deepEqual(settleAll(), ['upload b']);
  });

  it('moves a clean file, then sends what was also edited', () => {
    move(add('file', home, 'a'), { name: 'b', md5: 'edited' });
    assert.deepEqual(settleAll(), ['moveFile b', 'upload b']);
  });

  it('sends a time alone when only the time differs', () => {
    move(add('file', home, 'a'), { mtime: { sec: 9, nsec: 0 } });
    assert.deepEqual(pushes(), ['setTimes a']);
  });

  it('leaves what was removed to the removal of its folder, which may still come', () => {
    const folder = add('folder', home, 'folder');
    const [first, second] = [add('file', folder.ino, 'a'), add('file', folder.ino, 'b')];
    const removeNow = (row: NodeRow, from: Ino) => {
      remove(row);
      activity.noteChange(row.ino);
      activity.noteRemovalIn(from);
    };
    removeNow(first, folder.ino);
    now += settleMs - 1;
    removeNow(second, folder.ino);
    now += settleMs - 1;
    assert.deepEqual(pushes(), []);
    removeNow(folder, home);
    now += settleMs;
    assert.deepEqual(pushes(), ['trashFolder folder']);
  });

  it('does not wait for the end of removals that go on and on', () => {
    const files = Array.from({ length: 20 }, (_, index) => add('file', home, `file ${index}`));
    const sent: number[] = [];
    for (const row of files) {
      remove(row);
      activity.noteChange(row.ino);
      activity.noteRemovalIn(home);
      now += 1_000;
      sent.push(pushes().length);
    }
    const first = sent.findIndex((count) => count > 0);
    assert.equal(first + 1, 15, `${sent}`);
  });

  it('looks at each folder of a removed tree once, however much was in it', () => {
    const top = add('folder', home, 'top');
    const folders = Array.from({ length: 10 }, (_, index) => add('folder', top.ino, `folder ${index}`));
    for (const folder of folders) {
      for (let index = 0; index < 50; index += 1) remove(add('file', folder.ino, `${index}`));
    }
    for (const folder of [...folders, top]) remove(folder);
    const looks = mock.method(nodes, 'getSyncedChildren');
    assert.deepEqual(pushes(), ['trashFolder top']);
    assert.equal(looks.mock.callCount(), 1 + folders.length);
  });

  it('waits for the settle time, and says how long', () => {
    const row = create('file', home, 'a');
    activity.noteChange(row.ino);
    now += 500;
    assert.deepEqual(planNow(), { pushes: [], settlesInMs: 1500, waits: true });
    now += 1500;
    assert.deepEqual(pushes(), ['upload a']);
  });

  it('moves a folder that the server knows sooner than a file, which may be on its way to another name', () => {
    for (const [kind, name] of [
      ['folder', 'd'],
      ['file', 'a'],
    ] as const) {
      activity.noteChange(move(add(kind, home, name), { name: `${name}~` }).ino);
    }
    activity.noteChange(create('folder', home, 'new').ino);
    assert.deepEqual(planNow(), { pushes: [], settlesInMs: 200, waits: true });
    now += 200;
    assert.deepEqual(pushes(), ['moveFolder d~']);
    now += settleMs - 200;
    assert.deepEqual(pushes().sort(), ['createFolder new', 'moveFile a~', 'moveFolder d~']);
  });

  it('pushes what is held open for writing once it is flushed and was quiet for a minute', () => {
    const log = create('file', home, 'server.log');
    activity.noteOpen(log.ino, true);
    activity.noteChange(log.ino);
    activity.noteUnflushed(log.ino, true);
    now += 60_000;
    assert.deepEqual(pushes(), []);
    activity.noteUnflushed(log.ino, false);
    assert.deepEqual(pushes(), ['upload server.log']);
  });

  it('holds a temporary name back for ten minutes, and not its next name', () => {
    for (const name of ['a.tmp', '.a.swp', '4913', 'b.sb-1a2b-x', '.goutputstream-X1', '#c#', 'd.crdownload']) {
      activity.noteChange(create('file', home, name).ino);
    }
    now += settleMs;
    assert.deepEqual(planNow(), { pushes: [], settlesInMs: 10 * 60_000 - settleMs, waits: true });
    move(nodes.getChild(home, 'a.tmp') as NodeRow, { name: 'a.txt' });
    assert.deepEqual(pushes(), ['upload a.txt']);
    now += 10 * 60_000;
    assert.equal(pushes().length, 7);
  });

  it('holds back what Finder is still copying', () => {
    const row = create('file', home, 'movie.mov');
    activity.noteChange(row.ino);
    now += settleMs;
    const common = { nodes, activity, now, settleMs, running, faultPoint: () => {}, setAside };
    const context = { ...common, isWaiting: () => false, removable: new Map() };
    assert.equal(plan({ ...context, isIncomplete: ({ ino }) => ino === row.ino }, [row.ino]).pushes.length, 0);
    assert.equal(plan({ ...context, isIncomplete: () => false }, [row.ino]).pushes.length, 1);
  });

  it('leaves alone what is open for writing, running, waiting or refused', () => {
    const open = create('file', home, 'open');
    activity.noteOpen(open.ino, true);
    activity.noteChange(open.ino);
    now += settleMs;
    const busy = create('file', home, 'busy');
    running.set(busy.ino, { kind: 'upload', ino: busy.ino, into: busy.parent });
    const waiting = create('file', home, 'waiting');
    nodes.update(create('file', home, 'refused').ino, { failure: 'refused' });
    create('file', home, 'fine');
    const plan = planNow((ino) => ino === waiting.ino);
    assert.deepEqual(
      plan.pushes.map(({ ino }) => nodes.get(ino)?.name),
      ['fine'],
    );
  });
});

describe('a file replaced by a rename', () => {
  it('gives its place on the server to the newcomer', () => {
    const old = remove(add('file', home, 'a'));
    const fresh = create('file', home, 'a', 'new bytes');
    assert.deepEqual(pushes(), ['upload a']);
    assert.equal(nodes.get(fresh.ino)?.synced?.md5, 'md5 of a');
    assert.equal(nodes.get(old.ino), undefined);
  });

  it('keeps its row while it is still open', () => {
    const old = remove(add('file', home, 'a'));
    activity.noteOpen(old.ino, false);
    create('file', home, 'a', 'new bytes');
    assert.deepEqual(pushes(), ['upload a']);
    assert.notEqual(nodes.get(old.ino), undefined, 'fstat of the open file has no row to answer from');
  });

  it('by a file the server has: the old place of that one is trashed after its bytes arrived', () => {
    remove(add('file', home, 'b'));
    move(add('file', home, 'a'), { name: 'b' });
    const log = settleAll();
    assert.deepEqual(log, ['upload b', 'trashFile b']);
  });

  it('is not trashed side by side with the upload of its bytes', () => {
    remove(add('file', home, 'b'));
    move(add('file', home, 'a'), { name: 'b' });
    assert.deepEqual(pushes(), ['upload b'], 'the only holder of the bytes goes while they are still wanted');
  });

  it('waits while the victim is being pushed', () => {
    const old = remove(add('file', home, 'a'));
    create('file', home, 'a', 'new');
    running.set(old.ino, { kind: 'upload', ino: old.ino, into: old.parent });
    assert.deepEqual(pushes(), []);
  });
});

describe('a backup by rename, then a new file', () => {
  for (const backupFirst of [true, false]) {
    it(`keeps the history with the name and sends the backup first (backup row ${backupFirst ? 'older' : 'newer'})`, () => {
      const [one, two] = backupFirst
        ? [add('file', home, 'a', 'old'), undefined]
        : [undefined, create('file', home, 'tmp', 'new')];
      const backup = one ?? add('file', home, 'a', 'old');
      move(backup, { name: 'a~' });
      const fresh = two === undefined ? create('file', home, 'a', 'new') : move(two, { name: 'a' });
      assert.deepEqual(settleAll(), ['upload a~', 'upload a']);
      assert.equal(syncedName(fresh), 'a');
      assert.equal(nodes.get(fresh.ino)?.synced?.revision, 1, 'the revision chain stays with the name');
    });
  }

  it('whose push is refused does not hold back the file itself', () => {
    const backup = move(add('file', home, 'a', 'old'), { name: 'a~' });
    create('file', home, 'a', 'new');
    pushes();
    nodes.update(backup.ino, { failure: 'refused' });
    assert.deepEqual(pushes(), ['upload a']);
  });

  it('is not seen in an unrelated empty file when the old file was empty', () => {
    move(add('file', home, 'a', emptyMd5), { md5: 'text' });
    const lock = create('file', home, 'lock', emptyMd5);
    activity.noteOpen(lock.ino, true);
    activity.noteChange(lock.ino);
    now += settleMs;
    assert.deepEqual(pushes(), ['upload a'], 'an unrelated empty file that is held open blocks the upload');
  });
});

describe('a swap', () => {
  it('of two files sends both contents onto the other name', () => {
    const a = add('file', home, 'a');
    const b = add('file', home, 'b');
    move(a, { name: 't' });
    move(b, { name: 'a' });
    move(a, { name: 'b' });
    assert.deepEqual(settleAll().sort(), ['upload a', 'upload b']);
    assert.equal(syncedName(a), 'b');
    assert.equal(syncedName(b), 'a');
  });

  it('of two folders moves one aside first', () => {
    const a = add('folder', home, 'a');
    const b = add('folder', home, 'b');
    move(a, { name: 't' });
    move(b, { name: 'a' });
    move(a, { name: 'b' });
    assert.deepEqual(settleAll(), ['moveAside b', 'moveFolder a', 'moveFolder b']);
  });

  it('of three folders in a ring ends', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => add('folder', home, name)) as [NodeRow, NodeRow, NodeRow];
    move(a, { name: 't' });
    move(c, { name: 'a' });
    move(b, { name: 'c' });
    move(a, { name: 'b' });
    settleAll();
    assert.deepEqual([a, b, c].map(syncedName), ['b', 'c', 'a']);
  });

  it('of a file and a folder ends', () => {
    const a = add('file', home, 'a');
    const b = add('folder', home, 'b');
    move(a, { name: 't' });
    move(b, { name: 'a' });
    move(a, { name: 'b' });
    settleAll();
    assert.deepEqual([a, b].map(syncedName), ['b', 'a']);
  });
});

describe('a removal', () => {
  it('of a tree is one call', () => {
    const top = add('folder', home, 'd');
    const sub = add('folder', top.ino, 'e');
    for (const row of [add('file', top.ino, 'a'), add('file', sub.ino, 'b'), sub, top]) remove(row);
    assert.deepEqual(settleAll(), ['trashFolder d']);
  });

  it('of a folder waits for a child that moved out', () => {
    const top = add('folder', home, 'd');
    const sub = add('folder', top.ino, 'e');
    move(add('file', sub.ino, 'a'), { parent: home });
    remove(sub);
    remove(top);
    assert.deepEqual(settleAll(), ['moveFile a', 'trashFolder d']);
  });

  it('waits while the file is open', () => {
    const row = remove(add('file', home, 'a'));
    activity.noteOpen(row.ino, false);
    assert.deepEqual(pushes(), []);
    activity.noteClose(row.ino, false);
    assert.deepEqual(pushes(), ['trashFile a']);
  });

  it('does not run across an upload beneath it, nor an upload across it', () => {
    const top = add('folder', home, 'd');
    const file = remove(add('file', top.ino, 'a'));
    remove(top);
    running.set(file.ino, { kind: 'upload', ino: file.ino, into: file.parent });
    assert.deepEqual(pushes(), []);
    running.clear();
    assert.deepEqual(pushes(), ['trashFolder d']);
  });

  it('does not run across an upload that began beneath it, of a file that is elsewhere by now', () => {
    const top = add('folder', home, 'd');
    const file = create('file', home, 'a');
    nodes.update(top.ino, { name: 'e' });
    running.set(file.ino, { kind: 'upload', ino: file.ino, into: top.ino });
    assert.deepEqual(pushes(), []);
    running.clear();
    assert.deepEqual(pushes(), ['moveFolder e', 'upload a']);
  });
});

describe('a row looked at again after its push', () => {
  it('asks for nothing', () => {
    const folder = add('folder', home, 'd');
    const file = add('file', home, 'a');
    const context = {
      nodes,
      activity,
      now,
      settleMs,
      running,
      isWaiting: () => false,
      isIncomplete: () => false,
      removable: new Map(),
      faultPoint: () => {},
      setAside,
    };
    const again = plan(context, [folder.ino, file.ino]);
    assert.deepEqual(again.pushes, []);
  });
});
