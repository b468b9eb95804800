import assert from 'node:assert/strict';
import { open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import type { Tokens } from '../../src/jottacloud/tokens.ts';
import { type Emulator, startEmulator } from '../emulator/emulator.ts';
import { md5, openSessionWorld, type SessionWorld, showServer, signIn } from './sessionWorld.ts';

const top = '/Jotta/Archive';
const pageBytes = 4096;
/** The first schema that was ever released, as `sqlite_schema` holds it: the drive must go on with it for ever. */
const firstSchema = `
CREATE TABLE node (
  ino INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  parent INTEGER, name TEXT NOT NULL, key TEXT NOT NULL,
  size INTEGER NOT NULL, mtimeSec INTEGER NOT NULL, mtimeNsec INTEGER NOT NULL, ctimeMs INTEGER NOT NULL,
  mode INTEGER NOT NULL, md5 TEXT, staging TEXT, localOnly INTEGER NOT NULL DEFAULT 0,
  sParent INTEGER, sName TEXT, sKey TEXT, sWire TEXT, sMd5 TEXT, sSize INTEGER, sMtime INTEGER, sRevision INTEGER, sUuid TEXT,
  listedAt INTEGER, failure TEXT
) STRICT;
CREATE UNIQUE INDEX byName ON node(parent, key) WHERE parent IS NOT NULL;
CREATE UNIQUE INDEX bySyncedName ON node(sParent, sKey) WHERE sParent IS NOT NULL;
CREATE INDEX byContent ON node(sMd5) WHERE sMd5 IS NOT NULL;
CREATE INDEX wanted ON node(md5) WHERE parent IS NOT NULL AND localOnly = 0 AND staging IS NULL AND md5 IS NOT sMd5;
CREATE INDEX pending ON node(ino) WHERE localOnly = 0 AND (
  parent IS NOT sParent OR (parent IS NOT NULL AND (name IS NOT sName OR (kind = 'file' AND
  (staging IS NOT NULL OR md5 IS NOT sMd5 OR mtimeSec IS NOT sMtime)))));
CREATE TABLE staging (
  id TEXT PRIMARY KEY, size INTEGER NOT NULL, extents TEXT NOT NULL,
  baseMd5 TEXT, baseSize INTEGER NOT NULL, baseLimit INTEGER NOT NULL
) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;

let emulator: Emulator;
let tokens: Tokens;
before(async () => {
  emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
  tokens = await signIn(emulator);
});
after(() => emulator.close());

async function withWorld(work: (world: SessionWorld) => Promise<void>): Promise<void> {
  const world = await openSessionWorld(emulator, { tokens });
  try {
    await work(world);
  } finally {
    await world.close();
  }
}

async function overwrite(file: string, position: number, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(bytes, 0, bytes.length, position);
  await handle.close();
}

const damages: Record<string, { damage: (file: string) => Promise<void>; namesKnown: boolean }> = {
  'its head is garbage': { damage: (file) => overwrite(file, 0, Buffer.alloc(100, 'garbage')), namesKnown: false },
  'it is no database at all': { damage: (file) => writeFile(file, 'lorem ipsum '.repeat(1000)), namesKnown: false },
  'it is cut in half': {
    damage: async (file) => truncate(file, Math.floor((await stat(file)).size / 2)),
    namesKnown: false,
  },
  'pages are garbage': {
    damage: async (file) => {
      const pages = (await stat(file)).size / pageBytes;
      for (let page = 2; page < pages; page += 2) await overwrite(file, page * pageBytes, Buffer.alloc(64, 0xff));
    },
    namesKnown: false,
  },
  'an index is garbage': {
    damage: async (file) => {
      const db = new DatabaseSync(file);
      const index = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'byContent'").get();
      db.close();
      await overwrite(file, (Number(index?.rootpage) - 1) * pageBytes, Buffer.alloc(64, 0xff));
    },
    namesKnown: true,
  },
};

describe('a metadata database', () => {
  for (const [what, { damage, namesKnown }] of Object.entries(damages)) {
    it(`that is damaged (${what}): what was not sent is rescued, the rest comes from the server`, async () => {
      await withWorld(async (world) => {
        await emulator.put(`${top}/remote.txt`, 'on the server');
        assert.equal(await world.readText(`${top}/remote.txt`), 'on the server');
        const unsent = ['one', 'two', 'three', 'four', 'five'];
        for (const name of unsent) await world.save(`${top}/${name}.txt`, `unsent ${name}`);
        await world.restart(async (accountDir) => damage(join(accountDir, 'metadata.db')));
        const { rescued } = world.session();
        assert.equal(rescued?.files, unsent.length);
        const folder = rescued?.folder as string;
        assert.ok(folder.startsWith(join(world.dir, 'rescue')));
        const names = await readdir(folder);
        const contents = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
        for (const name of unsent) {
          const at = contents.indexOf(`unsent ${name}`);
          assert.ok(at >= 0, name);
          if (namesKnown) assert.ok(names[at]?.endsWith(`${name}.txt`), name);
        }
        assert.ok(names.includes('metadata.db'), 'the damaged one is kept');
        assert.equal(await world.readText(`${top}/remote.txt`), 'on the server');
        await world.save(`${top}/after.txt`, 'goes on');
        await world.drain();
        assert.equal((await showServer(emulator, top))['after.txt'], 'goes on');
        await world.restart();
        assert.equal(world.session().rescued, null, 'told once');
        emulator.remove(`${top}/after.txt`);
      });
    });
  }

  it('of a newer version stops the drive with its code and is not touched', async () => {
    await withWorld(async (world) => {
      await world.save(`${top}/unsent.txt`, 'unsent');
      const look = async (dir: string) => {
        const names = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
        const paths = names
          .map((entry) => join(entry.parentPath, entry.name))
          .filter((path) => !/-(wal|shm)$/.test(path));
        return Promise.all(paths.sort().map(async (path) => `${path} ${md5(await readFile(path))}`));
      };
      let dir = '';
      let before: unknown;
      const setVersion = (version: number) => {
        const db = new DatabaseSync(join(dir, 'metadata.db'));
        const { user_version: found } = db.prepare('PRAGMA user_version').get() as { user_version: number };
        db.exec(`PRAGMA user_version = ${version}`);
        db.close();
        return found;
      };
      let version = 0;
      const restarted = world.restart(async (accountDir) => {
        dir = accountDir;
        version = setVersion(99);
        before = await look(dir);
      });
      await assert.rejects(restarted, { code: 'versionMismatch' });
      assert.deepEqual(await look(dir), before);
      setVersion(version);
      await world.reopen();
      assert.equal(await world.readText(`${top}/unsent.txt`), 'unsent');
      await world.drain();
    });
  });

  it('of the first version is brought up to date with its pending work', async () => {
    await withWorld(async (world) => {
      await emulator.put(`${top}/known.txt`, 'known');
      assert.equal(await world.readText(`${top}/known.txt`), 'known');
      await world.save(`${top}/known.txt`, 'known and edited');
      await world.save(`${top}/created.txt`, 'created');
      await emulator.put(`${top}/gone.txt`, 'gone');
      await world.poll();
      await world.unlink(`${top}/gone.txt`);
      await world.restart(async (accountDir) => makeFirst(join(accountDir, 'metadata.db')));
      assert.equal(world.session().rescued, null);
      assert.equal(world.session().nodes.countPending().pending, 3);
      assert.equal(await world.readText(`${top}/created.txt`), 'created');
      await world.drain();
      const server = await showServer(emulator, top);
      assert.equal(server['known.txt'], 'known and edited');
      assert.equal(server['created.txt'], 'created');
      assert.equal(server['gone.txt'], undefined);
    });
  });
});

/** The same content in a database as the first version made it. */
async function makeFirst(file: string): Promise<void> {
  const newest = new DatabaseSync(file);
  const tables = ['node', 'staging', 'meta'].map((table) => ({
    table,
    rows: newest.prepare(`SELECT * FROM ${table}`).all() as Record<string, string | number | null>[],
  }));
  newest.close();
  for (const suffix of ['', '-wal', '-shm']) await rm(`${file}${suffix}`, { force: true });
  const first = new DatabaseSync(file);
  first.exec(`PRAGMA journal_mode = WAL; ${firstSchema} PRAGMA user_version = 1;`);
  for (const { table, rows } of tables) {
    const columns = new Set(
      first
        .prepare(`PRAGMA table_info(${table})`)
        .all()
        .map(({ name }) => String(name)),
    );
    for (const row of rows) {
      const kept = Object.entries(row).filter(([name]) => columns.has(name));
      const names = kept.map(([name]) => name);
      const query = `INSERT INTO ${table}(${names.join(',')}) VALUES (${names.map(() => '?').join(',')})`;
      first.prepare(query).run(...kept.map(([, value]) => value));
    }
  }
  first.close();
}
