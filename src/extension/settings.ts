import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { cacheDefaults } from '../protocol/cacheDefaults.ts';
import { type DriveOptions, driverSettings, type MountParams } from '../protocol/messages.ts';
import { getNetworkOptions } from './networkSettings.ts';

const bytesPerGigabyte = 1_000_000_000;
const bytesPerKilobyte = 1_000;

/** One remembered mount, as `jottacloud.mounts` holds it. */
export interface MountProfile {
  /** As the person wrote it: may begin with `~`. */
  readonly path: string;
  readonly source: string;
  readonly readOnly: boolean;
  /** Mounted when VS Code starts. */
  readonly onStartup: boolean;
}

export const defaultMountPath = '~/CloudMounts/Jottacloud';

/** Settings are written by hand and may be of any type: a value of another type than the fallback does not count. */
function read<T>(settings: vscode.WorkspaceConfiguration, name: string, fallback: T): T {
  const value = settings.get<unknown>(name);
  return typeof value === typeof fallback ? (value as T) : fallback;
}

export function getDriveOptions(): DriveOptions {
  const settings = vscode.workspace.getConfiguration('jottacloud');
  const readNumber = (name: string, fallback: number, [least, most]: readonly [number, number], unit = 1) =>
    Math.round(clamp(read(settings, name, fallback), least, most) * unit);
  const { cacheMaxBytes, cacheMinFreeBytes } = cacheDefaults;
  return {
    pollIntervalMs: readNumber('poll.interval', 45, [5, 3600], 1_000),
    cacheMaxBytes: readNumber('cache.maxSize', cacheMaxBytes / bytesPerGigabyte, [0.1, 100_000], bytesPerGigabyte),
    cacheMinFreeBytes: readNumber(
      'cache.minFreeSpace',
      cacheMinFreeBytes / bytesPerGigabyte,
      [0, 100_000],
      bytesPerGigabyte,
    ),
    keepAfterClose: read(settings, 'mount.keepAfterClose', false),
    driver: driverSettings.find((driver) => driver === settings.get('mount.driver')) ?? 'auto',
    ignoredNames: getIgnoredNames(settings.get<unknown>('files.ignoredNames')),
    followOutsideLinks: read(settings, 'files.followOutsideLinks', false),
    previewsDownload: read(settings, 'mount.previews', false),
    uploadBytesPerSecond: readNumber('transfer.uploadLimit', 0, [0, 10_000_000], bytesPerKilobyte),
    downloadBytesPerSecond: readNumber('transfer.downloadLimit', 0, [0, 10_000_000], bytesPerKilobyte),
    parallelPushes: readNumber('transfer.parallel', 6, [1, 12]),
    network: getNetworkOptions(),
  };
}

/** Read when the drive starts; a change takes effect with the next start. */
export function getCacheDir(): string | undefined {
  const directory = read(vscode.workspace.getConfiguration('jottacloud'), 'cache.directory', '').trim();
  return directory === '' ? undefined : expandHome(directory);
}

/** What "Mount Jottacloud" mounts. */
export function getDefaultProfile(): MountProfile {
  const settings = vscode.workspace.getConfiguration('jottacloud.mount');
  return {
    path: read(settings, 'path', defaultMountPath).trim() || defaultMountPath,
    source: read(settings, 'source', '/'),
    readOnly: read(settings, 'readOnly', false),
    onStartup: read(settings, 'onStartup', false),
  };
}

export function getDefaultMount(): MountParams {
  return toMountParams(getDefaultProfile());
}

/** The default one first, then those remembered; one for each mount point. */
export function getAllProfiles(): readonly MountProfile[] {
  const first = getDefaultProfile();
  const others = getMountProfiles().filter(({ path: file }) => expandHome(file) !== expandHome(first.path));
  return [first, ...others];
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

/** Whether the profile of `mountPoint` is mounted when VS Code starts. */
export async function setMountOnStartup(mountPoint: string, onStartup: boolean): Promise<void> {
  if (expandHome(getDefaultProfile().path) === mountPoint) return updateSetting('mount.onStartup', onStartup);
  const profiles = getMountProfiles().map((known) => {
    return expandHome(known.path) === mountPoint ? { ...known, onStartup } : known;
  });
  await updateSetting('mounts', profiles);
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

/** Entries that are no text are skipped. */
function getIgnoredNames(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}

function parseProfile(row: unknown): MountProfile | undefined {
  if (typeof row !== 'object' || row === null) return undefined;
  const { path: file, source, readOnly, onStartup } = row as Record<string, unknown>;
  if (typeof file !== 'string' || file === '') return undefined;
  return {
    path: file,
    source: typeof source === 'string' ? source : '/',
    readOnly: readOnly === true,
    onStartup: onStartup === true,
  };
}

function clamp(value: number, least: number, most: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(value, least), most) : least;
}
