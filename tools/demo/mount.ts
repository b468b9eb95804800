import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { detachVolume, findDrives, tryKill } from '../setup/driveProcesses.ts';

const execFileAsync = promisify(execFile);

/** Where the extension mounts unless told otherwise. */
export const mountPoint = path.join(os.homedir(), 'CloudMounts', 'Jottacloud');

/** Asks the kernel's table, not the folder: a folder with a dead mount on it would not answer. */
export async function isMounted(): Promise<boolean> {
  if (process.platform === 'linux') {
    const table = await readFile('/proc/self/mountinfo', 'utf8');
    return table.split('\n').some((line) => line.split(' ')[4]?.replaceAll('\\040', ' ') === mountPoint);
  }
  const { stdout } = await execFileAsync('mount', { timeout: 5_000 });
  return stdout.includes(` on ${mountPoint} (`);
}

/** Waits until the volume is there; throws when it is not by then. */
export async function waitUntilMounted(timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isMounted())) {
    if (performance.now() > deadline) throw new Error(`nothing is mounted at ${mountPoint} after ${timeoutMs} ms`);
    await delay(100);
  }
}

/**
 * Ends the drive process of `stateDir`: it flushes and unmounts on SIGTERM. What is still mounted after `timeoutMs` is
 * detached by force, so that the demo never leaves a dead folder behind.
 */
export async function endDrive(stateDir: string, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const pids = await findDrives(stateDir);
  for (const pid of pids) tryKill(pid, 'SIGTERM');
  while (performance.now() < deadline && ((await isMounted()) || pids.some((pid) => tryKill(pid, 0)))) await delay(100);
  if (await isMounted()) await detachVolume(mountPoint);
  for (const pid of pids) tryKill(pid, 'SIGKILL');
}
