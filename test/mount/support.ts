import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Emulator, type EmulatorOptions, startEmulator } from '../emulator/emulator.ts';
import type { TreeItem } from '../emulator/treeReport.ts';
import { driveEntry } from '../support/driveEntry.ts';
import { md5 } from '../support/md5.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const run = promisify(execFile);

export interface HeadlessOptions {
  /** Where the service is; the emulator without it. */
  readonly endpoint?: string;
  readonly source?: string;
  readonly readOnly?: boolean;
  readonly loginToken?: string;
  readonly pollSeconds?: number;
  readonly settleMs?: number;
  readonly mountPoint?: string;
  /** Replaces PATH: without the FUSE helper on it, FUSE is missing. */
  readonly path?: string;
  /** Step of a push at which the drive dies (faultPoints.ts), `:n` for the n-th time it is reached. */
  readonly killAt?: string;
  /** Bytes; the free-space floor. */
  readonly minFree?: number;
  /** Bytes; the cache budget. */
  readonly cacheSize?: number;
  readonly state?: string;
  readonly cache?: string;
  readonly driver?: 'auto' | 'fuse' | 'binding';
}

/** A running `npm run mount`, without the npm. */
export interface Headless {
  readonly mountPoint: string;
  readonly process: ChildProcess;
  /** Resolves when the process is gone, however it ends. */
  readonly exited: Promise<number | null>;
  /** SIGTERM; resolves with the exit code when the process is gone. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Everything on stderr so far. */
  log(): string;
}

/** A drive that has not refused by then has wrongly mounted; it is stopped and its exit code 0 fails the test. */
const refusalMs = 20_000;

/** A drive that neither mounts nor ends by then never will: it is killed, ms. */
const startMs = 60_000;

/** One emulator with folders for mounts and state; `close` ends every drive started from it. */
export interface World {
  readonly emulator: Emulator;
  readonly dir: string;
  start(options?: HeadlessOptions): Promise<Headless>;
  /** Starts a drive that is expected to refuse; resolves with its exit code and stderr. */
  startRefused(options: HeadlessOptions): Promise<{ code: number | null; stderr: string }>;
  /** Stock rclone against this emulator. */
  rclone(...args: string[]): Promise<string>;
  close(): Promise<void>;
}

export async function createWorld(
  options: { latencyMs?: number; state?: string; quirks?: NonNullable<EmulatorOptions['quirks']> } = {},
): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'jottacloud-mount-'));
  const rcloneDir = join(dir, 'rclone');
  const emulator = await startEmulator({
    rclone: rcloneDir,
    latency: options.latencyMs ?? 0,
    quirks: options.quirks ?? {},
    ...(options.state === undefined ? {} : { state: options.state }),
  });
  const running = new Set<Headless>();
  const spawnDrive = (given: HeadlessOptions) => {
    const mountPoint = given.mountPoint ?? join(dir, 'volume');
    const args = [
      '--endpoint',
      given.endpoint ?? emulator.url,
      '--mount-point',
      mountPoint,
      '--state',
      given.state ?? join(dir, 'state'),
    ];
    args.push('--source', given.source ?? '/Jotta/Archive');
    args.push('--poll', String(given.pollSeconds ?? 1), '--settle-ms', String(given.settleMs ?? 200));
    if (given.loginToken !== undefined) args.push('--login-token', given.loginToken);
    if (given.readOnly === true) args.push('--read-only');
    if (given.minFree !== undefined) args.push('--min-free', String(given.minFree));
    if (given.cacheSize !== undefined) args.push('--cache-size', String(given.cacheSize));
    if (given.cache !== undefined) args.push('--cache', given.cache);
    if (given.driver !== undefined) args.push('--driver', given.driver);
    const entry = given.killAt === undefined ? driveEntry('headless') : join(root, 'test/mount/killedAt.ts');
    const child = spawn(process.execPath, [entry, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...(given.path === undefined ? {} : { PATH: given.path }),
        ...(given.killAt === undefined ? {} : { KILL_AT: given.killAt }),
      },
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { child, mountPoint, exited, stderr: () => stderr };
  };
  return {
    emulator,
    dir,
    start: async (given = {}) => {
      const { child, mountPoint, exited, stderr } = spawnDrive(given);
      const lines = createInterface({ input: child.stdout });
      const ready = new Promise<boolean>((resolve) => {
        lines.on('line', (line) => resolve(line === `mounted ${mountPoint}`));
        void exited.then(() => resolve(false));
      });
      const timer = setTimeout(() => child.kill('SIGKILL'), startMs);
      const isMounted = await ready;
      clearTimeout(timer);
      if (!isMounted) throw new Error(`the drive did not mount:\n${stderr()}`);
      const headless: Headless = {
        mountPoint,
        process: child,
        exited,
        stop: async () => {
          child.kill('SIGTERM');
          const code = await exited;
          running.delete(headless);
          return code;
        },
        kill: async () => {
          child.kill('SIGKILL');
          await exited;
          running.delete(headless);
        },
        log: stderr,
      };
      running.add(headless);
      return headless;
    },
    startRefused: async (given) => {
      const { child, exited, stderr } = spawnDrive(given);
      const timer = setTimeout(() => child.kill('SIGTERM'), refusalMs);
      const code = await exited;
      clearTimeout(timer);
      return { code, stderr: stderr() };
    },
    rclone: async (...args) => {
      const env: NodeJS.ProcessEnv = { ...process.env, ...emulator.rclone?.env };
      delete env.NO_PROXY;
      delete env.no_proxy;
      const config = emulator.rclone?.config ?? '';
      const { stdout, stderr } = await run('rclone', ['--config', config, ...args], { env, maxBuffer: 64 * 1024 ** 2 });
      return stdout + stderr;
    },
    close: async () => {
      for (const headless of running) await headless.stop();
      await run('fusermount3', ['-u', '-z', join(dir, 'volume')]).catch(() => {});
      await emulator.close();
      // A drive that a window has started may still be writing its last.
      await rm(dir, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** Live files of the emulator by path below /Jotta/Archive. */
export function remoteFiles(emulator: Emulator): Map<string, TreeItem> {
  const items = emulator.tree();
  const files = items.filter((item) => item.kind === 'file' && item.path.startsWith('/Jotta/Archive/'));
  return new Map(files.map((item) => [item.path.slice('/Jotta/Archive/'.length), item]));
}

/** `folders × files` small files of pseudo-random text; the same for the same seed. */
export async function writeTree(dir: string, folders: number, files: number): Promise<void> {
  for (let folder = 0; folder < folders; folder += 1) {
    const path = join(dir, `folder ${folder}`, 'source');
    await mkdir(path, { recursive: true });
    for (let file = 0; file < files; file += 1) {
      const line = `line of ${folder}/${file}: ${md5(`${folder}.${file}`)}\n`;
      await writeFile(join(path, `file-${file}.ts`), line.repeat(1 + ((folder * 31 + file * 17) % 97)));
    }
  }
}

/** Relative path → md5 of every file below. */
export async function digestTree(dir: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    digests.set(path.slice(dir.length + 1), md5(await readFile(path)));
  }
  return digests;
}
