import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../../tools/setup/root.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { type SessionWorld, withWorld } from '../support/sessionWorld.ts';
import { type Act, acts, type Row, rows } from './degradationRows.ts';

/** The whole table, on a busy computer. */
const deadlineMs = 300_000;

const top = '/Jotta/Archive';
const piece = 200_000;

/** The same for every row: only what a row is about makes a difference. */
const large = randomBytes(40_000_000);
const other = randomBytes(3_000_000);
const text = 'a few words\n'.repeat(80);

interface Place {
  readonly world: SessionWorld;
  readonly emulator: Emulator;
  /** Content of `large.bin`. */
  readonly large: Buffer;
}

/** Each works on files of its own. */
const doing: Record<Act, (place: Place) => Promise<void>> = {
  'read small': async ({ world }) => assert.equal(await world.readText(`${top}/small.txt`), text),
  'random read': ({ world, large: whole }) =>
    withHandle(world, 'large.bin', false, (fh) =>
      checkPieces(world, fh, whole, [whole.length - piece, whole.length >> 1, 0, whole.length >> 3]),
    ),
  'read large': ({ world, large: whole }) =>
    withHandle(world, 'large.bin', false, (fh) => checkWhole(world, fh, whole)),
  'read a replaced version': ({ world, emulator, large: whole }) =>
    withHandle(world, 'replaced.bin', false, async (fh) => {
      const old = getReplaced(whole);
      await checkPieces(world, fh, old, [0]);
      await emulator.put(`${top}/replaced.bin`, 'shorter');
      await world.poll();
      await checkPieces(world, fh, old, [old.length - piece, old.length >> 1]);
    }),
  'new file': async ({ world, emulator }) => {
    await world.mkdir(`${top}/made`);
    const names = ['a;b.txt', 'a\\b.txt', '100%.txt'];
    for (const name of names) await world.save(`${top}/made/${name}`, 'new');
    await world.save(`${top}/made/empty.txt`, '');
    await world.save(`${top}/gone.txt`, 'once more');
    await world.mkdir(`${top}/gone`);
    await world.drain();
    const made = listPaths(emulator).filter((at) => at.startsWith('made/'));
    const plain = made.map((at) => at.slice(5).replace('；', ';').replace('＼', '\\').replace('％', '%'));
    assert.deepEqual(plain.sort(), [...names, 'empty.txt'].sort());
    assert.equal(String(await emulator.read(`${top}/gone.txt`)), 'once more');
  },
  edit: async ({ world, emulator }) => {
    await withHandle(world, 'edited.bin', true, (fh) =>
      world.session().vfs.write(fh, Buffer.from('edited'), 1_000_000),
    );
    await world.save(`${top}/small.txt`, 'saved');
    await world.drain();
    const expected = Buffer.from(other);
    expected.write('edited', 1_000_000);
    assert.ok((await emulator.read(`${top}/edited.bin`)).equals(expected));
    assert.equal(String(await emulator.read(`${top}/small.txt`)), 'saved');
  },
  'set times': async ({ world, emulator }) => {
    const sec = 1_000_000_000;
    await world.session().vfs.setTimes(await world.find(`${top}/case.txt`), { sec, nsec: 0 });
    await world.drain();
    const kept = emulator.tree().find(({ path: at }) => at === `${top}/case.txt`);
    assert.equal(kept?.kind === 'file' && kept.mtime, sec * 1000);
  },
  rename: async ({ world, emulator }) => {
    await world.rename(`${top}/renamed.txt`, `${top}/trashed name.txt`);
    await world.rename(`${top}/folder`, `${top}/made/moved`);
    await world.rename(`${top}/case.txt`, `${top}/Case.txt`);
    await world.rename(`${top}/other folder`, `${top}/trashed folder`);
    await world.drain();
    check(emulator, ['trashed name.txt', 'made/moved/inside.txt', 'Case.txt'], ['renamed.txt', 'folder', 'case.txt']);
  },
  delete: async ({ world, emulator }) => {
    await world.unlink(`${top}/Case.txt`);
    await world.unlink(`${top}/made/moved/inside.txt`);
    await world.rmdir(`${top}/made/moved`);
    await world.drain();
    check(emulator, ['made'], ['Case.txt', 'made/moved']);
  },
  poll: async ({ world, emulator }) => {
    await emulator.put(`${top}/from elsewhere.txt`, 'theirs');
    await emulator.put(`${top}/small.txt`, 'theirs too');
    emulator.remove(`${top}/edited.bin`);
    for (let polls = 0; polls < 4; polls += 1) await world.session().poller.pollNow('hinted');
    assert.equal(await world.readText(`${top}/from elsewhere.txt`), 'theirs');
    assert.equal(await world.readText(`${top}/small.txt`), 'theirs too');
    await assert.rejects(world.find(`${top}/edited.bin`));
  },
};

/** More than is read ahead. */
function getReplaced(whole: Buffer): Buffer {
  return whole.subarray(whole.length >> 1);
}

async function withHandle(
  world: SessionWorld,
  name: string,
  writing: boolean,
  work: (fh: number) => Promise<unknown>,
): Promise<void> {
  const { vfs } = world.session();
  const fh = await vfs.open(await world.find(`${top}/${name}`), { writing, append: false, truncate: false });
  try {
    await work(fh);
  } finally {
    await vfs.release(fh);
  }
}

async function checkPieces(
  world: SessionWorld,
  fh: number,
  whole: Buffer,
  positions: readonly number[],
): Promise<void> {
  for (const at of positions) {
    const bytes = await world.session().vfs.read(fh, at, piece);
    assert.ok(bytes.equals(whole.subarray(at, at + piece)), `bytes from ${at}`);
  }
}

async function checkWhole(world: SessionWorld, fh: number, whole: Buffer): Promise<void> {
  const hash = createHash('md5');
  for (let at = 0; at < whole.length; ) {
    const bytes = await world.session().vfs.read(fh, at, 1024 * 1024);
    hash.update(bytes);
    at += bytes.length;
  }
  assert.equal(hash.digest('hex'), createHash('md5').update(whole).digest('hex'));
}

/** Live paths of the server below the archive. */
function listPaths(emulator: Emulator): string[] {
  return emulator.tree().flatMap(({ path: at }) => (at.startsWith(`${top}/`) ? [at.slice(top.length + 1)] : []));
}

function check(emulator: Emulator, there: readonly string[], gone: readonly string[]): void {
  const paths = listPaths(emulator);
  assert.deepEqual(
    there.filter((at) => !paths.includes(at)),
    [],
  );
  assert.deepEqual(
    gone.filter((at) => paths.includes(at)),
    [],
  );
}

async function seed({ emulator, large: whole }: Place): Promise<void> {
  await emulator.put(`${top}/large.bin`, whole);
  await emulator.put(`${top}/replaced.bin`, getReplaced(whole));
  await emulator.put(`${top}/edited.bin`, other);
  const names = ['small', 'renamed', 'case', 'gone', 'trashed name'];
  const inside = ['folder', 'other folder', 'gone', 'trashed folder'].map((folder) => `${folder}/inside`);
  for (const name of [...names, ...inside]) await emulator.put(`${top}/${name}.txt`, text);
  for (const name of ['gone.txt', 'trashed name.txt', 'gone', 'trashed folder']) emulator.remove(`${top}/${name}`);
}

/** What became of each act: `works`, `refused` with the reason that a person reads, or what else went wrong. */
async function tryRow({ quirks, lacking = [], readsLarge = false }: Row): Promise<Map<Act, string>> {
  const outcomes = new Map<Act, string>();
  await withWorld({ quirks }, {}, async (world, emulator) => {
    const place = { world, emulator, large: readsLarge ? large : large.subarray(0, 4_000_000) };
    await seed(place);
    await world.session().vfs.readdir(await world.find(top));
    const told = new Set<number>();
    for (const act of acts) {
      try {
        await doing[act](place);
        const refused = world
          .session()
          .nodes.getFailed()
          .find(({ ino }) => !told.has(ino));
        if (refused !== undefined) told.add(refused.ino);
        outcomes.set(act, refused === undefined ? 'works' : `refused, \`${refused.failure}\``);
      } catch (error) {
        outcomes.set(act, String(error).split('\n', 1)[0] as string);
      }
    }
    assert.deepEqual(world.session().client.lacking.toSorted(), lacking.toSorted());
  });
  return outcomes;
}

function describeRow({ lacks, quirks, instead }: Row, outcomes: ReadonlyMap<Act, string>): string {
  const switches = Object.entries(quirks).map(([quirk, value]) => `\`${quirk}=${value}\``);
  const others = acts.filter((act) => outcomes.get(act) !== 'works').map((act) => `${act}: ${outcomes.get(act)}`);
  return `| ${lacks} | ${switches.join(' ')} | ${instead} | ${others.join('; ') || 'all work'} |`;
}

describe('files are read, written, renamed and removed', { timeout: deadlineMs, concurrency: 2 }, () => {
  const page = readFileSync(path.join(root, 'docs/PROTOCOL.md'), 'utf8');
  for (const row of rows) {
    it(`by a service without ${row.lacks}, as PROTOCOL.md §8 tells`, async (test) => {
      const line = describeRow(row, await tryRow(row));
      test.diagnostic(line);
      assert.ok(page.includes(`\n${line}\n`), `the table has no such row: ${line}`);
    });
  }
});
