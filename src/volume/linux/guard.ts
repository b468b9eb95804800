import { spawn } from 'node:child_process';

/**
 * Waits for the end of its input, which is the end of the process that started it, however that comes. Then it takes the
 * volume away, so that no path is left that answers "transport endpoint is not connected"; unless what is there answers,
 * which is the volume of a drive that was started since.
 */
const script = `trap "" HUP INT TERM
read -r _
stat -f -- "$1" >/dev/null 2>&1 && exit
exec fusermount3 -u -z -- "$1" 2>/dev/null`;

/** Does not keep this process alive. `dismiss` ends the guard, which then does nothing. */
export function startGuard(mountPoint: string): { dismiss(): void } {
  const guard = spawn('sh', ['-c', script, 'jottacloud-guard', mountPoint], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  // Without a guard the volume is as good; the next start takes a dead one away as well.
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return { dismiss: () => void guard.kill('SIGKILL') };
}
