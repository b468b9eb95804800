import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Emulator } from '../../emulator/emulator.ts';
import type { Quirks } from '../../emulator/quirks.ts';
import { md5 } from '../../support/md5.ts';
import { type SessionWorld, withWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
const path = `${top}/new.bin`;
const large = 9 * 1024 * 1024;
const stamp = (name: string) => name.replace(/\(conflicted copy .*\)/, '(copy)');

/** Name → content of everything live on the server. */
async function showFiles(emulator: Emulator): Promise<Map<string, Buffer>> {
  const files = emulator.tree().filter(({ path: at, kind }) => kind === 'file' && at.startsWith(`${top}/`));
  const contents = files.map(
    async ({ path: at }) => [stamp(at.slice(top.length + 1)), await emulator.read(at)] as const,
  );
  return new Map(await Promise.all(contents));
}

function getMd5(emulator: Emulator): string | null | undefined {
  const found = emulator.tree().find(({ path: at }) => at === path);
  return found?.kind === 'file' ? found.md5 : undefined;
}

/** Another device makes the same file while ours is being sent. */
async function drainMeanwhile(world: SessionWorld, emulator: Emulator, theirs: Buffer): Promise<void> {
  emulator.setFaults([{ match: { kind: 'upload' }, nth: 1, action: { type: 'delay', ms: 300 } }]);
  const drained = world.drain();
  while (emulator.stats().requests.upload === undefined) await delay(1);
  await emulator.put(path, theirs);
  await drained;
  await world.poll();
  await world.drain();
}

/** Allocations, uploads and looks at files that four new ones take, once the service is known. */
async function countRequestsOfFour(world: SessionWorld, emulator: Emulator): Promise<(number | undefined)[]> {
  await world.save(path, 'first');
  await world.drain();
  emulator.resetStats();
  for (const name of ['a', 'b', 'c', 'd']) await world.save(`${top}/${name}`, name);
  await world.drain();
  const { allocate, upload, file } = emulator.stats().requests;
  return [allocate, upload, file];
}

describe('a new file that another device makes at the same time', () => {
  const cases: readonly { conflictStatus: Quirks['conflictStatus']; size: number; dedup?: 'off' }[] = [
    { conflictStatus: '409', size: large },
    { conflictStatus: 'ignored', size: large },
    { conflictStatus: 'ignored', size: 1_000 },
    { conflictStatus: 'ignored', size: 1_000, dedup: 'off' },
    { conflictStatus: 'refused', size: 1_000 },
  ];
  for (const { size, ...quirks } of cases) {
    it(`loses nothing: ${size} bytes, ${JSON.stringify(quirks)}`, () =>
      withWorld({ quirks }, {}, async (world, emulator) => {
        const [ours, theirs] = [randomBytes(size), randomBytes(500)];
        await world.save(path, ours);
        await drainMeanwhile(world, emulator, theirs);
        const files = await showFiles(emulator);
        assert.deepEqual([...files.keys()].sort(), ['new (copy).bin', 'new.bin']);
        assert.ok([...files.values()].some((each) => each.equals(ours)));
        assert.ok([...files.values()].some((each) => each.equals(theirs)));
      }));
  }

  for (const conflictStatus of ['409', '400', '412', 'ignored', 'refused'] as const) {
    it(`keeps its own name beside one that was there before, conflictStatus ${conflictStatus}`, () =>
      withWorld({ quirks: { conflictStatus } }, {}, async (world, emulator) => {
        await world.save(path, 'ours');
        await emulator.put(path, 'theirs');
        await world.drain();
        const files = await showFiles(emulator);
        assert.equal(String(files.get('new.bin')), 'theirs');
        assert.equal(String(files.get('new (copy).bin')), 'ours');
      }));

    it(`does not take what the trash has for somebody else's, conflictStatus ${conflictStatus}`, () =>
      withWorld({ quirks: { conflictStatus } }, {}, async (world, emulator) => {
        for (const content of ['older', 'old']) await emulator.put(path, content);
        emulator.remove(path);
        await world.poll();
        await world.save(path, 'ours');
        await world.drain();
        assert.deepEqual([...(await showFiles(emulator)).keys()], ['new.bin']);
      }));
  }

  it('loses nothing when the drive ends before the answer comes', () =>
    withWorld({ quirks: { conflictStatus: 'ignored' } }, {}, async (world, emulator) => {
      emulator.setFaults([
        { match: { kind: 'allocate' }, nth: 1, action: { type: 'delay', ms: 300 } },
        { match: { kind: 'upload' }, nth: 1, action: { type: 'duplicate', answer: 'stall' } },
      ]);
      await world.save(path, 'ours');
      const drained = world.drain().catch(() => undefined);
      await world.until('it is about to be sent', () => emulator.stats().requests.allocate !== undefined);
      await emulator.put(path, 'theirs');
      await world.until('the server has it', () => getMd5(emulator) === md5('ours'));
      await world.restart();
      await drained;
      await world.drain();
      await world.poll();
      await world.drain();
      const files = [...(await showFiles(emulator)).values()].map(String);
      assert.deepEqual(files.sort(), ['ours', 'theirs']);
    }));

  const costs: readonly [what: string, quirks: Partial<Quirks>, looks: number | undefined][] = [
    ['costs no look once the server was seen to refuse what is taken', {}, undefined],
    [
      'costs two looks where the server puts it over what is there: one before, and one after',
      { conflictStatus: 'ignored' },
      8,
    ],
  ];
  for (const [what, quirks, looks] of costs) {
    it(what, () =>
      withWorld({ quirks }, {}, async (world, emulator) => {
        assert.deepEqual(await countRequestsOfFour(world, emulator), [4, 4, looks]);
      }),
    );
  }

  for (const conflictStatus of ['409', 'ignored'] as const) {
    it(`asks once what the server does, though several are the first at once: conflictStatus ${conflictStatus}`, () =>
      withWorld({ quirks: { conflictStatus } }, {}, async (world, emulator) => {
        // All of them are there when the first is told of.
        emulator.setFaults([{ match: { kind: 'upload' }, action: { type: 'delay', ms: 300 } }]);
        for (const name of ['a', 'b', 'c', 'd']) await world.save(`${top}/${name}`, name);
        await world.drain();
        assert.equal(emulator.stats().requests.allocate, 5);
      }));
  }
});

describe('the handling of conflicts by the server', () => {
  it('is asked for where a file is created, and nowhere else', () =>
    withWorld({ quirks: { conflictStatus: '409' } }, {}, async (world, emulator) => {
      await world.save(path, 'first');
      await world.drain();
      emulator.resetStats();
      await world.save(path, 'second');
      await world.drain();
      assert.ok(emulator.requests().every(({ body }) => !body.includes('conflict_handler')));
    }));
});

describe('the time at which a file was created', () => {
  it('stays through edits and new times', () =>
    withWorld({}, {}, async (world) => {
      const ino = await world.save(path, 'first');
      const { vfs, client } = world.session();
      const fetch = () => client.fetchFile(['Jotta', 'Archive', 'new.bin'], new AbortController().signal);
      await vfs.setTimes(ino, { sec: 1_500_000_000, nsec: 0 });
      await world.drain();
      assert.equal((await fetch()).created, 1_500_000_000);
      await world.save(path, 'second');
      await vfs.setTimes(ino, { sec: 1_600_000_000, nsec: 0 });
      await world.drain();
      const edited = await fetch();
      assert.deepEqual([edited.created, edited.modified], [1_500_000_000, 1_600_000_000]);
      await vfs.setTimes(ino, { sec: 1_700_000_000, nsec: 0 });
      await world.drain();
      const touched = await fetch();
      assert.deepEqual([touched.created, touched.modified], [1_500_000_000, 1_700_000_000]);
    }));
});
