import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ensureOwnFile, ensureOwnFolder, UnusableFolderError } from '../../base/ownFiles.ts';
import { DriveError } from '../../protocol/errors.ts';

export function lockFile(stateDir: string): string {
  return join(stateDir, 'drive.lock');
}

/** An unreferenced database is closed by the garbage collector, and its lock goes with it. */
const held: DatabaseSync[] = [];

/** SQLite's result code when another connection has the lock. */
const sqliteBusy = 5;

/**
 * Bytes. SQLite opens no path of more than 512, links resolved, and says so of no file in particular; what is longest below the
 * state folder is the journal of an account's database that is made anew.
 */
const longestStatePath = 450;

/**
 * Makes this process the only drive on `stateDir` (created 0700). The lock is the kernel's lock on an open SQLite file: it
 * goes with the process however that ends, and no stale pid can hold it. Held until the process ends. Throws DriveError
 * `stateInUse`, OwnershipError, UnusableFolderError, and as the disk does: a full one is not a drive that runs already.
 */
export function lockState(stateDir: string): void {
  ensureOwnFolder(stateDir);
  if (Buffer.byteLength(realpathSync(stateDir)) > longestStatePath) {
    throw new UnusableFolderError(stateDir, `is longer than ${longestStatePath} bytes`);
  }
  ensureOwnFile(lockFile(stateDir));
  const db = new DatabaseSync(lockFile(stateDir));
  try {
    db.exec('PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    const { errcode } = error as { errcode?: unknown };
    if (typeof errcode !== 'number' || (errcode & 0xff) !== sqliteBusy) throw error;
    throw new DriveError('stateInUse', { path: stateDir }, { cause: error });
  }
  held.push(db);
}
