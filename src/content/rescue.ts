import { copyFile, open, readdir, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolders } from '../base/folders.ts';

/** Bytes that were not sent and have lost their place in the tree. */
export interface Rescued {
  /** `damage`: the database was damaged. `unclaimed`: the drive ended before the bytes were kept for good, or the disk lost what told of them. */
  readonly cause: 'damage' | 'unclaimed';
  /** Folder that holds what was rescued. */
  readonly folder: string;
  /** Files of unsent content that came to it. */
  readonly files: number;
  /** ms since the epoch. */
  readonly at: number;
}

/** Ending of a staging file that no node claims yet: what it holds was promised to nobody. */
export const draftSuffix = '.draft';

export function stripDraft(fileName: string): string {
  return fileName.endsWith(draftSuffix) ? fileName.slice(0, -draftSuffix.length) : fileName;
}

/** Longest name given to a rescued file, in UTF-8 bytes; what is before it is a number. */
const nameBytes = 200;

/**
 * After damage to the metadata database: moves every staging file to a new folder below `into`, under its name where the
 * damaged database still tells it, and the database beside them, so that a new one can be made from the server.
 */
export async function rescueStaging(
  databaseFile: string,
  stagingDir: string,
  into: string,
  now: number,
): Promise<Rescued> {
  const folder = join(into, formatTime(now));
  await makeFolders(folder);
  const names = readNames(databaseFile);
  let files = 0;
  for (const fileName of await readdir(stagingDir).catch(() => [])) {
    const from = join(stagingDir, fileName);
    const id = stripDraft(fileName);
    if ((id !== fileName && !names.has(id)) || (await stat(from)).size === 0) {
      await unlink(from);
      continue;
    }
    files += 1;
    const known = names.get(id);
    const name = known === undefined ? 'unknown name' : shorten(known);
    await moveFile(from, join(folder, `${files} ${name}`));
  }
  for (const suffix of ['', '-wal', '-shm']) {
    const part = `${databaseFile}${suffix}`;
    await moveFile(part, join(folder, basename(part))).catch(() => undefined);
  }
  // On a full disk what was moved is told all the same.
  await writeFile(join(folder, 'READ ME.txt'), explanation(files)).catch(() => undefined);
  return { cause: 'damage', folder, files, at: now };
}

/** `now` in ms since the epoch, as a name that every disk takes. */
export function formatTime(now: number): string {
  return new Date(now).toISOString().replaceAll(':', '.');
}

/** A name that every disk takes: the end of this one, where its extension is, of as many whole characters as find room. */
export function shorten(name: string): string {
  const characters = [...name.replaceAll(/[/\0]/g, '_')];
  while (Buffer.byteLength(characters.join('')) > nameBytes) characters.shift();
  return characters.join('');
}

/** Names of staging files, as far as the damaged database can be read. */
function readNames(databaseFile: string): Map<string, string> {
  const names = new Map<string, string>();
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(databaseFile, { readOnly: true });
    for (const row of db.prepare('SELECT staging, name FROM node WHERE staging IS NOT NULL').iterate()) {
      names.set(String(row.staging), String(row.name));
    }
  } catch {
    // What could be read before the damage is what there is.
  } finally {
    db?.close();
  }
  return names;
}

async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await makeFolders(dirname(to));
    await copyFile(from, to);
    const copy = await open(to, 'r+');
    await copy.datasync().finally(() => copy.close());
    await unlink(from);
  }
}

function explanation(files: number): string {
  return [
    'The database of Jottacloud Drive on this computer was damaged and has been made anew from your account.',
    `${files} file(s) here hold changes that had not been uploaded.`,
    'A file that was changed only in part may lack the parts that were not changed: those are in your account.',
    '',
  ].join('\n');
}
