import { createHash } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { ensureOwnFolder } from '../base/ownFiles.ts';

/** Bytes. `sun_path` holds 104 on macOS and 108 on Linux, the closing zero included; the rest is margin. */
const longestSocketPath = 100;

/**
 * The unix socket of the drive that owns `stateDir`. Both sides compute it, so nothing has to be written down.
 * A state folder too deep for a socket gets one in `$XDG_RUNTIME_DIR`, which nobody else can write to, else in the temporary
 * folder; apart per user and state folder.
 */
export function socketPath(stateDir: string, env: NodeJS.ProcessEnv = process.env): string {
  const inState = path.join(stateDir, 'drive.sock');
  if (Buffer.byteLength(inState) <= longestSocketPath) return inState;
  const digest = createHash('sha256').update(stateDir).digest('hex').slice(0, 12);
  const folder = `jottacloud-${process.getuid?.() ?? 0}-${digest}`;
  const runtime = env.XDG_RUNTIME_DIR ?? '';
  const inRuntime = path.join(runtime, folder, 'drive.sock');
  const isUsable = path.isAbsolute(runtime) && Buffer.byteLength(inRuntime) <= longestSocketPath;
  return isUsable ? inRuntime : path.join(os.tmpdir(), folder, 'drive.sock');
}

/**
 * Makes the folder of the socket this user's own, before anything is looked for in it: what goes over the socket are the tokens
 * of the account, and in the temporary folder anybody could make the folder first. Throws OwnershipError.
 */
export function ensureSocketFolder(socketFile: string): void {
  ensureOwnFolder(path.dirname(socketFile));
}
