import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { findNode } from './findNode.ts';

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
  /** Where Node.js keeps what it made of the code, for the next start. What lies there is run: a folder of this user alone. */
  readonly compiledDir: string;
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
 * came up shows on its socket. Throws as `findNode` does.
 */
export function startDriveProcess(options: DriveProcessOptions): StartedDrive {
  const script = path.join(options.extensionPath, 'dist', 'drive.cjs');
  const cache = options.cacheDir === undefined ? [] : ['--cache', options.cacheDir];
  const inspect = options.inspectPort === undefined ? [] : [`--inspect=127.0.0.1:${options.inspectPort}`];
  const node = findNode(options.extensionPath);
  liftQuarantine(options.extensionPath);
  const child = spawn(node.file, [frugalHeap, ...inspect, script, '--state', options.stateDir, ...cache], {
    detached: true,
    stdio: 'ignore',
    // A process without a window is otherwise given one by Windows, which also lets nobody move the folder that it works in.
    windowsHide: true,
    cwd: path.parse(options.extensionPath).root,
    env: { ...scrubEnvironment(process.env), ...frugalMalloc, NODE_COMPILE_CACHE: options.compiledDir, ...node.env },
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

/** What VS Code sets for its own children would confuse a long-lived stranger; `JOTTACLOUD_*` passes through. */
export function scrubEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(VSCODE|CODE_SERVER|ELECTRON)_/.test(name)));
}
