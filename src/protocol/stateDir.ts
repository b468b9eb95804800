import os from 'node:os';
import path from 'node:path';
import { DriveError } from './errors.ts';

/**
 * Where the drive keeps journal, cache index, staging and its socket: absolute, one per user and machine.
 * `JOTTACLOUD_STATE_DIR` replaces it, so that a test never meets the real account. DriveError `folderNotAbsolute` (args: `name`).
 */
export function stateDir(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  if (env.JOTTACLOUD_STATE_DIR) return path.resolve(env.JOTTACLOUD_STATE_DIR);
  const home = getHome(env);
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Jottacloud Drive');
  return path.join(getFolder(env, 'XDG_STATE_HOME') ?? path.join(home, '.local', 'state'), 'jottacloud');
}

/** Where clean content goes: losing it costs downloads, never data. DriveError `folderNotAbsolute` (args: `name`). */
export function cacheDir(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  const home = getHome(env);
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches', 'Jottacloud Drive');
  return path.join(getFolder(env, 'XDG_CACHE_HOME') ?? path.join(home, '.cache'), 'jottacloud');
}

/** The home folder of the user. */
export function getHome(env: NodeJS.ProcessEnv = process.env): string {
  return getFolder(env, 'HOME') ?? os.homedir();
}

/** A relative one would name another folder for each program, wherever that was started. */
function getFolder(env: NodeJS.ProcessEnv, name: 'HOME' | 'XDG_STATE_HOME' | 'XDG_CACHE_HOME'): string | undefined {
  const value = env[name];
  if (value === undefined || value === '') return undefined;
  if (!path.isAbsolute(value)) throw new DriveError('folderNotAbsolute', { name });
  return value;
}
