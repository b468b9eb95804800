import { readdir, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Folder of one account (session.ts). */
const accountName = /^[0-9a-f]{16}$/;

/** Beside the staging files of an account. */
export const noticeName = 'NOT UPLOADED.txt';

/**
 * What stays when the extension is uninstalled: everything that is only on this computer, with a note of what it is. The
 * cache goes. Answers the notes written.
 */
export async function leave(stateDir: string, cacheDir: string): Promise<string[]> {
  for (const account of await list(cacheDir)) {
    if (accountName.test(account)) await rm(join(cacheDir, account), { recursive: true, force: true });
  }
  // rmdir(2) leaves the folder when there is anything else in it.
  await rmdir(cacheDir).catch(() => undefined);
  const notices: string[] = [];
  const accounts = join(stateDir, 'accounts');
  for (const account of await list(accounts)) {
    const dir = join(accounts, account);
    const unsent = await listUnsent(join(dir, 'staging'));
    if (unsent.length === 0) continue;
    const names = await readNames(join(dir, 'metadata.db'));
    const notice = join(dir, noticeName);
    await writeFile(notice, describe(unsent, names), { mode: 0o600 });
    notices.push(notice);
  }
  return notices;
}

async function listUnsent(stagingDir: string): Promise<string[]> {
  const paths = (await list(stagingDir)).map((id) => join(stagingDir, id));
  const sizes = await Promise.all(paths.map((path) => stat(path).then(({ size }) => size)));
  return paths.filter((_, index) => sizes[index] !== 0);
}

/** Names by id of the staging file, where this runtime can read the database. */
async function readNames(databaseFile: string): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  try {
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(databaseFile, { readOnly: true });
    for (const row of db.prepare('SELECT staging, name FROM node WHERE staging IS NOT NULL').all()) {
      names.set(String(row.staging), String(row.name));
    }
    db.close();
  } catch {
    // The files are told by their paths alone.
  }
  return names;
}

function describe(paths: readonly string[], names: ReadonlyMap<string, string>): string {
  return [
    'Jottacloud Drive was uninstalled before these changes were uploaded. They are uploaded when it is installed again.',
    'A file that was changed only in part may lack the parts that were not changed: those are in your account.',
    '',
    ...paths.map((path) => {
      const name = names.get(basename(path));
      return name === undefined ? path : `${path}: ${name}`;
    }),
    '',
  ].join('\n');
}

async function list(dir: string): Promise<string[]> {
  return readdir(dir).catch(() => []);
}
