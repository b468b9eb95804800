import assert from 'node:assert/strict';
import { decodeName, encodeName } from '../../../../src/jottacloud/names.ts';
import { oddNames } from '../../../support/oddNames.ts';
import { at, fresh, holds, list, outcomeOf, readRange, refused, requestOf, store, storeFresh } from '../acts.ts';
import type { ContractWorld, FolderCase } from '../world.ts';

/** How many odd names are on their way at once: gentle enough for the real service (PROTOCOL.md §6). */
const together = 6;

async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: together }, worker));
}

/** Without those that the service may refuse. */
const takenNames = oddNames.filter((name) => !/[\\;]/.test(name));

/** Says what came of a new file of that name, and that another one is spelled so that it can be kept. */
async function askNewName(world: ContractWorld, name: string, lookalike: string): Promise<string> {
  const { client, signal } = world;
  const outcome = await outcomeOf(
    client.allocate(at(world, name), { ...requestOf(fresh()), onConflict: 'reject' }, signal),
  );
  const next = `next ${name}`;
  assert.equal(client.encodeName(next), outcome === 'done' ? next : `next ${lookalike}`);
  const bytes = await storeFresh(world, at(world, client.encodeName(next)));
  await holds(world, at(world, client.encodeName(next)), bytes);
  await client.createFolder(at(world, client.encodeName(`folder ${name}`)), signal);
  return outcome;
}

/** Names: every escaping, every limit (PROTOCOL.md §2.1, §5). */
export const nameCases: readonly FolderCase[] = [
  {
    name: 'keeps odd names of files through upload, listing, download and recursive listing',
    async run(world) {
      const { client, folder, signal } = world;
      const contents = new Map(takenNames.map((name) => [encodeName(name), fresh()]));
      const names = [...contents.keys()];
      assert.deepEqual(names.map(decodeName), takenNames);
      await forEach([...contents], async ([name, bytes]) => void (await store(world, at(world, name), bytes)));
      assert.deepEqual(await list(world, folder), [...names].sort());
      await forEach([...contents], async ([name, bytes]) => {
        const range = { start: 0, end: bytes.length, size: bytes.length };
        assert.ok((await readRange(world, at(world, name), range)).equals(bytes), name);
      });
      const streamed: string[] = [];
      for await (const { kind, path } of client.liststream(folder, signal)) {
        if (kind === 'file') streamed.push(path.at(-1) ?? '');
      }
      assert.deepEqual(streamed.sort(), [...names].sort());
    },
  },
  {
    name: 'keeps odd names of folders through creation, moves of what is in them, and the trash',
    async run(world) {
      const { client, folder, signal } = world;
      const names = takenNames.filter((_, index) => index % 6 === 0).map(encodeName);
      await forEach(names, async (name) => {
        await client.createFolder(at(world, name), signal);
        const bytes = await storeFresh(world, at(world, name, 'plain'));
        await client.moveFile(at(world, name, 'plain'), at(world, name, name), signal);
        await client.moveFolder(at(world, name), at(world, `2${name}`), signal);
        await holds(world, at(world, `2${name}`, name), bytes);
      });
      assert.deepEqual(await list(world, folder), names.map((name) => `2${name}/`).sort());
      await forEach(names, (name) => client.trashFolder(at(world, `2${name}`), signal));
      assert.deepEqual(await list(world, folder), []);
    },
  },
  {
    name: 'tells a plus from a space',
    async run(world) {
      const { client, signal } = world;
      const plus = await storeFresh(world, at(world, 'a+b'));
      const space = await storeFresh(world, at(world, 'a b'));
      await holds(world, at(world, 'a+b'), plus);
      await holds(world, at(world, 'a b'), space);
      await client.moveFile(at(world, 'a+b'), at(world, 'c+d'), signal);
      await client.copyFile(at(world, 'c+d'), at(world, 'e+f g'), signal);
      await client.trashFile(at(world, 'a b'), signal);
      assert.deepEqual(await list(world, world.folder), ['c+d', 'e+f g']);
      await holds(world, at(world, 'e+f g'), plus);
    },
  },
  {
    name: 'keeps a percent sign under its look-alike',
    async run(world) {
      const wire = encodeName('100%25 of %2F');
      const bytes = await storeFresh(world, at(world, wire));
      assert.deepEqual((await list(world, world.folder)).map(decodeName), ['100%25 of %2F']);
      await holds(world, at(world, wire), bytes);
    },
  },
  {
    name: 'addresses a name with a raw percent sign as far as the service can',
    guess: { quirk: 'percentInName', answers: { '400': 'unreachableName', allowed: 'done' } },
    async run(world) {
      const bytes = await storeFresh(world, at(world, '100%25'));
      assert.deepEqual(await list(world, world.folder), ['100%25']);
      const outcome = await outcomeOf(world.client.fetchFile(at(world, '100%25'), world.signal));
      if (outcome === 'done') await holds(world, at(world, '100%25'), bytes);
      return outcome;
    },
  },
  {
    name: 'creates a name with a backslash, or says that it is refused and spells the next one with its look-alike',
    guess: {
      quirk: 'backslashInName',
      answers: { allowed: 'done', '400': 'invalidName', refused: 'invalidName' },
    },
    run: (world) => askNewName(world, 'back\\slash', 'back＼slash'),
  },
  {
    name: 'creates a name with a semicolon, or says that it is refused and spells the next one with its look-alike',
    guess: {
      quirk: 'semicolonInName',
      answers: { allowed: 'done', '400': 'invalidName', refused: 'invalidName' },
    },
    run: (world) => askNewName(world, 'semi;colon', 'semi；colon'),
  },
  {
    name: 'addresses raw reserved characters where the service takes them',
    guess: { quirk: 'reservedCharacters', answers: { allowed: 'done', '400': 'invalidName' } },
    async run(world) {
      const name = 'a"b*c:d<e>f?g|h';
      const bytes = fresh();
      const outcome = await outcomeOf(store(world, at(world, name), bytes));
      if (outcome === 'done') await holds(world, at(world, name), bytes);
      assert.deepEqual(await list(world, world.folder), outcome === 'done' ? [name] : []);
      return outcome;
    },
  },
  {
    name: 'keeps a name of 255 letters and refuses one more',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'x'.repeat(255)));
      await holds(world, at(world, 'x'.repeat(255)), bytes);
      const long = 'y'.repeat(256);
      await refused('invalidName', client.allocate(at(world, long), requestOf(fresh()), signal));
      await refused('invalidName', client.createFolder(at(world, long), signal));
      await refused('invalidName', client.moveFile(at(world, 'x'.repeat(255)), at(world, long), signal));
      assert.deepEqual(await list(world, world.folder), ['x'.repeat(255)]);
    },
  },
  {
    name: 'keeps 255 letters of two bytes each where characters count',
    guess: { quirk: 'nameLimit', answers: { characters: 'done', bytes: 'invalidName' } },
    async run(world) {
      const name = 'æ'.repeat(255);
      const bytes = fresh();
      const outcome = await outcomeOf(store(world, at(world, name), bytes));
      if (outcome === 'done') await holds(world, at(world, name), bytes);
      return outcome;
    },
  },
  {
    name: 'finds a file whatever the case of its path, and says how it is spelled',
    async run(world) {
      const { client, signal } = world;
      const bytes = await storeFresh(world, at(world, 'Dir', 'ÆØÅ.txt'));
      assert.equal((await client.fetchFile(at(world, 'DIR', 'æøå.TXT'), signal)).name, 'ÆØÅ.txt');
      await holds(world, at(world, 'dir', 'æøå.txt'), bytes);
    },
  },
  {
    name: 'sends no name that is no name',
    async run(world) {
      const { client, signal } = world;
      for (const name of ['', '.', '..', 'a/b', 'a\0b', 'a\ud800']) {
        await refused('invalidName', client.createFolder(at(world, name), signal));
        await refused('invalidName', client.allocate(at(world, name), requestOf(fresh()), signal));
        await refused('invalidName', client.trashFolder(at(world, name), signal));
        await refused('invalidName', client.moveFile(at(world, 'a'), at(world, name), signal));
      }
      assert.deepEqual(await list(world, world.folder), []);
    },
  },
];
