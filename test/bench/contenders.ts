import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Emulator } from '../emulator/emulator.ts';
import { run, until } from '../mount/support.ts';
import { root } from '../setup/root.ts';

/** A mount of `/Jotta/Archive` that is measured; its cache is empty at each start. */
export interface Contender {
  readonly name: string;
  /** Resolves when the volume is usable. */
  start(emulator: Emulator, dir: string): Promise<Mounted>;
}

export interface Mounted {
  readonly volume: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export const contenders: readonly Contender[] = [
  { name: 'this drive', start: startDrive },
  { name: 'rclone mount', start: startRclone },
];

async function startDrive(emulator: Emulator, dir: string): Promise<Mounted> {
  const volume = join(dir, 'volume');
  const args = ['--endpoint', emulator.url, '--login-token', emulator.newLoginToken(), '--source', '/Jotta/Archive'];
  args.push('--mount-point', volume, '--state', join(dir, 'state'), '--settle-ms', '100');
  const child = spawn(process.execPath, [join(root, 'src/drive/headless/headless.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return whenMounted(child, volume);
}

/** `--vfs-cache-mode full` is what its manual recommends for editing; the write-back delay is made the same as ours. */
async function startRclone(emulator: Emulator, dir: string): Promise<Mounted> {
  const volume = join(dir, 'volume');
  await mkdir(volume, { recursive: true });
  const env: NodeJS.ProcessEnv = { ...process.env, ...emulator.rclone?.env };
  delete env.NO_PROXY;
  delete env.no_proxy;
  const args = ['mount', 'remote:', volume, '--config', emulator.rclone?.config ?? '', '--vfs-cache-mode', 'full'];
  args.push('--vfs-write-back', '100ms', '--cache-dir', join(dir, 'cache'), '--transfers', '6');
  const child = spawn('rclone', args, { stdio: 'ignore', env });
  return whenMounted(child, volume);
}

async function whenMounted(child: ChildProcess, volume: string): Promise<Mounted> {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await until(`${volume} is mounted`, async () => {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} exited ${child.exitCode}`);
    return (await readFile('/proc/self/mountinfo', 'utf8')).includes(` ${volume} `);
  });
  return {
    volume,
    pid: child.pid as number,
    stop: async () => {
      await run('fusermount3', ['-uz', volume]).catch(() => undefined);
      child.kill('SIGTERM');
      await ended;
    },
  };
}
