import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { contractHome, getAllProfiles, setMountOnStartup, toMountParams } from '../settings.ts';
import { inert } from '../ui/inert.ts';
import { askChoice, back } from '../ui/steps.ts';
import { getMountPointArgument } from './targets.ts';

/** "Mount on Startup". */
export function mountOnStartup(_: Services) {
  return (argument?: unknown) => change(argument, true, vscode.l10n.t('Mount on Startup'));
}

/** "Do Not Mount on Startup". */
export function dontMountOnStartup(_: Services) {
  return (argument?: unknown) => change(argument, false, vscode.l10n.t('Do Not Mount on Startup'));
}

async function change(argument: unknown, onStartup: boolean, title: string): Promise<void> {
  const mountPoint = getMountPointArgument(argument) ?? (await askProfile(onStartup, title));
  if (mountPoint !== undefined) await setMountOnStartup(mountPoint, onStartup);
}

async function askProfile(onStartup: boolean, title: string): Promise<string | undefined> {
  const profiles = getAllProfiles().filter((profile) => profile.onStartup !== onStartup);
  const chosen = await askChoice({
    title,
    placeholder: vscode.l10n.t('Which mount?'),
    items: profiles.map((profile) => ({
      label: inert(contractHome(toMountParams(profile).mountPoint)),
      description: inert(profile.source),
      value: toMountParams(profile).mountPoint,
    })),
  });
  return chosen === back ? undefined : chosen;
}
