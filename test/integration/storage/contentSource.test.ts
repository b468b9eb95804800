import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { cacheLimits } from '../../../src/content/limits.ts';
import { newReadahead } from '../../../src/content/readahead.ts';
import type { Emulator } from '../../emulator/emulator.ts';
import type { Quirks } from '../../emulator/quirks.ts';
import { md5 } from '../../support/md5.ts';
import { type SessionWorld, withWorld } from '../../support/sessionWorld.ts';

const path = '/Jotta/Archive/ours.bin';
const mebibyte = 1024 * 1024;
const never = new AbortController().signal;

/** How the service may answer a part of a file, and a part of one of its revisions. */
const services: readonly Partial<Quirks>[] = [
  {},
  { range: 'ignored' },
  { pinnedRange: 'ignored' },
  { pinnedRange: 'newest' },
  { pinnedRange: '400' },
  { pinnedRange: '404' },
  { pinnedRange: '500' },
  { range: 'ignored', pinnedRange: '400' },
];

function nameOf(quirks: Partial<Quirks>): string {
  return (
    Object.entries(quirks)
      .map(([name, value]) => `${name} is ${value}`)
      .join(' and ') || 'every Range is honoured'
  );
}

/** A content of which nothing is in the cache. */
async function saveUncached(world: SessionWorld, content: Buffer): Promise<{ md5: string; size: number }> {
  await world.save(path, content);
  await world.drain();
  await world.session().store.evict(Number.POSITIVE_INFINITY);
  return { md5: md5(content), size: content.length };
}

describe('a file that was uploaded here and is not in the cache any more', () => {
  for (const quirks of services) {
    describe(`where ${nameOf(quirks)}`, () => {
      for (const size of [1_000, 2 * mebibyte, 5 * mebibyte]) {
        for (const otherSize of [size, size + 1, size - 1]) {
          it(`is read as it was when ${otherSize} bytes took the place of its ${size} before the next listing`, () =>
            withWorld({ quirks }, {}, async (world, emulator) => {
              const content = randomBytes(size);
              const ref = await saveUncached(world, content);
              const { reader } = world.session();
              const first = size > mebibyte ? await reader.read(ref, size - 10, size) : Buffer.alloc(0);
              assert.deepEqual(first, content.subarray(size - first.length));
              await emulator.put(path, randomBytes(otherSize));
              const middle = size >> 1;
              assert.deepEqual(await reader.read(ref, middle, middle + 100), content.subarray(middle, middle + 100));
              assert.ok((await reader.read(ref, 0, size)).equals(content));
            }));
        }
      }

      it('is read from the trash', () =>
        withWorld({ quirks }, {}, async (world, emulator) => {
          const content = randomBytes(5 * mebibyte);
          const ref = await saveUncached(world, content);
          emulator.remove(path);
          assert.ok(
            (await world.session().reader.read(ref, 3 * mebibyte, ref.size)).equals(content.subarray(3 * mebibyte)),
          );
        }));
    });
  }

  it('is asked for without its revision, and looked at once the parts have begun', () =>
    withWorld({}, {}, async (world, emulator) => {
      const ref = await saveUncached(world, Buffer.alloc(12 * mebibyte, 'o'));
      emulator.resetStats();
      await world.session().reader.fetchWhole(ref, never, () => {});
      const { requests } = emulator.stats();
      const parts = (12 * mebibyte) / cacheLimits.runBytes;
      assert.equal(requests.download, parts);
      assert.ok((requests.file ?? 0) <= parts, `${requests.file} looks`);
      assert.ok(emulator.requests().every(({ url }) => !url.includes('revision=')));
    }));

  it('costs one request when it is small', () =>
    withWorld({}, {}, async (world, emulator) => {
      const ref = await saveUncached(world, Buffer.alloc(mebibyte, 'o'));
      emulator.resetStats();
      await world.session().reader.fetchWhole(ref, never, () => {});
      assert.deepEqual(
        emulator.requests().map(({ kind }) => kind),
        ['download'],
      );
    }));

  it('comes once, whole, where the service ignores Range, however it is read', () =>
    withWorld({ quirks: { range: 'ignored' } }, {}, async (world, emulator) => {
      const content = randomBytes(12 * mebibyte);
      const ref = await saveUncached(world, content);
      const { reader, client } = world.session();
      await reader.read(ref, 0, 10);
      assert.deepEqual(client.lacking, ['range']);
      emulator.resetStats();
      const places = [11, 3, 7, 1, 9].map((at) => at * mebibyte);
      const parts = await Promise.all(places.map((at) => reader.read(ref, at, at + 9)));
      assert.deepEqual(
        parts,
        places.map((at) => content.subarray(at, at + 9)),
      );
      assert.equal(emulator.stats().requests.download, 1);
      assert.equal(world.complaints.filter((line) => line.includes('hoped for')).length, 1);
    }));

  it('is not given another content that took its place while it was read', () =>
    withWorld({}, {}, async (world, emulator) => {
      const content = randomBytes(9 * mebibyte);
      const ref = await saveUncached(world, content);
      const { reader } = world.session();
      // The answer begins with the other content; only a look that comes after it can tell.
      emulator.setFaults([{ match: { kind: 'file' }, nth: 1, action: { type: 'delay', ms: 200 } }]);
      const reading = reader.read(ref, 8 * mebibyte, ref.size);
      await emulator.put(path, randomBytes(ref.size));
      assert.ok((await reading).equals(content.subarray(8 * mebibyte)));
    }));
});

describe('a file that the server has', () => {
  /** Listed, with nothing of it in the cache. */
  async function put(world: SessionWorld, emulator: Emulator, content: Buffer): Promise<{ md5: string; size: number }> {
    await emulator.put(path, content);
    await world.session().folders.refresh(await world.find('/Jotta/Archive'));
    return { md5: md5(content), size: content.length };
  }

  for (const quirks of services) {
    for (const change of [0, 1, -1]) {
      it(`is read as it was where ${nameOf(quirks)} and ${change} bytes more take its place`, () =>
        withWorld({ quirks }, {}, async (world, emulator) => {
          const content = randomBytes(9 * mebibyte);
          const ref = await put(world, emulator, content);
          const { reader } = world.session();
          const readAt = (at: number) => reader.read(ref, at, at + 100, newReadahead());
          for (const at of [7, 3]) {
            assert.deepEqual(await readAt(at * mebibyte + 5), content.subarray(at * mebibyte + 5, at * mebibyte + 105));
          }
          await emulator.put(path, randomBytes(content.length + change));
          for (const at of [5, 2]) {
            assert.deepEqual(await readAt(at * mebibyte + 5), content.subarray(at * mebibyte + 5, at * mebibyte + 105));
          }
          assert.ok((await reader.read(ref, 0, ref.size)).equals(content));
        }));
    }
  }

  it('is asked for by the number of its revision once the service heeds it, one request a part', () =>
    withWorld({}, {}, async (world, emulator) => {
      const ref = await put(world, emulator, randomBytes(9 * mebibyte));
      const { reader } = world.session();
      emulator.resetStats();
      for (const at of [7, 3, 5]) await reader.read(ref, at * mebibyte, at * mebibyte + 100, newReadahead());
      const urls = emulator.requests().map(({ url }) => url.replace(/^.*[?]/, ''));
      assert.deepEqual(urls.sort(), [...Array(3).fill('mode=bin&revision=1'), 'mode=bin&revision=1000001']);
    }));

  it('is looked at after each part where the service ignores the number', () =>
    withWorld({ quirks: { pinnedRange: 'newest' } }, {}, async (world, emulator) => {
      const ref = await put(world, emulator, randomBytes(9 * mebibyte));
      const { reader } = world.session();
      await reader.read(ref, mebibyte, mebibyte + 100, newReadahead());
      emulator.resetStats();
      await reader.read(ref, 3 * mebibyte, 3 * mebibyte + 100, newReadahead());
      assert.equal(emulator.stats().requests.file, 1);
    }));
});
