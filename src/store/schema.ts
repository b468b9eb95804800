import { DatabaseSync } from 'node:sqlite';
import { clearMark, findDamage, isDamageAtOpen, watchDamage } from './damage.ts';
import { storeLimits } from './limits.ts';

/**
 * One row per node, local and synced side by side, so that "what is pending" is a comparison inside a row and the partial
 * index `pending` answers it without a scan. `staging` describes staging files; `meta` holds small facts.
 */
const nodeTables = `
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
INSERT INTO node(ino, kind, parent, name, key, size, mtimeSec, mtimeNsec, ctimeMs, mode, localOnly)
  VALUES (1, 'root', NULL, '', '', 0, 0, 0, 0, 493, 1);
`;

/** Extended attributes, which have no home on the server; they go with their node. */
const xattrTable = `
CREATE TABLE xattr (ino INTEGER NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (ino, name)) STRICT, WITHOUT ROWID;
CREATE TRIGGER dropXattrs AFTER DELETE ON node BEGIN DELETE FROM xattr WHERE ino = OLD.ino; END;
`;

/** What was transferred lately (history.ts). */
const historyTable = `
CREATE TABLE history (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL,
  bytes INTEGER NOT NULL, ms INTEGER NOT NULL, outcome TEXT NOT NULL
) STRICT;
`;

/** What is kept offline (pins.ts); a pin goes with its node. */
const pinTable = `
CREATE TABLE pin (ino INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER dropPin AFTER DELETE ON node BEGIN DELETE FROM pin WHERE ino = OLD.ino; END;
`;

/** A push whose outcome is not known is pending, whatever the two sides say (nodeRow.ts `pendingTarget`). */
const begunColumns = `
ALTER TABLE node ADD COLUMN bParent INTEGER;
ALTER TABLE node ADD COLUMN bName TEXT;
ALTER TABLE node ADD COLUMN bKey TEXT;
ALTER TABLE node ADD COLUMN bWire TEXT;
CREATE UNIQUE INDEX byBegunName ON node(bParent, bKey) WHERE bParent IS NOT NULL;
DROP INDEX pending;
CREATE INDEX pending ON node(ino) WHERE localOnly = 0 AND (
  bParent IS NOT NULL OR parent IS NOT sParent OR (parent IS NOT NULL AND (name IS NOT sName OR (kind = 'file' AND
  (staging IS NOT NULL OR md5 IS NOT sMd5 OR mtimeSec IS NOT sMtime)))));
`;

/** Whether an edit rests on a content is asked for all that goes in a listing. */
const baseIndex = `
CREATE INDEX byBase ON staging(baseMd5) WHERE baseMd5 IS NOT NULL;
`;

/** What was begun to be sent for a node (nodes.ts `addSent`) goes with it. */
const sentTrigger = `
DELETE FROM meta WHERE key GLOB 'sent.*' AND substr(key, 6) NOT IN (SELECT ino FROM node);
CREATE TRIGGER dropSent AFTER DELETE ON node BEGIN DELETE FROM meta WHERE key = 'sent.' || OLD.ino; END;
`;

/** What files with the ending of link files are shown as (nodeRow.ts `LinkState`). */
const linkColumn = `
ALTER TABLE node ADD COLUMN link TEXT;
CREATE INDEX links ON node(parent) WHERE link IS NOT NULL;
UPDATE node SET link = 'new' WHERE kind = 'file' AND name LIKE '%_.rclonelink';
`;

/** Where a link made elsewhere leads decides whether it is followed: those of before are looked at anew. */
const targetColumn = `
ALTER TABLE node ADD COLUMN target TEXT;
UPDATE node SET link = 'new' WHERE link = 'foreign';
`;

/**
 * A row may be on the disk before the bytes it promises. `sums` are checksums of those that were not synced when it was
 * written (null: all were), `epoch` the group commit that was to sync them: once `meta` says `settled`, they need no look.
 */
const stagingSums = `
ALTER TABLE staging ADD COLUMN sums TEXT;
ALTER TABLE staging ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
`;

/** What was removed here: few rows of many. Each start looks through them. */
const removedIndex = `
CREATE INDEX removed ON node(ino) WHERE parent IS NULL;
`;

/** Refused changes are asked for with every state that is told and every removal: few rows of many that wait. */
const failedIndex = `
CREATE INDEX failed ON node(ino) WHERE failure IS NOT NULL;
`;

/** With each folder that moves it is asked which links made elsewhere are in it: few rows of many, or none. */
const foreignIndex = `
CREATE INDEX foreignLinks ON node(ino) WHERE link = 'foreign';
`;

/** What a folder holds on the server beside its rows (nodeRow.ts `unusable`). */
const unusableColumn = `
ALTER TABLE node ADD COLUMN unusable INTEGER NOT NULL DEFAULT 0;
`;

/** Step n brings schema n to schema n + 1. A new schema is a new step at the end; steps that were released never change. */
const migrations = [
  nodeTables,
  xattrTable,
  historyTable,
  pinTable,
  begunColumns,
  baseIndex,
  sentTrigger,
  linkColumn,
  targetColumn,
  stagingSums,
  removedIndex,
  failedIndex,
  foreignIndex,
  unusableColumn,
];

/** The condition of the `pending` index, word for word, so that SQLite uses it. */
export const pendingCondition = `localOnly = 0 AND (
  bParent IS NOT NULL OR parent IS NOT sParent OR (parent IS NOT NULL AND (name IS NOT sName OR (kind = 'file' AND
  (staging IS NOT NULL OR md5 IS NOT sMd5 OR mtimeSec IS NOT sMtime)))))`;

/** Why a metadata database cannot be used: `damaged`, or `newer` than this version knows. */
export class DatabaseError extends Error {
  readonly kind: 'damaged' | 'newer';

  constructor(kind: 'damaged' | 'newer', message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DatabaseError';
    this.kind = kind;
  }
}

/**
 * Opens or creates the metadata database. WAL with synchronous=NORMAL: a commit survives the death of the process at once;
 * `DurabilityBarrier` makes it survive the death of the machine. Throws DatabaseError; the file is never deleted here.
 * `onDamage` hears, once, of damage that shows only later: the next start then sets the database aside.
 */
export function openDatabase(file: string, onDamage: (error: unknown) => void = () => {}): DatabaseSync {
  const db = new DatabaseSync(file);
  try {
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000;
      PRAGMA wal_autocheckpoint = ${storeLimits.mostLogPages};`);
    const damage = findDamage(db, file);
    if (damage !== undefined) throw new DatabaseError('damaged', damage);
    migrate(db);
    clearMark(file);
    watchDamage(db, file, onDamage);
    return db;
  } catch (error) {
    db.close();
    if (!isDamageAtOpen(error)) throw error;
    throw new DatabaseError('damaged', 'the metadata database cannot be read', { cause: error });
  }
}

/** Writes all that is committed to the database file itself, and empties the log. */
export function checkpoint(db: DatabaseSync): void {
  const { busy } = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
  if (busy !== 0) throw new Error('the log of the metadata database could not be written back');
}

/** Writes a log that has grown back to the database, once all of it is on the disk. */
export function shortenLog(db: DatabaseSync): void {
  const { log, checkpointed } = db.prepare('PRAGMA wal_checkpoint(NOOP)').get() as Record<string, number>;
  if (Number(log) - Number(checkpointed) >= storeLimits.logPages) db.exec('PRAGMA wal_checkpoint(PASSIVE)');
}

function migrate(db: DatabaseSync): void {
  const { user_version: found } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found > migrations.length) {
    throw new DatabaseError('newer', `schema ${found}, this version knows ${migrations.length}`);
  }
  const steps = migrations.slice(found).join('');
  if (steps !== '') db.exec(`BEGIN; ${steps} PRAGMA user_version = ${migrations.length}; COMMIT;`);
}
