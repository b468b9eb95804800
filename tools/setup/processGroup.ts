import { setTimeout as delay } from 'node:timers/promises';

/** The time a clean unmount may take before SIGKILL. */
const patienceMs = 10_000;

/** Asks the group to end, and makes it end when it does not. */
export async function endGroup(pid: number): Promise<void> {
  killGroup(pid, 'SIGTERM');
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline && killGroup(pid, 0)) {
    await delay(100);
  }
  killGroup(pid, 'SIGKILL');
}

/** False when the group has no process any more. Signal 0 only asks. */
export function killGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}
