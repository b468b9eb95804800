import { execFile } from 'node:child_process';
import { access, chmod, constants, open, readdir, readFile, realpath, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fsErrorCode } from '../base/errno.ts';
import { isThere, makeFolders } from '../base/folders.ts';
import type { Log } from '../base/log.ts';
import { MountError } from './mountError.ts';

const run = promisify(execFile);

export interface MountPointRules {
  readonly home: string;
  /** Folders no mount may be in or around: state and cache. */
  readonly reserved: readonly string[];
}

/**
 * Makes `path` a usable mount point: created when missing, a dead mount on it detached. Returns its absolute path.
 * Rejects with MountError when it is not an empty folder of its own; nothing is changed then.
 */
export async function ensureMountPoint(path: string, rules: MountPointRules, log: Log): Promise<string> {
  const wanted = resolve(path);
  if ((await findTaken(wanted, rules)) === 'dead') {
    log.warn('a dead mount was found and is detached', { path: wanted });
    await detach(wanted);
  }
  try {
    await makeFolders(wanted);
  } catch (error) {
    const kind = fsErrorCode(error) === 'ENOTDIR' ? 'mountPointNotAFolder' : 'mountPointNotWritable';
    throw new MountError(kind, { path: wanted }, { cause: error });
  }
  const real = await checkFolder(wanted, rules);
  try {
    // As `mountOver` left it, and as the system mounts on no folder.
    if (((await stat(real)).mode & 0o777) === bareMode) await chmod(real, folderMode);
    await access(real, constants.W_OK);
  } catch (error) {
    throw new MountError('mountPointNotWritable', { path: real }, { cause: error });
  }
  return real;
}

/** Rejects as `ensureMountPoint` would, as far as can be told without changing anything. */
export async function checkMountPoint(path: string, rules: MountPointRules): Promise<void> {
  const wanted = resolve(path);
  if ((await findTaken(wanted, rules)) === 'dead') return;
  if (await isThere(wanted)) {
    await checkFolder(wanted, rules);
    return;
  }
  let parent = dirname(wanted);
  while (!(await isThere(parent))) parent = dirname(parent);
  if (!(await stat(parent)).isDirectory()) throw new MountError('mountPointNotAFolder', { path: wanted });
  await access(parent, constants.W_OK).catch((error) => {
    throw new MountError('mountPointNotWritable', { path: wanted }, { cause: error });
  });
}

/** Rejects where nothing can be mounted whatever is there; `dead` where a mount is that has no server. */
async function findTaken(wanted: string, rules: MountPointRules): Promise<'dead' | undefined> {
  refuseReserved(wanted, rules);
  const mounts = await loadMounts();
  const around = mounts.find((mount) => mount.fuse && wanted.startsWith(mount.path + sep));
  if (around !== undefined) throw new MountError('mountPointNested', { path: wanted, inside: around.path });
  const mounted = mounts.find((mount) => mount.path === wanted);
  if (mounted === undefined) return undefined;
  if (!mounted.fuse || !(await isDead(wanted))) throw new MountError('alreadyMounted', { path: wanted });
  return 'dead';
}

/** Resolves with its real path when it is an empty folder that may be one. */
async function checkFolder(wanted: string, rules: MountPointRules): Promise<string> {
  if (!(await stat(wanted)).isDirectory()) throw new MountError('mountPointNotAFolder', { path: wanted });
  // Through a symlink the kernel mounts on the target: the rules hold for that.
  const real = await realpath(wanted);
  refuseReserved(real, rules);
  if ((await readdir(real)).length > 0) {
    throw new MountError('mountPointNotEmpty', { path: real, proposal: join(real, 'Jottacloud') });
  }
  return real;
}

const folderMode = 0o700;
/** Mode of a mount point without its volume. */
const bareMode = 0o500;

/**
 * Runs `mount`, which puts a volume over the folder at `path`. From then on nobody can write to the folder itself: what is
 * saved there when the volume is gone is refused, instead of being where no volume shows it and the next one finds it in its way.
 */
export async function mountOver<T>(path: string, mount: () => Promise<T>, log: Log): Promise<T> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const volume = await mount();
    await folder.chmod(bareMode).catch((error) => log.info('a mount point stays writable', { path, error }));
    return volume;
  } finally {
    await folder.close();
  }
}

function refuseReserved(path: string, { home, reserved }: MountPointRules): void {
  // Whoever picks it means to have the account there, which a folder in it does.
  if (path === home) throw new MountError('mountPointReserved', { path, proposal: join(home, 'Jottacloud') });
  const places = ['/', ...['Desktop', 'Documents', 'Downloads', 'Library'].map((name) => join(home, name))];
  const related = reserved.some((dir) => path === dir || path.startsWith(dir + sep) || dir.startsWith(path + sep));
  if (places.includes(path) || dirname(path) === path || related) throw new MountError('mountPointReserved', { path });
}

export interface MountedPath {
  readonly path: string;
  readonly fuse: boolean;
  /** True of a volume of ours. */
  readonly ours: boolean;
  /** `major:minor`; the minor is the number of a FUSE connection. Linux only. */
  readonly device: string;
}

/** What the mount table calls our FUSE volumes: their type on Linux, their source everywhere. */
export const subtype = 'jottacloud';
export const volumeSource = 'Jottacloud';

/** What the exports of all our NFS volumes begin with, so that the mount table tells which are ours. */
export const exportPrefix = '/jottacloud-';

function isOurExport(type: string, source: string): boolean {
  return type.startsWith('nfs') && source.includes(`:${exportPrefix}`);
}

/** Lines of `mount` on macOS: `SOURCE on PATH (TYPE, option, option)`. */
export function parseMacMounts(text: string): MountedPath[] {
  return [...text.matchAll(/^(.+?) on (.+) \(([^,)]+)/gm)].map(([, source = '', path = '', type = '']) => ({
    path,
    fuse: /fuse/.test(type),
    // macFUSE knows no subtypes, and numbers its sources: `Jottacloud@macfuse0`.
    ours: isOurExport(type, source) || (/fuse/.test(type) && source.split('@')[0] === volumeSource),
    device: '',
  }));
}

/** What is mounted where, without touching any of it. */
export async function loadMounts(): Promise<MountedPath[]> {
  if (process.platform === 'darwin') {
    const { stdout } = await run('/sbin/mount');
    return parseMacMounts(stdout);
  }
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const fields = line.split(' ');
    const type = fields[fields.indexOf('-') + 1] ?? '';
    const path = (fields[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const source = fields[fields.indexOf('-') + 2] ?? '';
    const ours = type === `fuse.${subtype}` || isOurExport(type, source);
    return { path, fuse: type.startsWith('fuse'), ours, device: fields[2] ?? '' };
  });
}

/** True when nobody answers behind the mount any more. `statfs`, because the kernel answers `stat` from its cache. */
async function isDead(path: string): Promise<boolean> {
  try {
    await statfs(path);
    return false;
  } catch (error) {
    return ['ENOTCONN', 'ECONNABORTED', 'EIO', 'ENXIO'].includes(fsErrorCode(error) ?? '');
  }
}

/** Detaches even when files are open; only for dead mounts and for a user's explicit "force". */
export async function detach(path: string): Promise<void> {
  if (process.platform === 'darwin') await run('/sbin/umount', ['-f', path]);
  else await run('fusermount3', ['-u', '-z', path]);
}

/** Unmounts when nothing uses it; false when something does. */
export async function tryUnmount(path: string): Promise<boolean> {
  for (let tries = busyTries; tries > 1; tries -= 1) {
    if (await tryUnmountNow(path)) return true;
    await delay(busyRestMs);
  }
  return tryUnmountNow(path);
}

/** An indexer or a watcher has a file open for a moment: a volume that is in use is tried again for a second. */
const busyTries = 5;
const busyRestMs = 250;

async function tryUnmountNow(path: string): Promise<boolean> {
  try {
    if (process.platform === 'darwin') await run('/sbin/umount', [path]);
    else await run('fusermount3', ['-u', path]);
    return true;
  } catch (error) {
    const stillThere = (await loadMounts()).some((mount) => mount.path === path);
    if (!stillThere) return true;
    if (/busy/i.test(String((error as { stderr?: unknown }).stderr ?? error))) return false;
    throw error;
  }
}
