import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { loadMounts, type MountedPath } from '../mountPoint.ts';
import { type Command, getUnmountCommands } from './commands.ts';
import { findMountPoints } from './state.ts';

/** ms for each program: who calls has a few seconds in all, and a volume that nobody serves may hold one up. */
const commandMs = 1_500;

interface System {
  readonly platform: NodeJS.Platform;
  readonly loadMounts: () => Promise<readonly MountedPath[]>;
  readonly run: (command: Command) => Promise<unknown>;
}

const thisSystem: System = {
  platform: process.platform,
  loadMounts,
  run: ([program, ...args]) => promisify(execFile)(program, args, { timeout: commandMs }),
};

/** Takes away what a drive that is dead has left mounted, by the notes in its `stateFile`. Never rejects. */
export async function takeLeftVolumes(stateFile: string, system: System = thisSystem): Promise<void> {
  for (const mountPoint of await findMountPoints(stateFile)) {
    const isMounted = async () =>
      (await system.loadMounts()).some(({ path, ours, fuse }) => path === mountPoint && ours && !fuse);
    for (const command of getUnmountCommands(system.platform, mountPoint, true)) {
      if (!(await isMounted().catch(() => false))) break;
      // The next command is for when this one fails; macOS lets go by itself after a minute (`deadtimeout`).
      await system.run(command).catch(() => undefined);
    }
  }
}
