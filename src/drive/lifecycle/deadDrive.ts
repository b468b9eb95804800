import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../base/log.ts';
import { DriveError } from '../../protocol/errors.ts';
import { loadMounts } from '../../volume/mountPoint.ts';
import type { Mounts } from '../mounts.ts';
import { lockFile, lockState } from './stateLock.ts';

/** Longest time from the end of its connections to the end of the process, ms. */
const endMs = 5_000;

/** Keeps a note of the FUSE connections of this drive's volumes, for whoever finds it dead and not gone. */
export function noteConnections(stateDir: string, mounts: Mounts, log: Log): void {
  const write = async () => {
    const points = new Set(mounts.getStates().map(({ mountPoint }) => mountPoint));
    const own = (await loadMounts()).filter(({ path, ours }) => ours && points.has(path));
    await writeFile(noteFile(stateDir), own.map(({ device }) => `${device}\n`).join(''), { mode: 0o600 });
  };
  let last = Promise.resolve();
  mounts.changed.on(() => {
    last = last.then(write).catch((error) => log.info('the connections could not be noted', { error }));
  });
}

/**
 * Like `lockState`, but first ends a dead drive that still holds the lock. A process that is killed while one of its
 * threads tells the kernel to forget a name waits for ever when the kernel holds that folder for an operation which that
 * process was to answer; unmounting does not free it, the end of its FUSE connection does. Linux only.
 */
export async function takeState(stateDir: string, log: Log): Promise<void> {
  try {
    lockState(stateDir);
  } catch (error) {
    if (!(error instanceof DriveError && error.code === 'stateInUse')) throw error;
    const file = lockFile(stateDir);
    const pid = await findHolder(file);
    if (pid === undefined || !(await isDead(pid)) || !(await endConnections(stateDir, log))) throw error;
    const end = performance.now() + endMs;
    while ((await findHolder(file)) === pid && performance.now() < end) await delay(20);
    lockState(stateDir);
  }
  // The next volumes are noted anew.
  await rm(noteFile(stateDir), { force: true });
}

function noteFile(stateDir: string): string {
  return join(stateDir, 'connections');
}

/** The process that holds a lock on `file`. */
async function findHolder(file: string): Promise<number | undefined> {
  const locks = await readFile('/proc/locks', 'utf8').catch(() => '');
  const { ino } = await stat(file);
  const held = locks.split('\n').find((line) => line.includes(' WRITE ') && line.includes(`:${ino} `));
  const pid = Number(held?.split(/\s+/)[4]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** Its first thread is a zombie: it was killed, and another of its threads is not gone yet. */
async function isDead(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).startsWith('Z');
}

/** Ends what the dead drive's note names and no other file system has taken since. False when there is nothing to end. */
async function endConnections(stateDir: string, log: Log): Promise<boolean> {
  const noted = await readFile(noteFile(stateDir), 'utf8').catch(() => '');
  const mounts = await loadMounts();
  let ended = false;
  for (const device of noted.split('\n').filter((line) => /^\d+:\d+$/.test(line))) {
    const mount = mounts.find((each) => each.device === device);
    if (mount !== undefined && !mount.ours) continue;
    const minor = device.slice(device.indexOf(':') + 1);
    await writeFile(`/sys/fs/fuse/connections/${minor}/abort`, '1').then(
      () => {
        ended = true;
        log.warn('the connection of a dead drive was ended', { device });
      },
      (error) => log.info('the connection of a dead drive could not be ended', { device, error }),
    );
  }
  return ended;
}
