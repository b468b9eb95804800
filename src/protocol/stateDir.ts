import os from 'node:os';
import path from 'node:path';

/**
 * Where the drive keeps journal, cache index, staging and its socket: absolute, one per user and machine.
 * `JOTTACLOUD_STATE_DIR` replaces it, so that a test never meets the real account.
 */
export function stateDir(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  if (env.JOTTACLOUD_STATE_DIR) return path.resolve(env.JOTTACLOUD_STATE_DIR);
  const home = env.HOME || os.homedir();
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Jottacloud Drive');
  return path.join(env.XDG_STATE_HOME || path.join(home, '.local', 'state'), 'jottacloud');
}
