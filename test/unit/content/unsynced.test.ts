import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Unsynced } from '../../../src/content/unsynced.ts';

const bytes = Buffer.from('what is written');
const neverRewritten = () => Promise.reject(new Error('nothing was refused'));

describe('what the disk is not known to have', () => {
  it('is asked for once, and again after the next change', async () => {
    const unsynced = new Unsynced();
    let asked = 0;
    const count = async () => {
      asked += 1;
    };
    const sync = () => unsynced.sync(count, neverRewritten);
    await unsynced.change(() => unsynced.noteWriting(bytes, 0, Promise.resolve()));
    assert.equal(unsynced.sums?.length, 1);
    await sync();
    await sync();
    assert.equal(asked, 1);
    assert.deepEqual(unsynced.sums, []);
    await unsynced.change(() => unsynced.noteWriting(bytes, 0, Promise.resolve()));
    await sync();
    assert.equal(asked, 2);
  });

  for (const end of ['before', 'after'] as const) {
    it(`holds a write that was being made when the disk was asked, and ended ${end} the answer`, async () => {
      const unsynced = new Unsynced();
      const [writing, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const written = unsynced.change(() => unsynced.noteWriting(bytes, 0, writing.promise));
      const synced = unsynced.sync(() => answer.promise, neverRewritten);
      const [first, second] = end === 'before' ? [writing, answer] : [answer, writing];
      first.resolve();
      await (end === 'before' ? written : synced);
      second.resolve();
      await Promise.all([written, synced]);
      assert.equal(unsynced.sums?.length, 1, 'its checksum still tells of it');
      let isAsked = false;
      const ask = async () => {
        isAsked = true;
      };
      await unsynced.sync(ask, neverRewritten);
      assert.ok(isAsked, 'the disk is asked for it');
      assert.deepEqual(unsynced.sums, []);
    });
  }

  it('has no checksums once the disk refused a write, until the next sync', async () => {
    const unsynced = new Unsynced();
    const refused = Promise.reject(new Error('no room'));
    await assert.rejects(
      unsynced.change(() => unsynced.noteWriting(bytes, 0, refused)),
      /no room/,
    );
    assert.equal(unsynced.sums, undefined);
    await unsynced.sync(async () => {}, neverRewritten);
    assert.deepEqual(unsynced.sums, []);
  });
});
