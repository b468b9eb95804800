import os from 'node:os';
import { getFacts } from '../base/platform.ts';
import { DriveError } from './errors.ts';

/**
 * Where the drive keeps journal, cache index, staging and its socket: absolute, one per user and machine.
 * `JOTTACLOUD_STATE_DIR` replaces it, so that a test never meets the real account. DriveError `folderNotAbsolute` (args: `name`).
 */
export function stateDir(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  const { path } = getFacts(platform);
  if (env.JOTTACLOUD_STATE_DIR) return path.resolve(env.JOTTACLOUD_STATE_DIR);
  if (platform === 'win32') return path.join(getLocalAppData(env), 'Jottacloud Drive', 'State');
  const home = getHome(env, platform);
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Jottacloud Drive');
  return path.join(getFolder(env, 'XDG_STATE_HOME', platform) ?? path.join(home, '.local', 'state'), 'jottacloud');
}

/** Where clean content goes: losing it costs downloads, never data. DriveError `folderNotAbsolute` (args: `name`). */
export function cacheDir(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  const { path } = getFacts(platform);
  if (platform === 'win32') return path.join(getLocalAppData(env), 'Jottacloud Drive', 'Cache');
  const home = getHome(env, platform);
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches', 'Jottacloud Drive');
  return path.join(getFolder(env, 'XDG_CACHE_HOME', platform) ?? path.join(home, '.cache'), 'jottacloud');
}

/** The home folder of the user. */
export function getHome(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  return getFolder(env, getFacts(platform).homeVariable, platform) ?? os.homedir();
}

/** What stays on one computer, and is its user's alone. */
function getLocalAppData(env: NodeJS.ProcessEnv): string {
  return (
    getFolder(env, 'LOCALAPPDATA', 'win32') ?? getFacts('win32').path.join(getHome(env, 'win32'), 'AppData', 'Local')
  );
}

type FolderVariable = 'HOME' | 'USERPROFILE' | 'LOCALAPPDATA' | 'XDG_STATE_HOME' | 'XDG_CACHE_HOME';

/** A relative one would name another folder for each program, wherever that was started. */
function getFolder(env: NodeJS.ProcessEnv, name: FolderVariable, platform: NodeJS.Platform): string | undefined {
  const value = env[name];
  if (value === undefined || value === '') return undefined;
  if (!getFacts(platform).path.isAbsolute(value)) throw new DriveError('folderNotAbsolute', { name });
  return value;
}
