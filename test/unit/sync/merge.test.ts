import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Ino, type NodeRow, rootIno } from '../../../src/store/nodeRow.ts';
import { Nodes } from '../../../src/store/nodes.ts';
import { openDatabase } from '../../../src/store/schema.ts';
import { mergeListing } from '../../../src/sync/pull/merge.ts';
import type { MergeResult } from '../../../src/sync/pull/mergeResult.ts';
import { Activity } from '../../../src/sync/tree/activity.ts';
import type { RemoteEntry } from '../../../src/sync/tree/remote.ts';
import { newNode } from '../../support/newNode.ts';

let db: DatabaseSync;
let nodes: Nodes;
let activity: Activity;
const names = () => ({ host: 'host', now: 0 });
const copyName = 'a (conflicted copy host 1970-01-01)';

beforeEach(() => {
  db = openDatabase(':memory:');
  nodes = new Nodes(db);
  activity = new Activity({ now: () => 0, sleep: async () => {} });
});
afterEach(() => db.close());

const file = (name: string, md5: string): RemoteEntry => ({
  kind: 'file',
  name,
  wire: name,
  md5,
  size: 3,
  mtime: 5,
  created: 0,
  revision: 1,
  uuid: null,
});
const keeper = { toKeptTime: (seconds: number) => seconds };
const deps = () => ({ nodes, activity, names, isBase: () => false, isLitter: () => false, remote: keeper });
const list = (entries: RemoteEntry[], since: number, now: number): MergeResult =>
  mergeListing(deps(), rootIno, { entries, unusable: [] }, since, now);
const merge = (...entries: RemoteEntry[]): MergeResult => list(entries, activity.seq, 1);
const child = (name: string, parent: Ino = rootIno) => nodes.getChild(parent, name);
const listNames = () => nodes.getChildren(rootIno).map((row) => row.name);

const local: Record<string, (row: NodeRow) => void> = {
  clean: () => {},
  dirty: (row) => nodes.update(row.ino, { staging: 's', md5: null, size: 4 }),
  removed: (row) => nodes.update(row.ino, { parent: null }),
  moved: (row) => nodes.update(row.ino, { name: 'b' }),
};
const remote: Record<string, RemoteEntry[]> = {
  changed: [file('a', 'new')],
  removed: [],
  unchanged: [file('a', 'old')],
};
/** Names shown afterwards; conflicts made. */
const expected: Record<string, [string[], number]> = {
  'clean changed': [['a'], 0],
  'clean removed': [[], 0],
  'clean unchanged': [['a'], 0],
  'dirty changed': [[copyName, 'a'], 1],
  'dirty removed': [['a'], 0],
  'dirty unchanged': [['a'], 0],
  'removed changed': [['a'], 0],
  'removed removed': [[], 0],
  'removed unchanged': [[], 0],
  'moved changed': [['b'], 0],
  'moved removed': [['b'], 0],
  'moved unchanged': [['b'], 0],
};

describe('a listing', () => {
  for (const [here, act] of Object.entries(local)) {
    for (const [there, entries] of Object.entries(remote)) {
      it(`of a file ${here} here and ${there} there`, () => {
        merge(file('a', 'old'));
        act(child('a') as NodeRow);
        const { conflicts } = merge(...entries);
        const [shown, conflictCount] = expected[`${here} ${there}`] as [string[], number];
        assert.deepEqual(listNames(), shown);
        assert.equal(conflicts.length, conflictCount);
        if (there === 'changed' && child('a') !== undefined) assert.equal(child('a')?.md5, 'new');
        assert.deepEqual(merge(...entries).changes, [], 'a second merge of the same listing changes nothing');
      });
    }
  }

  it('adds what is new, beside or onto what was made here', () => {
    merge();
    const make = (name: string, md5: string) => nodes.insert(newNode(rootIno, name, { md5 }));
    const same = make('same', 'm');
    const other = make('a', 'mine');
    const { conflicts } = merge(file('same', 'm'), file('a', 'theirs'), file('fresh', 'f'));
    assert.equal(child('same')?.ino, same.ino);
    assert.equal(child('same')?.synced?.md5, 'm');
    assert.equal(child('a')?.md5, 'theirs');
    assert.equal(child(copyName)?.ino, other.ino);
    assert.equal(child('fresh')?.md5, 'f');
    assert.equal(conflicts.length, 1);
  });

  it('does not bring back a name that a push touched after it was asked for', async () => {
    merge(file('a', 'old'));
    const since = activity.seq;
    await activity.whileTouching([{ parent: rootIno, name: 'a' }], async () => {
      nodes.remove(child('a')?.ino as Ino);
      merge(file('A', 'old'));
      assert.deepEqual(listNames(), []);
    });
    list([file('a', 'old')], since, 1);
    assert.deepEqual(listNames(), []);
    merge(file('a', 'old'));
    assert.deepEqual(listNames(), ['a'], 'a later listing counts');
  });

  it('sets a file aside that was written to but not flushed, when the server changed it', () => {
    merge(file('a', 'old'));
    const { ino } = child('a') as NodeRow;
    activity.noteUnflushed(ino, true);
    merge(file('a', 'new'));
    assert.equal(child('a')?.md5, 'new');
    assert.match(nodes.get(ino)?.name ?? '', /^a \(conflicted copy /);
  });

  it('knows bytes it sent itself, when the answer was lost: no conflict, and the base is theirs', () => {
    merge(file('a', 'old'));
    const { ino } = child('a') as NodeRow;
    nodes.update(ino, { staging: 's', md5: null });
    nodes.facts.addSent(ino, 'mine');
    merge(file('a', 'mine'));
    assert.deepEqual(listNames(), ['a']);
    assert.equal(child('a')?.synced?.md5, 'mine');
    assert.equal(child('a')?.staging, 's');
  });

  it('keeps a file that was written to but not flushed, when the server removed it', () => {
    merge(file('a', 'old'));
    const { ino } = child('a') as NodeRow;
    activity.noteUnflushed(ino, true);
    merge();
    assert.equal(child('a')?.ino, ino);
    assert.equal(child('a')?.synced, null);
  });

  it('leaves it to the upload to compare, when both sides have new bytes of the same size', () => {
    merge(file('a', 'old'));
    const row = child('a') as NodeRow;
    nodes.update(row.ino, { staging: 's', md5: null });
    assert.equal(merge(file('a', 'new')).conflicts.length, 0);
    assert.equal(child('a')?.synced?.md5, 'old', 'the upload must find the server changed');
  });

  it('writes the one row of many that changed, and when the folder was listed', () => {
    const many = Array.from({ length: 50 }, (_, at) => file(`f${at}`, 'old'));
    merge(...many);
    const count = () => Number(db.prepare('SELECT total_changes() AS made').get()?.made);
    const before = count();
    list(many, activity.seq, 2);
    assert.equal(count() - before, 1);
    list(many.with(7, file('f7', 'new')), activity.seq, 3);
    assert.equal(count() - before, 3);
    assert.equal(child('f7')?.md5, 'new');
  });

  it('brings a change of a file that was edited and moved here, while its name was made anew', () => {
    merge(file('a', 'old'));
    const row = child('a') as NodeRow;
    nodes.update(row.ino, { name: 'backup', staging: 's', md5: null });
    nodes.insert({ ...row, name: 'a', md5: 'fresh', synced: null });
    merge(file('a', 'theirs'));
    assert.equal(child('a')?.md5, 'theirs');
    assert.equal(listNames().length, 3);
  });

  it('leaves a file that was moved here onto a name that is new there under a name of its own', () => {
    merge(file('x', 'old'));
    nodes.update(child('x')?.ino as Ino, { name: 'a' });
    merge(file('a', 'theirs'), file('x', 'old'));
    merge(file('a', 'theirs'), file('x', 'old'));
    assert.deepEqual(listNames().sort(), ['a', copyName].sort());
  });

  it('does not rename local litter', () => {
    merge();
    nodes.insert(newNode(rootIno, '.DS_Store', { localOnly: true }));
    assert.equal(merge(file('.DS_Store', 'theirs')).conflicts.length, 0);
  });
});
