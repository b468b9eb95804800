import { createHash } from 'node:crypto';
import { lstatSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Bytes. `sun_path` holds 104 on macOS and 108 on Linux, the closing zero included; the rest is margin. */
const longestSocketPath = 100;

/**
 * The unix socket of the drive that owns `stateDir`. Both sides compute it, so nothing has to be written down.
 * A state folder too deep for a socket gets one in the temporary folder, apart per user and state folder.
 */
export function socketPath(stateDir: string): string {
  const inState = path.join(stateDir, 'drive.sock');
  if (Buffer.byteLength(inState) <= longestSocketPath) return inState;
  const digest = createHash('sha256').update(stateDir).digest('hex').slice(0, 12);
  return path.join(os.tmpdir(), `jottacloud-${process.getuid?.() ?? 0}-${digest}`, 'drive.sock');
}

/**
 * Whether the folder of the socket, and the link that leads there if it is one, are this user's own. In another's there may
 * be a socket of theirs, and what goes over it are the tokens of the account. True when there is none yet.
 */
export function isOwnSocketFolder(socketFile: string): boolean {
  const folder = path.dirname(socketFile);
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return true;
  const target = statSync(folder, { throwIfNoEntry: false });
  const uid = process.getuid?.();
  return target?.isDirectory() === true && found.uid === uid && target.uid === uid;
}
