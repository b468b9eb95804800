import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Tokens } from '../../../src/jottacloud/auth/tokens.ts';
import { loadServerState } from '../../chaos/serverState.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { md5 } from '../../support/md5.ts';
import { openSessionWorld, type SessionWorld, showServer, showTree, signIn } from '../../support/sessionWorld.ts';
import { getContents, type LocalName, localActs, type Place, type RemoteName, remoteActs } from './conflictActs.ts';
import { outcomes } from './conflictOutcomes.ts';

let emulator: Emulator;
let stateDir: string;
let tokens: Tokens;
let rows = 0;
/** Row and name of every content that a row brought into the world, by md5. */
const written = new Map<string, string>();

before(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'jottacloud-conflicts-'));
  emulator = await startEmulator({ state: stateDir, quirks: { eventSocket: 'no-token' } });
  tokens = signIn(emulator);
});
after(async () => {
  await emulator.close();
  await rm(stateDir, { recursive: true, force: true });
});

async function preparePlace(): Promise<Place> {
  rows += 1;
  const top = `/Jotta/Archive/row ${rows}`;
  const base = `base ${rows}`;
  const inner = { ourInner: `our inner ${rows}`, theirInner: `their inner ${rows}` };
  const texts = { base, still: `still ${rows}`, ours: `${base}, ours`, theirs: `theirs ${rows}`, ...inner };
  await emulator.put(`${top}/parent/file.txt`, base);
  await emulator.put(`${top}/parent/still.txt`, texts.still);
  emulator.mkdir(`${top}/other`);
  return { top, texts };
}

/** Both changes happen; `first` says what the drive does about it first. */
async function play(world: SessionWorld, place: Place, local: LocalName, remote: RemoteName, first: string) {
  for (const folder of ['', '/parent', '/other']) {
    await world.session().vfs.readdir(await world.find(`${place.top}${folder}`));
  }
  // On a busy machine the drive would else be done with ours before theirs.
  const { pusher } = world.session();
  pusher.setPaused(true);
  const finish = await localActs[local](world, place);
  await remoteActs[remote](emulator, place, local);
  if (first === 'listing') await world.poll();
  pusher.setPaused(false);
  await finish?.();
  for (let round = 0; round < 2; round += 1) {
    await world.drain();
    await world.poll();
  }
}

/** A tree in the words of the outcomes. */
function tell({ texts }: Place, tree: Record<string, string>): string {
  const paths = Object.keys(tree);
  const isEmpty = (path: string) =>
    !path.endsWith('/') || paths.every((other) => !other.startsWith(path) || other === path);
  const name = (text: string) => Object.entries(texts).find(([, known]) => known === text)?.[0] ?? text;
  return paths
    .filter(isEmpty)
    .map((path) => (path.endsWith('/') ? path : `${path}=${name(tree[path] as string)}`))
    .map((entry) => entry.replaceAll(/ \(conflicted copy .*? \d{4}-\d\d-\d\d\)/g, ' (copy)'))
    .join(' + ');
}

describe('a file changed on both sides', () => {
  for (const local of Object.keys(localActs) as LocalName[]) {
    for (const remote of Object.keys(remoteActs) as RemoteName[]) {
      for (const first of ['listing', 'push'] as const) {
        it(`${local} here, ${remote} there, the ${first} first`, async () => {
          const place = await preparePlace();
          for (const [name, text] of getContents(place, local, remote)) {
            written.set(md5(text), `${name} of "${local} here, ${remote} there, the ${first} first"`);
          }
          const world = await openSessionWorld(emulator, { tokens });
          try {
            let conflicts = 0;
            world.session().conflictMade.on(() => {
              conflicts += 1;
            });
            await play(world, place, local, remote, first);
            const outcome = outcomes[local][remote];
            const expected = typeof outcome === 'string' ? outcome : outcome[first === 'listing' ? 0 : 1];
            const server = await showServer(emulator, place.top);
            assert.equal(tell(place, server), expected);
            assert.deepEqual(await showTree(world, place.top), server, 'the volume shows what the server has');
            assert.deepEqual({ ...world.session().nodes.countPending() }, { pending: 0, failed: 0 });
            assert.equal(conflicts > 0, expected.includes('(copy)'), 'a conflict is told');
            const sent = emulator.stats().mutating;
            await world.drain();
            assert.equal(emulator.stats().mutating, sent, 'nothing more to be done');
          } finally {
            await world.close();
          }
        });
      }
    }
  }

  it('loses no bytes: all are in a live file, an older revision or the trash', async () => {
    const { revisions } = await loadServerState(emulator, stateDir);
    const kept = new Set(revisions.map((revision) => revision.md5));
    const lost = [...written].filter(([digest]) => !kept.has(digest)).map(([, name]) => name);
    assert.ok(written.size > 300, `${written.size} contents`);
    assert.deepEqual(lost, []);
  });
});
