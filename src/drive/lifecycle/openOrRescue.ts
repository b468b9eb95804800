import { rename, rm } from 'node:fs/promises';
import type { Log } from '../../base/log.ts';
import { rescueStaging } from '../../content/rescue.ts';
import { DriveError } from '../../protocol/errors.ts';
import { DatabaseError, openDatabase } from '../../store/schema.ts';

export interface RescueOptions {
  /** Folder to receive unsent content when the database turns out to be damaged: one that a person looks into. */
  readonly rescueDir: string;
  /** The database turned out to be damaged: nothing works any more, and the next start sets it aside. Called once. */
  readonly onDamage: (error: unknown) => void;
  readonly log: Log;
}

/** Opens the database; a damaged one is set aside with what was not sent, and made anew. DriveError `versionMismatch`. */
export async function openOrRescue(databaseFile: string, stagingDir: string, options: RescueOptions, now: number) {
  const { rescueDir, onDamage, log } = options;
  try {
    return { db: openDatabase(databaseFile, onDamage), rescued: null };
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    // Whoever wrote it has work in it that this version would lose.
    if (error.kind === 'newer') throw new DriveError('versionMismatch', {}, { cause: error });
    // Before anything is moved: where the disk has no room for it, the next start finds all as it was, and tells.
    const anew = `${databaseFile}.new`;
    await rm(anew, { force: true });
    openDatabase(anew).close();
    const rescued = await rescueStaging(databaseFile, stagingDir, rescueDir, now);
    await rename(anew, databaseFile);
    log.error('the metadata database was damaged and is made anew', { ...rescued, error });
    return { db: openDatabase(databaseFile, onDamage), rescued };
  }
}
