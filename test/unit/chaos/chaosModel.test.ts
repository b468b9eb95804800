import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkServer } from '../../chaos/checkServer.ts';
import { isPossible } from '../../chaos/content.ts';
import { getOriginals, Model } from '../../chaos/model.ts';
import { md5 } from '../../support/md5.ts';

it('the model of a fault run knows that a folder removed here may travel on the server, and come back from there', async () => {
  const model = new Model();
  const outer = model.add(model.root, 'outer', undefined);
  const inner = model.add(outer, 'inner', undefined);
  model.remove(inner);
  model.move(outer, model.root, 'moved');
  const theirs = Buffer.from('from elsewhere');
  model.note(theirs, 'put by another device');
  model.contest('moved/inner/theirs.txt', theirs);
  const file = { md5: md5(theirs), size: theirs.length, mtimeSec: 1 };
  const server = {
    folders: new Set(['moved', 'moved/inner']),
    files: new Map([['moved/inner/theirs.txt', file]]),
    revisions: [],
    unfinished: [],
  };
  assert.deepEqual(await checkServer(model, { server, setAside: [], load: async () => undefined }), []);
  // What nobody changed elsewhere stays removed.
  server.folders.add('moved/other');
  const findings = await checkServer(model, { server, setAside: [], load: async () => undefined });
  assert.deepEqual(findings, ['on the server, but nobody put it there: moved/other (folder)']);
});

it('the model of a fault run knows that a file moved out of a folder here may travel with it on the server', () => {
  const model = new Model();
  const folder = model.add(model.root, 'folder', undefined);
  const file = model.add(folder, 'file', Buffer.from('ours'));
  model.move(file, model.root, 'elsewhere');
  model.move(folder, model.root, 'moved');
  model.contest('moved/file', Buffer.from('theirs'));
  assert.equal(file.contested, true);
});

it('the model of a fault run takes a whole new content for what it is: there in full, or not at all', () => {
  const [base, whole] = [Buffer.from('old bytes'), Buffer.from('the new ones')];
  const put = { kind: 'replace', bytes: whole } as const;
  assert.equal(isPossible(base, [base], [put]), true);
  assert.equal(isPossible(whole, [base], [put]), true);
  assert.equal(isPossible(whole.subarray(0, 5), [base], [put]), false);
  // What is written afterwards may be there in part, over either.
  const write = { kind: 'write', position: 0, bytes: Buffer.from('XYZ') } as const;
  assert.equal(isPossible(Buffer.from('XYZ bytes'), [base], [put, write]), true);
  assert.equal(isPossible(Buffer.from('XYe new ones'), [base], [put, write]), true);
  assert.equal(isPossible(Buffer.from('XYZ new'), [base], [put, write]), false);
});

it('the model of a fault run finds what a copy was made of, in a folder that is a copy too', () => {
  assert.deepEqual(getOriginals('A (conflicted copy vm 2026-01-01)/b (conflicted copy vm 2026-01-01).txt'), [
    'A (conflicted copy vm 2026-01-01)/b.txt',
    'A/b.txt',
    'A/b (conflicted copy vm 2026-01-01).txt',
  ]);
  assert.deepEqual(getOriginals('A/b.txt'), []);
});
