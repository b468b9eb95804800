import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The drives that an extension has started with `--state <stateDir>`, by process id. */
export async function findDrives(stateDir: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-axww', '-o', 'pid=,command='], { timeout: 5_000 });
  const rows = stdout.split('\n').filter((row) => row.includes('drive.cjs') && row.includes(stateDir));
  return rows.map((row) => Number.parseInt(row, 10));
}

/** False where there is no such process; signal 0 only asks for that. */
export function tryKill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Takes a volume away by force, so that no dead folder is left behind. */
export async function detachVolume(mountPoint: string): Promise<void> {
  await run('umount', ['-f', mountPoint]).catch(() => undefined);
  await run('fusermount3', ['-uz', mountPoint]).catch(() => undefined);
}
