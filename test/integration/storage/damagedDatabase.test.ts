import assert from 'node:assert/strict';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import type { Tokens } from '../../../src/jottacloud/auth/tokens.ts';
import { openDatabase } from '../../../src/store/schema.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { md5 } from '../../support/md5.ts';
import { openSessionWorld, type SessionWorld, showServer, signIn } from '../../support/sessionWorld.ts';

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
  tokens = signIn(emulator);
});
after(() => emulator.close());

async function withWorld(
  work: (world: SessionWorld) => Promise<void>,
  onDamage: (error: unknown) => void = assert.ifError,
): Promise<void> {
  const world = await openSessionWorld(emulator, { tokens, onDamage });
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
  'its format is unknown': { damage: (file) => overwrite(file, 47, Buffer.from([9])), namesKnown: false },
  'it says that it has no tables yet': { damage: (file) => overwrite(file, 60, Buffer.alloc(4)), namesKnown: true },
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
  it('that is damaged: a file whose name has as many bytes as a name can have is rescued too', async () => {
    await withWorld(async (world) => {
      const name = `${'æ'.repeat(125)}.txt`;
      await world.save(`${top}/${name}`, 'unsent');
      await world.restart(async (dir) => damages['an index is garbage']?.damage(join(dir, 'metadata.db')));
      const { rescued } = world.session();
      assert.equal(rescued?.files, 1);
      const saved = (await readdir(rescued?.folder as string)).find(
        (each) => each.endsWith('.txt') && each.startsWith('1 '),
      );
      assert.ok(saved !== undefined && name.endsWith(saved.slice(2)));
    });
  });

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

  it('that is damaged while the disk has no room for a new one: everything stays as it is until there is', async () => {
    await withWorld(async (world) => {
      await world.save(`${top}/unsent.txt`, 'unsent');
      let dir = '';
      const restarted = world.restart(async (accountDir) => {
        dir = accountDir;
        await damages['an index is garbage']?.damage(join(dir, 'metadata.db'));
        await mkdir(join(dir, 'metadata.db.new', 'in the way'), { recursive: true });
      });
      await assert.rejects(restarted);
      assert.equal((await readdir(join(dir, 'staging'))).length, 1);
      await rm(join(dir, 'metadata.db.new'), { recursive: true });
      await world.reopen();
      assert.deepEqual([world.session().rescued?.cause, world.session().rescued?.files], ['damage', 1]);
    });
  });

  for (const [what, lose] of Object.entries({
    'is missing': rm,
    'is empty': (file: string) => truncate(file, 0),
  })) {
    it(`that ${what}: what was not sent is set aside and told`, async () => {
      await withWorld(async (world) => {
        await world.save(`${top}/unsent.txt`, 'unsent');
        await world.restart(async (accountDir) => lose(join(accountDir, 'metadata.db')));
        const { rescued } = world.session();
        assert.deepEqual([rescued?.cause, rescued?.files], ['unclaimed', 1]);
        const [name = ''] = await readdir(rescued?.folder as string);
        assert.equal(await readFile(join(rescued?.folder as string, name), 'utf8'), 'unsent');
        await world.restart();
        assert.equal(world.session().rescued, null, 'told once');
      });
    });
  }

  it('that turns out to be damaged while it is used: is told once, and what was not sent is rescued at the next start', async () => {
    const told: unknown[] = [];
    await withWorld(
      async (world) => {
        await world.save(`${top}/unsent.txt`, 'unsent');
        const accounts = join(world.dir, 'state', 'accounts');
        const [account = ''] = await readdir(accounts);
        const file = join(accounts, account, 'metadata.db');
        alterSchema(file, "UPDATE sqlite_schema SET rootpage = 1000000 WHERE name = 'byName'");
        for (const name of ['a', 'b']) await assert.rejects(world.mkdir(`${top}/${name}`), /malformed/);
        assert.equal(told.length, 1);
        await world.restart();
        const { rescued } = world.session();
        assert.equal(rescued?.files, 1);
        await world.save(`${top}/after.txt`, 'goes on');
        await world.drain();
        await world.restart();
        assert.equal(world.session().rescued, null);
        emulator.remove(`${top}/after.txt`);
      },
      (error) => told.push(error),
    );
  });

  it('that only a thorough look finds damaged is set aside once that was met while it was used', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'jottacloud-damage-'));
    try {
      const file = join(dir, 'metadata.db');
      openDatabase(file).close();
      // A row that came while the index was not there is in the table and not in the index.
      const index = alterSchema(file, "DELETE FROM sqlite_schema WHERE name = 'byContent' RETURNING *");
      const without = new DatabaseSync(file);
      without.exec(`INSERT INTO node(kind, name, key, size, mtimeSec, mtimeNsec, ctimeMs, mode, sMd5)
        VALUES ('file', 'a', 'a', 0, 0, 0, 0, 0, 'md5')`);
      without.close();
      alterSchema(file, 'INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)', Object.values(index ?? {}));
      const told: unknown[] = [];
      const db = openDatabase(file, (error) => told.push(error));
      const removal = db.prepare("DELETE FROM node WHERE name = 'a'");
      assert.throws(() => removal.run(), /malformed/);
      assert.equal(told.length, 1);
      db.close();
      assert.throws(() => openDatabase(file), { kind: 'damaged' });
    } finally {
      await rm(dir, { recursive: true });
    }
  });

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

/** What SQLite keeps from everybody else. */
function alterSchema(
  file: string,
  query: string,
  values: SQLInputValue[] = [],
): Record<string, SQLInputValue> | undefined {
  const db = new DatabaseSync(file);
  try {
    db.enableDefensive(false);
    const { schema_version: version } = db.prepare('PRAGMA schema_version').get() as { schema_version: number };
    db.exec('PRAGMA writable_schema = ON');
    const row = db.prepare(query).get(...values);
    db.exec(`PRAGMA schema_version = ${version + 1}`);
    return row as Record<string, SQLInputValue> | undefined;
  } finally {
    db.close();
  }
}

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
