import { createHash } from 'node:crypto';
import { readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

/** Bytes whose save was never acknowledged: they are nowhere else, and go only by hand. */
const lostFolder = 'lost+found';

/** Name of an account's folder. The user name comes from outside: its hash makes a safe one. */
export function getAccountFolder(username: string): string {
  return createHash('sha256').update(username).digest('hex').slice(0, 16);
}

/** Removes the cache of an account that is not open, its names and its settings; `lost+found` stays when anything is in it. */
export async function forgetAccount(stateDir: string, cacheDir: string, username: string): Promise<void> {
  const folder = getAccountFolder(username);
  await rm(join(cacheDir, folder), { recursive: true, force: true });
  const state = join(stateDir, 'accounts', folder);
  for (const entry of await readdir(state)) {
    if (entry !== lostFolder) await rm(join(state, entry), { recursive: true, force: true });
  }
  // rmdir(2) leaves a folder that holds something.
  await rmdir(join(state, lostFolder)).catch(() => undefined);
  await rmdir(state).catch(() => undefined);
}

/** Notes where the cache is, for the uninstallation, which knows no settings. */
export async function noteCacheDir(stateDir: string, cacheDir: string): Promise<void> {
  await writeFile(join(stateDir, 'cache-folder'), cacheDir, { mode: 0o600 });
}

/** undefined when nothing was noted. */
export async function findNotedCacheDir(stateDir: string): Promise<string | undefined> {
  const noted = await readFile(join(stateDir, 'cache-folder'), 'utf8').catch(() => '');
  return isAbsolute(noted) ? noted : undefined;
}
