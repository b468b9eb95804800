import assert from 'node:assert/strict';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Emulator } from '../../emulator/emulator.ts';
import { until } from '../../support/until.ts';
import { createWorld, type Headless, type World } from '../support.ts';

interface Row {
  readonly what: string;
  /** Answers what is left to do once the other side has changed. */
  readonly here: (dir: string) => Promise<undefined | (() => Promise<void>)>;
  readonly there: (emulator: Emulator, dir: string) => Promise<void> | void;
  /** Texts by path in the end, on both sides. */
  readonly outcome: Record<string, string>;
}

/** Some rows of the table in test/integration/sync/conflictTable.test.ts, through the kernel. Each begins with `d/file.txt`. */
const rows: readonly Row[] = [
  {
    what: 'edited on both sides',
    here: async (dir) => void (await writeFile(join(dir, 'd/file.txt'), 'ours')),
    there: (emulator, dir) => emulator.put(`${dir}/d/file.txt`, 'theirs'),
    outcome: { 'd/file (copy).txt': 'ours', 'd/file.txt': 'theirs' },
  },
  {
    what: 'open and half written here, edited there',
    here: async (dir) => {
      const file = await open(join(dir, 'd/file.txt'), 'r+');
      await file.write('OURS', 0);
      return () => file.close();
    },
    there: (emulator, dir) => emulator.put(`${dir}/d/file.txt`, 'theirs'),
    outcome: { 'd/file (copy).txt': 'OURS text', 'd/file.txt': 'theirs' },
  },
  {
    what: 'saved by rename here, edited there',
    here: async (dir) => {
      await writeFile(join(dir, 'd/file.txt.new'), 'saved');
      await rename(join(dir, 'd/file.txt.new'), join(dir, 'd/file.txt'));
      return undefined;
    },
    there: (emulator, dir) => emulator.put(`${dir}/d/file.txt`, 'theirs'),
    outcome: { 'd/file (copy).txt': 'saved', 'd/file.txt': 'theirs' },
  },
  {
    what: 'removed here, edited there',
    here: async (dir) => void (await unlink(join(dir, 'd/file.txt'))),
    there: (emulator, dir) => emulator.put(`${dir}/d/file.txt`, 'theirs'),
    outcome: { 'd/file.txt': 'theirs' },
  },
  {
    what: 'renamed here, edited there',
    here: async (dir) => void (await rename(join(dir, 'd/file.txt'), join(dir, 'd/ours.txt'))),
    there: (emulator, dir) => emulator.put(`${dir}/d/file.txt`, 'theirs'),
    outcome: { 'd/ours.txt': 'theirs' },
  },
  {
    what: 'replaced by a folder on both sides',
    here: async (dir) => {
      await unlink(join(dir, 'd/file.txt'));
      await mkdir(join(dir, 'd/file.txt'));
      await writeFile(join(dir, 'd/file.txt/inner.txt'), 'ours');
      return undefined;
    },
    there: async (emulator, dir) => {
      emulator.remove(`${dir}/d/file.txt`);
      await emulator.put(`${dir}/d/file.txt/inner.txt`, 'theirs');
    },
    outcome: { 'd/file.txt/inner (copy).txt': 'ours', 'd/file.txt/inner.txt': 'theirs' },
  },
  {
    what: 'edited here, its folder moved there',
    here: async (dir) => void (await writeFile(join(dir, 'd/file.txt'), 'ours')),
    there: (emulator, dir) => emulator.move(`${dir}/d`, `${dir}/moved`),
    outcome: { 'd/file.txt': 'ours', 'moved/file.txt': 'base text' },
  },
  {
    what: 'its folder removed here, a file added there',
    here: async (dir) => {
      await rm(join(dir, 'd/file.txt'));
      await rmdir(join(dir, 'd'));
      return undefined;
    },
    there: (emulator, dir) => emulator.put(`${dir}/d/added.txt`, 'theirs'),
    outcome: { 'd/added.txt': 'theirs' },
  },
];

describe('a file on the volume, changed on both sides', () => {
  let world: World;
  let drive: Headless;
  before(async () => {
    world = await createWorld();
    for (const index of rows.keys()) await world.emulator.put(`/Jotta/Archive/row ${index}/d/file.txt`, 'base text');
    drive = await world.start({ loginToken: world.emulator.newLoginToken(), settleMs: 1_000 });
  });
  after(() => world.close());

  for (const [index, { what, here, there, outcome }] of rows.entries()) {
    it(`${what}: both sides end the same, with every version`, async () => {
      const { emulator } = world;
      const dir = join(drive.mountPoint, `row ${index}`);
      const top = `/Jotta/Archive/row ${index}`;
      assert.deepEqual(await readdir(join(dir, 'd')), ['file.txt']);
      const finish = await here(dir);
      await there(emulator, top);
      await finish?.();
      const plain = (path: string) => path.replaceAll(/ \(conflicted copy .*? \d{4}-\d\d-\d\d\)/g, ' (copy)');
      const server = async () => {
        const paths = emulator.tree().filter(({ kind, path }) => kind === 'file' && path.startsWith(`${top}/`));
        const texts = paths.map(async ({ path }) => [
          plain(path.slice(top.length + 1)),
          String(await emulator.read(path)),
        ]);
        return Object.fromEntries(await Promise.all(texts));
      };
      const shown = async () => {
        const entries = await readdir(dir, { recursive: true, withFileTypes: true });
        const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
        const texts = files.map(async (path) => [plain(path.slice(dir.length + 1)), await readFile(path, 'utf8')]);
        return Object.fromEntries(await Promise.all(texts));
      };
      const isReached = async (side: () => Promise<unknown>) => {
        // Names come and go while a tree is walked.
        const found = await side().catch(() => undefined);
        return JSON.stringify(sorted(found)) === JSON.stringify(sorted(outcome));
      };
      await until('the server has it all', () => isReached(server)).catch(async () =>
        assert.deepEqual(await server(), outcome),
      );
      await until('the volume shows it all', () => isReached(shown)).catch(async () =>
        assert.deepEqual(await shown(), outcome),
      );
    });
  }
});

function sorted(record: unknown): unknown {
  return Object.entries(record ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}
