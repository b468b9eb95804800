import * as vscode from 'vscode';
import { DriveError } from '../../protocol/errors.ts';
import type { MountState } from '../../protocol/state.ts';
import { getLiveMounts } from '../mountedPath.ts';
import type { Services } from '../services.ts';
import { contractHome, expandHome } from '../settings.ts';
import { browse, type Wanted } from '../ui/browse.ts';
import { inert } from '../ui/inert.ts';
import { askChoice, back } from '../ui/steps.ts';
import { signInIfNeeded } from './connect.ts';

/** The account path a command was called with: a row of a tree, what it shows, or the path itself. */
export function getPathArgument(argument: unknown): string | undefined {
  if (typeof argument === 'string') return argument;
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { entry, transfer, past, path } = argument as Record<string, unknown>;
  const shown = entry ?? transfer ?? past;
  return shown === undefined ? (typeof path === 'string' ? path : undefined) : getPathArgument(shown);
}

/** The mount point a command was called with: a row of the Mounts view, or the folder itself. */
export function getMountPointArgument(argument: unknown): string | undefined {
  if (typeof argument === 'string') return expandHome(argument);
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { mountPoint } = argument as { mountPoint?: unknown };
  return typeof mountPoint === 'string' ? mountPoint : undefined;
}

/** The path given, else one the person browses to; undefined when left. */
export async function choosePath(
  services: Services,
  argument: unknown,
  want: Wanted,
  title: string,
): Promise<string | undefined> {
  const given = getPathArgument(argument);
  if (given !== undefined) return given;
  if (!(await signInIfNeeded(services))) return undefined;
  const chosen = await browse(services.client, { title, want, start: '/' });
  return chosen === back ? undefined : chosen;
}

/** The mount given, the only one, or the one the person picks; undefined when left. Throws 'notMounted'. */
export async function chooseMount(
  services: Services,
  argument: unknown,
  title: string,
): Promise<MountState | undefined> {
  const mounts = getLiveMounts(services.client.state);
  const given = getMountPointArgument(argument);
  if (given !== undefined) {
    const match = mounts.find(({ mountPoint }) => mountPoint === given);
    if (match === undefined) throw new DriveError('notMounted', { path: given });
    return match;
  }
  if (mounts.length === 0) throw new DriveError('notMounted');
  if (mounts.length === 1) return mounts[0];
  const chosen = await askChoice({
    title,
    placeholder: vscode.l10n.t('Which mount?'),
    items: mounts.map((mount) => ({
      label: inert(contractHome(mount.mountPoint)),
      description: inert(mount.source),
      value: mount,
    })),
  });
  return chosen === back ? undefined : chosen;
}
