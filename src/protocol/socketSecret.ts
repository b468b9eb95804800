import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { getFacts } from '../base/platform.ts';

const secretBytes = 32;

function secretFile(stateDir: string): string {
  return path.join(stateDir, 'socket-secret');
}

/**
 * A new secret for a drive that is about to listen and holds the lock of `stateDir`: each drive has its own, and it is there
 * before anybody can connect. Mode 0600 whatever the umask, where files have modes. Throws as the disk does.
 */
export async function makeSocketSecret(stateDir: string): Promise<Buffer> {
  const secret = randomBytes(secretBytes);
  const file = secretFile(stateDir);
  const next = `${file}.new`;
  await rm(next, { force: true });
  const handle = await open(next, 'wx', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(secret);
  } finally {
    await handle.close();
  }
  await rename(next, file);
  return secret;
}

/**
 * The secret of the drive that listens now: ask after connecting. undefined when there is none that only this user could have
 * written and can read, as far as files tell.
 */
export async function findSocketSecret(stateDir: string, facts = getFacts()): Promise<Buffer | undefined> {
  try {
    // A pipe in its place is not waited for. Where there is no such flag, there is no such file.
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    const handle = await open(secretFile(stateDir), flags);
    try {
      const found = await handle.stat();
      const isOwn = !facts.hasModes || (found.uid === process.getuid?.() && (found.mode & 0o077) === 0);
      return isOwn && found.isFile() && found.size === secretBytes ? await handle.readFile() : undefined;
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}
