import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { DriveOptions, MountParams } from '../protocol/messages.ts';
import { getNetworkOptions } from './networkSettings.ts';

const bytesPerGigabyte = 1_000_000_000;

/** One remembered mount, as `jottacloud.mounts` holds it. */
export interface MountProfile {
  readonly path: string;
  readonly source: string;
  readonly readOnly: boolean;
}

export const defaultMountPath = '~/CloudMounts/Jottacloud';

export function getDriveOptions(): DriveOptions {
  const settings = vscode.workspace.getConfiguration('jottacloud');
  return {
    pollIntervalMs: clamp(settings.get('poll.interval', 45), 5, 3600) * 1_000,
    cacheMaxBytes: Math.round(clamp(settings.get('cache.maxSize', 10), 0.1, 100_000) * bytesPerGigabyte),
    cacheMinFreeBytes: Math.round(clamp(settings.get('cache.minFreeSpace', 2), 0, 100_000) * bytesPerGigabyte),
    keepAfterClose: settings.get('mount.keepAfterClose', false),
    ignoredNames: getIgnoredNames(settings.get<unknown>('files.ignoredNames')),
    network: getNetworkOptions(),
  };
}

/** Read when the drive starts; a change takes effect with the next start. */
export function getCacheDir(): string | undefined {
  const directory = vscode.workspace.getConfiguration('jottacloud').get('cache.directory', '').trim();
  return directory === '' ? undefined : expandHome(directory);
}

export function getDefaultMount(): MountParams {
  const settings = vscode.workspace.getConfiguration('jottacloud.mount');
  return toMountParams({
    path: settings.get('path', defaultMountPath),
    source: settings.get('source', '/'),
    readOnly: settings.get('readOnly', false),
  });
}

export function getMountsOnStartup(): boolean {
  return vscode.workspace.getConfiguration('jottacloud.mount').get('onStartup', false);
}

/** Profiles remembered by the mount dialog; rows that are not profiles are skipped. */
export function getMountProfiles(): readonly MountProfile[] {
  const rows = vscode.workspace.getConfiguration('jottacloud').get<unknown>('mounts', []);
  return Array.isArray(rows) ? rows.map(parseProfile).filter((profile) => profile !== undefined) : [];
}

/** Adds the profile, or replaces the one with the same path. */
export async function rememberMountProfile(profile: MountProfile): Promise<void> {
  const others = getMountProfiles().filter((known) => expandHome(known.path) !== expandHome(profile.path));
  await updateSetting('mounts', [...others, profile]);
}

export async function forgetMountProfile(mountPoint: string): Promise<void> {
  const kept = getMountProfiles().filter((known) => expandHome(known.path) !== mountPoint);
  await updateSetting('mounts', kept);
}

/** Machine-scoped settings go to the machine's file whatever window writes them; VS Code picks it by the scope. */
export async function updateSetting(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration('jottacloud').update(name, value, vscode.ConfigurationTarget.Global);
}

export function toMountParams(profile: MountProfile): MountParams {
  return {
    mountPoint: expandHome(profile.path),
    source: normalizeSource(profile.source),
    readOnly: profile.readOnly,
  };
}

export function expandHome(file: string): string {
  const home = process.env.HOME || os.homedir();
  if (file === '~' || file.startsWith('~/')) return path.join(home, file.slice(1));
  return path.resolve(home, file);
}

/** `~/…` for paths under the home folder, for showing. */
export function contractHome(file: string): string {
  const home = process.env.HOME || os.homedir();
  return file === home || file.startsWith(`${home}/`) ? `~${file.slice(home.length)}` : file;
}

function normalizeSource(source: string): string {
  return path.posix.resolve('/', source.trim());
}

/** What is no text is skipped. */
function getIgnoredNames(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}

function parseProfile(row: unknown): MountProfile | undefined {
  if (typeof row !== 'object' || row === null) return undefined;
  const { path: file, source, readOnly } = row as Record<string, unknown>;
  if (typeof file !== 'string' || file === '') return undefined;
  return { path: file, source: typeof source === 'string' ? source : '/', readOnly: readOnly === true };
}

function clamp(value: number, least: number, most: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(value, least), most) : least;
}
