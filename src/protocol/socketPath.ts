import { createHash } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureOwnFolder } from '../base/ownFiles.ts';
import { getFacts } from '../base/platform.ts';

/** Bytes. `sun_path` holds 104 on macOS and 108 on Linux, the closing zero included; the rest is margin. */
const longestSocketPath = 100;

/**
 * Where the drive that owns `stateDir` listens, for `net.listen` and `net.connect`. Both sides compute it, so nothing has to be
 * written down. A unix socket in the state folder; for one too deep for that, in `$XDG_RUNTIME_DIR`, which nobody else can write to,
 * else in the temporary folder, apart per user and state folder. On Windows a named pipe, which is in no folder: anybody can take
 * the name before the drive does, and then proves nothing (socketProof.ts).
 */
export function socketPath(
  stateDir: string,
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (!getFacts(platform).hasSocketFiles) return pipeName(stateDir, os.userInfo().username);
  const inState = path.join(stateDir, 'drive.sock');
  if (Buffer.byteLength(inState) <= longestSocketPath) return inState;
  const folder = `jottacloud-${process.getuid?.() ?? 0}-${digest(stateDir)}`;
  const runtime = env.XDG_RUNTIME_DIR ?? '';
  const inRuntime = path.join(runtime, folder, 'drive.sock');
  const isUsable = path.isAbsolute(runtime) && Buffer.byteLength(inRuntime) <= longestSocketPath;
  return isUsable ? inRuntime : path.join(os.tmpdir(), folder, 'drive.sock');
}

/** Of a state folder as Windows spells it, in any case. */
export function pipeName(stateDir: string, user: string): string {
  const folder = path.win32.resolve(stateDir).toLowerCase();
  return `\\\\.\\pipe\\jottacloud-${digest(`${user.toLowerCase()}\0${folder}`)}`;
}

/**
 * Makes the folder of the socket this user's own, before anything is looked for in it: what goes over the socket are the tokens
 * of the account, and in the temporary folder anybody could make the folder first. Throws OwnershipError.
 */
export function ensureSocketFolder(socket: string): void {
  if (isFile(socket)) ensureOwnFolder(path.dirname(socket));
}

/** Of a drive that listens no more. */
export function removeSocket(socket: string): void {
  if (isFile(socket)) rmSync(socket, { force: true });
}

/** Makes a socket that is listened on this user's alone (0600). A pipe is so by what Windows grants others: they cannot write to it. */
export function protectSocket(socket: string): void {
  if (isFile(socket)) chmodSync(socket, 0o600);
}

/** Else a name of the system's, which begins otherwise: a pipe of Windows with `\\.\pipe\`. */
function isFile(socket: string): boolean {
  return path.posix.isAbsolute(socket);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
