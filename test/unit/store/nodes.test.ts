import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ChildIndex } from '../../../src/store/childIndex.ts';
import { type Ino, type NodeRow, rootIno, type Synced } from '../../../src/store/nodeRow.ts';
import { type NewNode, type NodePatch, Nodes } from '../../../src/store/nodes.ts';
import { openDatabase } from '../../../src/store/schema.ts';
import { newNode } from '../../support/newNode.ts';

let dir: string;
let db: DatabaseSync;
let nodes: Nodes;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nodes-'));
  db = openDatabase(join(dir, 'metadata.db'));
  nodes = new Nodes(db);
});
afterEach(() => {
  db.close();
  rmSync(dir, { recursive: true });
});

const syncedAs = (name: string, change: Partial<Synced> = {}): Synced => ({
  parent: rootIno,
  name,
  wire: name,
  md5: 'm',
  size: 1,
  mtime: 5,
  revision: 1,
  uuid: null,
  ...change,
});

const add = (name: string, change: Partial<NewNode> = {}): NodeRow =>
  nodes.insert(newNode(rootIno, name, { size: 1, md5: 'm', ...change }));

const pendingNames = () => nodes.getPending(0, 100).map((row) => row.name);

describe('the children of a folder', () => {
  it('are the same from memory as from the database: changed, moved away, being written, rolled back', () => {
    const [kept, moved, written] = ['kept', 'moved', 'written'].map((name) => add(name));
    assert.ok(kept && moved && written);
    assert.equal(nodes.getChildren(rootIno).filter(({ name }) => name === 'moved').length, 1);
    nodes.update(kept.ino, { size: 9 });
    nodes.update(moved.ino, { parent: null });
    nodes.peekTime(written.ino, { sec: 77, nsec: 0 });
    const look = (from: Nodes) => from.getChildren(rootIno).map(({ name, size }) => [name, size]);
    assert.deepEqual(look(nodes), look(new Nodes(db)));
    assert.throws(() =>
      nodes.transaction(() => {
        nodes.update(kept.ino, { name: 'never' });
        throw new Error('no');
      }),
    );
    assert.deepEqual(look(nodes), look(new Nodes(db)));
    const shown = nodes.getChildren(rootIno).find(({ ino }) => ino === written.ino);
    assert.deepEqual(shown?.mtime, { sec: 77, nsec: 0 });
  });
});

describe('the names of a folder', () => {
  const folder = (name: string) => add(name, { kind: 'folder', md5: null });
  const find = (from: Nodes, parent: Ino) =>
    ['first', 'second', 'SECOND.txt', 'third'].map((name) => from.getChild(parent, name)?.ino);

  it('are the same from memory as from the database: made, renamed, moved in and out, removed, rolled back', () => {
    const [here, there] = [folder('here').ino, folder('there').ino];
    const first = add('first', { parent: here }).ino;
    assert.deepEqual(find(nodes, here), [first, undefined, undefined, undefined]);
    assert.deepEqual(find(nodes, there), [undefined, undefined, undefined, undefined]);
    const second = add('second', { parent: there }).ino;
    nodes.update(second, { parent: here, name: 'Second.TXT' });
    const third = add('third', { parent: here }).ino;
    nodes.update(first, { parent: null });
    const isSame = () => {
      for (const parent of [here, there]) assert.deepEqual(find(nodes, parent), find(new Nodes(db), parent));
    };
    isSame();
    assert.deepEqual(find(nodes, here), [undefined, undefined, second, third]);
    const fail = () => {
      nodes.remove(third);
      nodes.update(second, { name: 'first' });
      add('third', { parent: there });
      assert.deepEqual(find(nodes, here), [second, undefined, undefined, undefined]);
      throw new Error('no');
    };
    assert.throws(() => nodes.transaction(fail), /no/);
    isSame();
    nodes.remove(third);
    isSame();
  });

  it('are kept in memory up to a number, longest those of the folders used last', () => {
    const index = new ChildIndex(5);
    const fill = (parent: Ino, count: number) =>
      index.fill(
        parent,
        Array.from({ length: count }, (_, at): [string, Ino] => [`${at}`, parent * 100 + at]),
      );
    fill(1, 2);
    fill(2, 2);
    index.get(1);
    fill(3, 1);
    index.add(3, 'one more', 9);
    assert.deepEqual(
      [1, 2, 3].map((parent) => index.get(parent)?.size),
      [2, undefined, 2],
    );
    fill(4, 50);
    assert.deepEqual(
      [1, 3, 4].map((parent) => index.get(parent)?.size),
      [undefined, undefined, 50],
    );
  });
});

describe('names', () => {
  it('are found in any case and composition, and taken once', () => {
    const row = add('Ånd.TXT');
    assert.equal(nodes.getChild(rootIno, 'a\u030aND.txt')?.ino, row.ino);
    assert.throws(() => add('ånd.txt'), /UNIQUE/);
  });

  it('on the server are a space of their own', () => {
    const row = add('here', { synced: syncedAs('There') });
    assert.equal(nodes.getSyncedChild(rootIno, 'THERE')?.ino, row.ino);
    assert.equal(nodes.getSyncedChild(rootIno, 'here'), undefined);
  });
});

describe('pending', () => {
  it('is any difference between the two sides, and nothing else', () => {
    add('clean', { synced: syncedAs('clean') });
    add('new');
    add('moved', { synced: syncedAs('before') });
    add('bytes', { md5: 'other', synced: syncedAs('bytes') });
    add('time', { mtime: { sec: 6, nsec: 0 }, synced: syncedAs('time') });
    add('removed', { parent: null, synced: syncedAs('removed') });
    add('litter', { localOnly: true });
    add('nanoseconds', { mtime: { sec: 5, nsec: 9 }, synced: syncedAs('nanoseconds') });
    const dirty = add('dirty', { synced: syncedAs('dirty') });
    nodes.update(dirty.ino, { staging: 's', md5: null });
    add('folderTime', { kind: 'folder', md5: null, mtime: { sec: 9, nsec: 0 }, synced: syncedAs('folderTime') });
    assert.deepEqual(pendingNames(), ['new', 'moved', 'bytes', 'time', 'removed', 'dirty']);
  });

  it('counts refused changes apart', () => {
    add('a');
    nodes.update(add('b').ino, { failure: 'quota' });
    assert.deepEqual({ ...nodes.countPending() }, { pending: 2, failed: 1 });
    assert.deepEqual(
      nodes.getFailed().map((row) => row.name),
      ['b'],
    );
  });

  it('is read in pages', () => {
    for (const name of ['a', 'b', 'c']) add(name);
    const [first] = nodes.getPending(0, 1);
    assert.equal(first?.name, 'a');
    assert.deepEqual(
      nodes.getPending(first?.ino ?? 0, 5).map((row) => row.name),
      ['b', 'c'],
    );
  });
});

describe('a transaction', () => {
  it('that throws leaves rows and cache as they were', () => {
    const row = add('a');
    assert.throws(() =>
      nodes.transaction(() => {
        nodes.update(row.ino, { name: 'b' });
        nodes.transaction(() => add('c'));
        throw new Error('no');
      }),
    );
    assert.equal(nodes.get(row.ino)?.name, 'a');
    assert.equal(nodes.getChild(rootIno, 'c'), undefined);
    nodes.transaction(() => nodes.update(row.ino, { name: 'd' }));
    assert.equal(nodes.get(row.ino)?.name, 'd');
  });
});

describe('a node', () => {
  it('is the same after a restart, and its number is never used again', () => {
    const row = add('a', { synced: syncedAs('a') });
    const last = add('b');
    nodes.remove(last.ino);
    db.close();
    db = openDatabase(join(dir, 'metadata.db'));
    nodes = new Nodes(db);
    assert.deepEqual(nodes.get(row.ino), row);
    assert.ok(add('c').ino > last.ino);
  });

  it('is the same in memory as in the database, whatever of it is changed', () => {
    const parent = add('folder', { kind: 'folder', md5: null }).ino;
    const { ino } = add('a', { ctimeMs: 7.5, name: 'a\ud800', synced: syncedAs('a\udfff') });
    const pendingTarget = { parent, name: 'end', wire: 'end' };
    const patches: NodePatch[] = [
      ...[
        {},
        { parent },
        { name: 'b' },
        { size: 2 },
        { mtime: { sec: -1, nsec: 9 } },
        { ctimeMs: 8.9 },
        { mode: 0o600 },
      ],
      ...[{ md5: null, staging: 's' }, { md5: 'n', staging: null }, { localOnly: true }, { link: 'foreign' as const }],
      ...[
        { target: 't' },
        { synced: null },
        { synced: syncedAs('c', { revision: null, uuid: 'u' }) },
        { pendingTarget },
      ],
      ...[
        { synced: syncedAs('c', { revision: 2, uuid: 'u' }) },
        { pendingTarget: null, parent: null },
        { listedAt: 3 },
      ],
      ...[
        { failure: 'quota', name: 'd', parent: rootIno },
        { failure: null, listedAt: null, target: null, link: null },
      ],
    ];
    for (const patch of patches) {
      const row = nodes.update(ino, patch);
      assert.deepEqual(row, new Nodes(db).get(ino), JSON.stringify(patch));
      assert.deepEqual(nodes.get(ino), row);
    }
  });

  it('costs no write when it is told what it says already', () => {
    const row = add('a', { synced: syncedAs('a') });
    const count = () => Number(db.prepare('SELECT total_changes() AS made').get()?.made);
    const before = count();
    nodes.update(row.ino, { name: 'a', synced: syncedAs('a'), mtime: { ...row.mtime }, md5: row.md5 });
    assert.equal(count(), before);
    nodes.update(row.ino, { synced: syncedAs('a', { revision: 2 }) });
    assert.equal(count(), before + 1);
  });

  it('shows a peeked time until an update writes one, whoever looks it up meanwhile', () => {
    const row = add('a');
    nodes.peekTime(row.ino, { sec: 77, nsec: 0 });
    assert.equal(nodes.get(row.ino)?.mtime.sec, 77);
    nodes.getChild(rootIno, 'a');
    nodes.getChildren(rootIno);
    nodes.getPending(0, 10);
    assert.equal(nodes.get(row.ino)?.mtime.sec, 77, 'a lookup took the new time away');
    nodes.update(row.ino, { mtime: { sec: 78, nsec: 0 } });
    assert.equal(nodes.getChild(rootIno, 'a')?.mtime.sec, 78);
  });

  it('keeps a peeked time that a transaction which failed was to write', () => {
    const row = add('a');
    nodes.peekTime(row.ino, { sec: 77, nsec: 0 });
    assert.throws(() =>
      nodes.transaction(() => {
        nodes.update(row.ino, { mtime: { sec: 77, nsec: 0 } });
        throw new Error('no');
      }),
    );
    assert.equal(nodes.get(row.ino)?.mtime.sec, 77, 'after one that was rolled back');
    db.exec("CREATE TRIGGER full BEFORE UPDATE ON node BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END");
    assert.throws(() => nodes.update(row.ino, { mtime: { sec: 77, nsec: 0 } }));
    db.exec('DROP TRIGGER full');
    assert.equal(nodes.get(row.ino)?.mtime.sec, 77, 'after one that the disk did not take');
  });

  it('forgets the uploads that were begun for it when it goes', () => {
    const [removed, purged, kept] = [add('a'), add('b', { parent: null }), add('c')];
    for (const { ino } of [removed, purged, kept]) nodes.facts.addSent(ino, 'm');
    nodes.remove(removed.ino);
    nodes.purgeOrphans();
    const left = [removed, purged, kept].map(({ ino }) => nodes.facts.getSent(ino).length);
    assert.deepEqual(left, [0, 0, 1]);
  });

  it('unlinked while open and unknown to the server is purged at the start', () => {
    const orphan = add('a', { parent: null });
    nodes.update(orphan.ino, { staging: 's1' });
    const removed = add('b', { parent: null, synced: syncedAs('b') });
    nodes.purgeOrphans();
    assert.equal(nodes.get(orphan.ino), undefined);
    assert.equal(nodes.get(removed.ino)?.name, 'b');
    assert.equal(nodes.get(rootIno)?.kind, 'root');
  });
});

describe('the former place of a content', () => {
  it('is forgotten once nobody needs the content: no edit, no copy that is to be sent, no reader', () => {
    const place = { parent: rootIno, path: ['Jotta'] };
    for (const md5 of ['edited', 'copied', 'read', 'unneeded', 'sent']) nodes.facts.setFormerPlace(md5, place);
    db.exec(
      "INSERT INTO staging(id, size, extents, baseMd5, baseSize, baseLimit) VALUES ('s', 1, '[]', 'edited', 1, 1)",
    );
    add('copy', { md5: 'copied' });
    add('sent', { md5: 'sent', synced: syncedAs('sent', { md5: 'sent' }) });
    nodes.pruneFormerPlaces((md5) => md5 === 'read');
    const left = ['edited', 'copied', 'read', 'unneeded', 'sent'].filter((md5) => nodes.facts.getFormerPlace(md5));
    assert.deepEqual(left, ['edited', 'copied', 'read']);
  });
});

describe('a database', () => {
  it('of a newer version is refused', () => {
    db.exec('PRAGMA user_version = 99');
    assert.throws(() => openDatabase(join(dir, 'metadata.db')), /schema 99/);
  });
});
