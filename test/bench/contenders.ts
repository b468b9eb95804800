import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../tools/setup/root.ts';
import { runtimeEnvironment, runtimeOptions } from '../../tools/setup/runtime.mjs';
import type { Emulator } from '../emulator/emulator.ts';
import { run } from '../mount/support.ts';
import { until } from '../support/until.ts';

/** What `npm run mount` runs, as a package has it. */
const bundle = join(root, 'dist/headless.cjs');

/** A mount of `/Jotta/Archive` that is measured; its cache is empty at the first start. */
export interface Contender {
  readonly name: string;
  /** What comes before the first start; not measured. */
  readonly prepare?: (emulator: Emulator, dir: string) => Promise<void>;
  /** Resolves when the volume is usable. A second start on the same folder goes on with what the first kept. */
  start(emulator: Emulator, dir: string, settleMs: number): Promise<Mounted>;
}

export interface Mounted {
  readonly volume: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export const contenders: readonly Contender[] = [
  { name: 'this drive', prepare: signIn, start: startDrive },
  { name: 'rclone mount', start: startRclone },
];

/** Both are signed in already, and have never seen the account. */
async function startDrive(emulator: Emulator, dir: string, settleMs: number): Promise<Mounted> {
  const volume = join(dir, 'volume');
  const args = ['--endpoint', emulator.url, '--source', '/Jotta/Archive', '--mount-point', volume];
  args.push('--state', join(dir, 'state'), '--settle-ms', String(settleMs));
  return whenMounted(spawnDrive(args), volume);
}

function spawnDrive(args: readonly string[]): ChildProcess {
  const env = { ...process.env, ...runtimeEnvironment };
  return spawn(process.execPath, [...runtimeOptions, bundle, ...args], { stdio: ['ignore', 'pipe', 'ignore'], env });
}

/** Signs in, and leaves nothing but the tokens in the state folder. */
async function signIn(emulator: Emulator, dir: string): Promise<void> {
  const [volume, state] = [join(dir, 'volume'), join(dir, 'state')];
  const args = ['--endpoint', emulator.url, '--login-token', emulator.newLoginToken(), '--mount-point', volume];
  args.push('--state', state);
  await (await whenMounted(spawnDrive(args), volume)).stop();
  const tokenFile = join(state, 'tokens.json');
  const tokens = await readFile(tokenFile);
  await rm(state, { recursive: true });
  await mkdir(state, { mode: 0o700 });
  await writeFile(tokenFile, tokens, { mode: 0o600 });
}

/** `--vfs-cache-mode full` is what its manual recommends for editing; the write-back delay is made the same as ours. */
async function startRclone(emulator: Emulator, dir: string, settleMs: number): Promise<Mounted> {
  const volume = join(dir, 'volume');
  await mkdir(volume, { recursive: true });
  const env: NodeJS.ProcessEnv = { ...process.env, ...emulator.rclone?.env };
  delete env.NO_PROXY;
  delete env.no_proxy;
  const args = ['mount', 'remote:', volume, '--config', emulator.rclone?.config ?? '', '--vfs-cache-mode', 'full'];
  args.push('--vfs-write-back', `${settleMs}ms`, '--cache-dir', join(dir, 'cache'), '--transfers', '6');
  // Changes from elsewhere are none here: it may keep what it has listed for as long as it likes.
  args.push('--dir-cache-time', '1h', '--attr-timeout', '10s');
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
