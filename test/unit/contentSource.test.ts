import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withWorld } from './sessionWorld.ts';

const path = '/Jotta/Archive/ours.bin';

describe('a file that was uploaded here and is not in the cache any more', () => {
  for (const { what, bytes } of [
    { what: 'large', bytes: 2 * 1024 * 1024 },
    { what: 'small', bytes: 1000 },
  ]) {
    it(`is read as it was uploaded when a ${what} one changes elsewhere before the next listing`, () =>
      withWorld({}, {}, async (world, emulator) => {
        await world.save(path, 'o'.repeat(bytes));
        await world.drain();
        await world.session().store.evict(Number.POSITIVE_INFINITY);
        await emulator.put(path, 't'.repeat(bytes));
        assert.equal((await world.readText(path)).slice(0, 10), 'o'.repeat(10));
      }));
  }

  it('is asked for its revision once', () =>
    withWorld({}, {}, async (world, emulator) => {
      await world.save(path, Buffer.alloc(12 * 1024 * 1024, 'o'));
      await world.drain();
      const { store, reader, nodes } = world.session();
      await store.evict(Number.POSITIVE_INFINITY);
      emulator.resetStats();
      const { md5, size } = nodes.get(await world.find(path)) as { md5: string; size: number };
      await reader.fetchWhole({ md5, size }, new AbortController().signal, () => {});
      const urls = emulator.requests().map(({ url }) => url);
      assert.deepEqual(urls.map((url) => url.includes('mode=bin&revision=1')).sort(), [false, true, true, true]);
    }));
});
