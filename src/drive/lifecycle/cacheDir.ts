import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where clean content goes: losing it costs downloads, never data. */
export function defaultCacheDir(): string {
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'Jottacloud Drive');
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'jottacloud');
}
