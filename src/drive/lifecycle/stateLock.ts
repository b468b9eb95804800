import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DriveError } from '../../protocol/errors.ts';

export function lockFile(stateDir: string): string {
  return join(stateDir, 'drive.lock');
}

/** An unreferenced database is closed by the garbage collector, and its lock goes with it. */
const held: DatabaseSync[] = [];

/**
 * Makes this process the only drive on `stateDir` (created 0700). The lock is the kernel's lock on an open SQLite file: it
 * goes with the process however that ends, and no stale pid can hold it. Held until the process ends. Throws DriveError `stateInUse`.
 */
export function lockState(stateDir: string): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  chmodSync(stateDir, 0o700);
  const db = new DatabaseSync(lockFile(stateDir));
  try {
    db.exec('PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    throw new DriveError('stateInUse', { path: stateDir }, { cause: error });
  }
  held.push(db);
}
