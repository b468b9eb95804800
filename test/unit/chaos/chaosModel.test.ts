import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkServer } from '../../chaos/checkServer.ts';
import { md5 } from '../../chaos/content.ts';
import { Model } from '../../chaos/model.ts';

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
