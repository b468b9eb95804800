import { chmod } from 'node:fs/promises';
import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { contractHome, expandHome, forgetMountProfile, getMountProfiles } from '../settings.ts';
import { inert } from '../ui/inert.ts';
import { askChoice, back } from '../ui/steps.ts';
import { tell } from './items.ts';
import { getMountPointArgument } from './targets.ts';

/** "Forget Mount": takes a remembered mount off the list; what is mounted stays mounted, files are not touched. */
export function forgetMount({ client }: Services) {
  return async (argument?: unknown): Promise<void> => {
    const mountPoint = getMountPointArgument(argument) ?? (await askProfile());
    if (mountPoint === undefined) return;
    await forgetMountProfile(mountPoint);
    // Without a volume it lets nobody write to it, for as long as it is a mount point.
    const isMounted = client.state.mounts.some((mount) => mount.mountPoint === mountPoint);
    if (!isMounted) await chmod(mountPoint, 0o700).catch(() => undefined);
  };
}

async function askProfile(): Promise<string | undefined> {
  const profiles = getMountProfiles();
  if (profiles.length === 0) {
    tell(vscode.l10n.t('No mount is remembered'));
    return undefined;
  }
  const chosen = await askChoice({
    title: vscode.l10n.t('Forget Mount'),
    placeholder: vscode.l10n.t('Which mount?'),
    items: profiles.map((profile) => ({
      label: inert(contractHome(profile.path)),
      description: inert(profile.source),
      value: expandHome(profile.path),
    })),
  });
  return chosen === back ? undefined : chosen;
}
