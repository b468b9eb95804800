import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Tokens } from '../../../src/jottacloud/auth/tokens.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import type { FaultRule } from '../../emulator/faults.ts';
import { openSessionWorld, type SessionWorld, showServer, showTree, signIn } from '../../support/sessionWorld.ts';

let emulator: Emulator;
let tokens: Tokens;
let rows = 0;

before(async () => {
  emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
  tokens = signIn(emulator);
});
after(() => emulator.close());

/** Of one row: `f.txt`, `other/g.txt`, `sub/inner.txt`, `sub/deep/d.txt` and `away/`, known here and unchanged. */
interface Place {
  readonly world: SessionWorld;
  readonly top: string;
  /** Text that no other row has. */
  readonly text: (name: string) => string;
}

/** A change whose request is carried out by the server and never answered. */
interface Change {
  readonly request: NonNullable<FaultRule['match']['kind']>;
  readonly act: (place: Place) => Promise<unknown>;
  /** Where what it changed is afterwards; folders end in `/`; absent when it is gone. */
  readonly at?: string;
}

const changes: Record<string, Change> = {
  'a new file': {
    request: 'upload',
    act: ({ world, top, text }) => world.save(`${top}/new.txt`, text('new')),
    at: 'new.txt',
  },
  'a copy of what the server knows': {
    request: 'allocate',
    act: ({ world, top, text }) => world.save(`${top}/new.txt`, text('other/g.txt')),
    at: 'new.txt',
  },
  'an edit': {
    request: 'upload',
    act: ({ world, top, text }) => world.save(`${top}/f.txt`, text('edited')),
    at: 'f.txt',
  },
  'an edit of a part': {
    request: 'upload',
    act: async ({ world, top }) => {
      const { vfs } = world.session();
      const fh = await vfs.open(await world.find(`${top}/f.txt`), { writing: true, append: false, truncate: false });
      await vfs.write(fh, Buffer.from('F'), 0);
      await vfs.flushHandle(fh);
      await vfs.release(fh);
    },
    at: 'f.txt',
  },
  'an edit in a folder': {
    request: 'upload',
    act: ({ world, top, text }) => world.save(`${top}/other/g.txt`, text('edited')),
    at: 'other/g.txt',
  },
  'a new folder': { request: 'mkDir', act: ({ world, top }) => world.mkdir(`${top}/made`), at: 'made/' },
  'a rename': {
    request: 'mv',
    act: ({ world, top }) => world.rename(`${top}/f.txt`, `${top}/renamed.txt`),
    at: 'renamed.txt',
  },
  'a rename by case': {
    request: 'mv',
    act: ({ world, top }) => world.rename(`${top}/f.txt`, `${top}/F.txt`),
    at: 'F.txt',
  },
  'a move': {
    request: 'mv',
    act: ({ world, top }) => world.rename(`${top}/f.txt`, `${top}/other/f.txt`),
    at: 'other/f.txt',
  },
  "a folder's rename": {
    request: 'mvDir',
    act: ({ world, top }) => world.rename(`${top}/sub`, `${top}/renamed`),
    at: 'renamed/',
  },
  "a folder's move": {
    request: 'mvDir',
    act: ({ world, top }) => world.rename(`${top}/sub`, `${top}/other/sub`),
    at: 'other/sub/',
  },
  'a removal': { request: 'dl', act: ({ world, top }) => world.unlink(`${top}/f.txt`) },
  'the removal of a tree': { request: 'dlDir', act: (place) => removeAll(place, 'sub/') },
};

/** What the user does next, when nobody knows what became of the change. */
const nexts: Record<string, (place: Place, at: string | undefined) => Promise<unknown>> = {
  'nothing more': async () => {},
  'an edit': ({ world, top, text }, at = 'f.txt') =>
    world.save(`${top}/${at.endsWith('/') ? `${at}added.txt` : at}`, text('next')),
  'a rename': ({ world, top }, at = 'other') => world.rename(`${top}/${at}`, `${top}/again`),
  'a move': ({ world, top }, at = 'other/g.txt') => world.rename(`${top}/${at}`, `${top}/away/again`),
  'a removal': (place, at = 'other/') => removeAll(place, at),
  'the way back': async ({ world, top, text }, at) => {
    if (at === undefined) await world.save(`${top}/f.txt`, text('f.txt'));
    else if (at.endsWith('/') && at !== 'made/') await world.rename(`${top}/${at}`, `${top}/sub`);
    else if (at === 'renamed.txt' || at === 'other/f.txt') await world.rename(`${top}/${at}`, `${top}/f.txt`);
  },
  'another in its place': async ({ world, top, text }, at = 'f.txt') => {
    if ((await tryFind(world, `${top}/${at}`)) !== undefined) await world.rename(`${top}/${at}`, `${top}/again`);
    if (at.endsWith('/')) await world.mkdir(`${top}/${at}`);
    else await world.save(`${top}/${at}`, text('another'));
  },
  'another in its old place': async ({ world, top, text }) => {
    if ((await tryFind(world, `${top}/f.txt`)) === undefined) await world.save(`${top}/f.txt`, text('another'));
    if ((await tryFind(world, `${top}/sub`)) === undefined) await world.mkdir(`${top}/sub`);
  },
  'the removal of the folder it went to': async (place, at = '') => {
    const folder = at.includes('/') ? `${at.split('/')[0]}/` : 'away/';
    await removeAll(place, folder);
  },
};

const tryFind = (world: SessionWorld, path: string) => world.find(path).catch(() => undefined);

async function removeAll(place: Place, at: string): Promise<void> {
  const { world, top } = place;
  if (!at.endsWith('/')) return world.unlink(`${top}/${at}`);
  for (const { name, row } of await world.session().vfs.readdir(await world.find(`${top}/${at}`))) {
    await removeAll(place, `${at}${name}${row.kind === 'file' ? '' : '/'}`);
  }
  await world.rmdir(`${top}/${at}`);
}

async function preparePlace(): Promise<Place> {
  rows += 1;
  const row = rows;
  const top = `/Jotta/Archive/row ${row}`;
  const text = (name: string) => `${name} of ${row}`;
  for (const path of ['f.txt', 'other/g.txt', 'sub/inner.txt', 'sub/deep/d.txt']) {
    await emulator.put(`${top}/${path}`, text(path));
  }
  emulator.mkdir(`${top}/away`);
  const world = await openSessionWorld(emulator, { tokens });
  for (const folder of ['', '/other', '/sub', '/sub/deep', '/away']) {
    await world.session().vfs.readdir(await world.find(`${top}${folder}`));
  }
  return { world, top, text };
}

/**
 * Resolves when the session has ended while a request waited for its answer, with a new session that pushes nothing yet. The
 * cache is gone, too: what a change rests on is to be had from the server alone.
 */
async function cutOff({ world }: Place, request: Change['request']): Promise<void> {
  emulator.setFaults([{ match: { kind: request }, action: { type: 'duplicate', answer: 'stall' } }]);
  const isDone = () => emulator.faults().some(({ hits }) => hits.length > 0);
  const before = emulator.tree().length;
  const drained = assert.rejects(world.drain());
  while (!isDone()) await delay(1);
  // The work is done some turns after the hit, an upload's when its last byte is in.
  for (let turns = 0; turns < 20 && emulator.tree().length === before; turns += 1) await delay(1);
  await world.restart(() => rm(join(world.dir, 'cache'), { recursive: true }));
  await drained;
  emulator.setFaults([]);
  world.session().pusher.setPaused(true);
}

/** SEMANTICS.md: "A change that was sent and not answered is asked for once more … No copy and no conflict come of it." */
describe('a change that the server carried out without an answer', () => {
  for (const [what, { request, act, at }] of Object.entries(changes)) {
    for (const [next, actNext] of Object.entries(nexts)) {
      it(`${what}, a restart, then ${next}`, async () => {
        const place = await preparePlace();
        const { world, top } = place;
        try {
          await act(place);
          await cutOff(place, request);
          let conflicts = 0;
          world.session().conflictMade.on(() => {
            conflicts += 1;
          });
          await actNext(place, at);
          const wanted = await showTree(world, top);
          await world.poll();
          assert.deepEqual(await showTree(world, top), wanted, 'a listing changes nothing');
          world.session().pusher.setPaused(false);
          for (let round = 0; round < 2; round += 1) {
            await world.drain();
            await world.poll();
          }
          assert.deepEqual(await showServer(emulator, top), wanted, 'the server');
          assert.deepEqual(await showTree(world, top), wanted, 'the volume');
          assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 0, failed: 0 });
          assert.equal(conflicts, 0);
        } finally {
          await world.close();
        }
      });
    }
  }
});

it('an upload that the server carried out without an answer gives way to what was saved after it, though that was there before', async () => {
  const place = await preparePlace();
  const { world, top, text } = place;
  try {
    await world.save(`${top}/empty.txt`, '');
    await world.drain();
    await world.save(`${top}/empty.txt`, text('written'));
    await cutOff(place, 'upload');
    await world.save(`${top}/beside.txt`, '');
    await world.rename(`${top}/beside.txt`, `${top}/empty.txt`);
    const { pusher } = world.session();
    pusher.setPaused(false);
    for (let round = 0; round < 2; round += 1) {
      await world.drain();
      await world.poll();
    }
    assert.equal(await world.readText(`${top}/empty.txt`), '');
    assert.equal((await showServer(emulator, top))['empty.txt'], '');
  } finally {
    await world.close();
  }
});

it('a file that is made again, with the same content, after the server removed it without an answer, is there', async () => {
  const { world, top } = await preparePlace();
  try {
    await world.save(`${top}/empty.txt`, '');
    await world.drain();
    await world.unlink(`${top}/empty.txt`);
    emulator.setFaults([{ match: { kind: 'dl' }, times: 1, action: { type: 'duplicate', answer: 500 } }]);
    const drained = world.drain();
    await world.until('the removal failed', () => world.complaints.some((line) => line.includes('push failed')));
    await world.save(`${top}/empty.txt`, '');
    await drained;
    await world.drain();
    await world.poll();
    assert.equal(await world.readText(`${top}/empty.txt`), '');
    assert.equal((await showServer(emulator, top))['empty.txt'], '');
  } finally {
    await world.close();
  }
});
