import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { stageNativeParts } from '../../tools/setup/packages/stage.ts';
import { getHostTarget } from '../../tools/setup/packages/targets.ts';
import { root } from '../../tools/setup/root.ts';
import type { Emulator } from '../emulator/emulator.ts';

/** A drive from the files of the package, with its runtime and its binding, in a process of its own. */
export interface ShippedDrive {
  readonly mountPoint: string;
  /** Resolves when the volume is usable. */
  start(): Promise<void>;
  /** As a crash does. */
  kill(): Promise<void>;
  /** As Ctrl+C does. Resolves with the exit code. */
  stop(): Promise<number | null>;
  getLog(): string;
  /** Also when it does not run. */
  close(): Promise<void>;
}

/** Lays the drive out; it does not run yet. Mounts /Jotta/Archive of the emulator's account. */
export async function startShippedDrive(emulator: Emulator, driver: string): Promise<ShippedDrive> {
  const dir = await realpath(await mkdtemp(path.join(os.tmpdir(), 'checkup-')));
  const stage = path.join(dir, 'package');
  const mountPoint = path.join(dir, 'Jottacloud, checked');
  const script = path.join(stage, 'dist', 'headless.cjs');
  await mkdir(path.dirname(script), { recursive: true });
  for (const name of ['headless.cjs', 'checksumWorker.cjs', 'repeater.cjs']) {
    await copyFile(path.join(root, 'dist', name), path.join(stage, 'dist', name));
  }
  await stageNativeParts(stage, getHostTarget(), true);
  const options = ['--endpoint', emulator.url, '--login-token', emulator.newLoginToken(), '--driver', driver];
  const places = ['--mount-point', mountPoint, '--source', '/Jotta/Archive', '--state', path.join(dir, 'state')];
  let child: ChildProcess | undefined;
  let log = '';
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exit = once(child, 'exit');
    child.kill(signal);
    return (await exit)[0] as number | null;
  };
  return {
    mountPoint,
    start: async () => {
      child = spawn(path.join(stage, 'runtime', 'node'), [script, ...options, ...places, '--poll', '1'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stderr?.on('data', (text) => {
        log += text;
      });
      const ended = once(child, 'exit').then(([code]) => {
        throw new Error(`the drive ended with ${code}`);
      });
      ended.catch(() => {});
      await Promise.race([waitForLine(child, 'mounted '), ended]);
    },
    kill: async () => {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
    getLog: () => log,
    close: async () => {
      await end('SIGTERM');
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function waitForLine(child: ChildProcess, beginning: string): Promise<void> {
  if (child.stdout === null) throw new Error('no output to read');
  for await (const line of createInterface({ input: child.stdout })) if (line.startsWith(beginning)) return;
  throw new Error('the drive ended without a volume: see its log');
}
