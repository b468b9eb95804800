import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { systemClock } from '../../base/clock.ts';
import { MountError } from '../mountError.ts';
import { exportPrefix, loadMounts } from '../mountPoint.ts';
import type { Volume, VolumeDriver, VolumeView } from '../volume.ts';
import { type Command, getLinuxMountCommand, getMacMountCommand, getUnmountCommands } from './commands.ts';
import { nfsLimits } from './limits.ts';
import type { Export } from './mountProgram.ts';
import { loadReaders } from './readers.ts';
import { type NfsServer, startNfsServer } from './server.ts';
import { loadNfsState, type NfsState, type ServedVolume } from './state.ts';

const run = promisify(execFile);

export interface NfsDriverOptions {
  /** Keeps the secrets of the handles and the ports (state.ts). */
  readonly stateFile: string;
  /** Names the account. */
  readonly account: string;
}

/** A volume that nothing of this computer is told to mount: a client finds it by `url`. */
export interface ServedVolumeHandle extends Volume {
  readonly url: string;
}

/**
 * Volumes by NFSv3 from this process to the client in the operating system: macOS and Linux have one, so that nothing has
 * to be installed. A volume survives the drive: its client waits, and goes on with the next drive on the same port.
 */
export function createNfsDriver(options: NfsDriverOptions): VolumeDriver {
  let state: Promise<NfsState> | undefined;
  const getState = () => {
    state ??= loadNfsState(options.stateFile);
    return state;
  };
  return {
    name: 'nfs',
    prepare: ensureClient,
    canResume: async (mountPoint) =>
      (await getState()).getVolume(mountPoint) !== undefined && (await isOurs(mountPoint)),
    mount: async (mountPoint, _volumeName, view) => {
      const known = await getState();
      return (await resumeVolume(mountPoint, view, options, known)) ?? mountVolume(mountPoint, view, options, known);
    },
  };
}

/** MountError `nfsMissing` where mounting by NFS is not to be had. */
async function ensureClient(): Promise<void> {
  const program = process.platform === 'darwin' ? '/sbin/mount_nfs' : '/sbin/mount.nfs';
  const isSuperuser = process.getuid?.() === 0;
  try {
    await access(program);
  } catch (error) {
    throw new MountError('nfsMissing', { hint: 'sudo apt-get install nfs-common' }, { cause: error });
  }
  if (process.platform !== 'darwin' && !isSuperuser) throw new MountError('nfsMissing', { hint: 'sudo' });
}

async function mountVolume(
  mountPoint: string,
  view: VolumeView,
  options: NfsDriverOptions,
  state: NfsState,
): Promise<Volume> {
  /**
   * The arguments of the program that mounts and the mount table, which every user of the computer may read, show the path. So it
   * works once: who is faster than our client keeps it from mounting, and has a handle of a volume that then never was.
   */
  const exported = { path: newExportPath(), once: true };
  const secret = newSecret();
  const server = await startServer(view, options, { secret, port: 0 }, { exported, mountPoint });
  try {
    const request = { port: server.port, exportPath: exported.path, mountPoint, readOnly: view.readOnly };
    const command = process.platform === 'darwin' ? getMacMountCommand(request) : getLinuxMountCommand(request);
    await runCommand(command);
  } catch (error) {
    await server.close();
    throw new MountError('nfsNotAllowed', { path: mountPoint }, { cause: error });
  }
  const { root, readOnly } = view;
  await state.keepVolume(mountPoint, { port: server.port, root, readOnly, secret });
  return createVolume(mountPoint, view, server, state);
}

/** Goes on with a volume that an earlier process left mounted; undefined when there is none that could go on. */
async function resumeVolume(
  mountPoint: string,
  view: VolumeView,
  options: NfsDriverOptions,
  state: NfsState,
): Promise<Volume | undefined> {
  const known = state.getVolume(mountPoint);
  if (known === undefined) return undefined;
  const isMounted = await isOurs(mountPoint);
  const isSame = known.root === view.root && known.readOnly === view.readOnly;
  if (isMounted && isSame) {
    try {
      const server = await startServer(view, options, known, { exported: undefined, mountPoint });
      view.log.info('a volume of before goes on', { mountPoint });
      return createVolume(mountPoint, view, server, state);
    } catch (error) {
      view.log.warn('a volume of before cannot go on', { mountPoint, error });
    }
  }
  if (isMounted) await takeAway(mountPoint, true);
  await state.keepVolume(mountPoint, undefined);
  return undefined;
}

/** Serves `view` without mounting it; the url is good as long as the server runs. */
export async function serveVolume(view: VolumeView, options: NfsDriverOptions): Promise<ServedVolumeHandle> {
  const state = await loadNfsState(options.stateFile);
  const known = state.getVolume(servedKey);
  const exported = { path: newExportPath(), once: false };
  const secret = known?.secret ?? newSecret();
  const serve = (port: number) => startServer(view, options, { secret, port }, { exported, mountPoint: undefined });
  // Clients that were told the last port find the volume again.
  const server = await serve(known?.port ?? 0).catch(() => serve(0));
  await state.keepVolume(servedKey, { port: server.port, root: view.root, readOnly: view.readOnly, secret });
  const gone = Promise.withResolvers<void>();
  const url = `nfs://127.0.0.1:${server.port}${exported.path}`;
  return {
    kind: 'nfs',
    url,
    mountPoint: url,
    gone: gone.promise,
    notify: ({ parent }) => server.noteChange(parent),
    // A client asks by itself whether something changed.
    told: async () => {},
    unmount: async () => {
      await server.close();
      gone.resolve();
      return true;
    },
  };
}

/** Stands for the mount point of a volume that is only served. */
const servedKey = '';

function newExportPath(): string {
  return exportPrefix + randomBytes(16).toString('hex');
}

/** A secret for a volume, 32 bytes in hex. */
function newSecret(): string {
  return randomBytes(32).toString('hex');
}

function startServer(
  view: VolumeView,
  { account }: NfsDriverOptions,
  { secret, port }: Pick<ServedVolume, 'secret' | 'port'>,
  { exported, mountPoint }: { exported: Export | undefined; mountPoint: string | undefined },
): Promise<NfsServer> {
  return startNfsServer(view, {
    port,
    secret: Buffer.from(secret, 'hex'),
    account,
    exported,
    clock: systemClock,
    // Nobody can tell who reads on another computer.
    loadReaders: mountPoint === undefined ? undefined : () => loadReaders(mountPoint),
  });
}

function createVolume(mountPoint: string, view: VolumeView, server: NfsServer, state: NfsState): Volume {
  const gone = Promise.withResolvers<void>();
  /** The client says nothing when a volume is taken away from outside: the mount table does. */
  const watch = setInterval(() => {
    void isOurs(mountPoint).then((isThere) => (isThere ? undefined : end()));
  }, nfsLimits.mountTableMs);
  let ending: Promise<void> | undefined;
  const end = () => {
    clearInterval(watch);
    ending ??= server
      .close()
      .then(() => state.keepVolume(mountPoint, undefined))
      .catch((error) => view.log.warn('the end of a volume was not noted', { mountPoint, error }))
      .then(() => gone.resolve());
    return ending;
  };
  return {
    kind: 'nfs',
    mountPoint,
    gone: gone.promise,
    notify: ({ parent }) => server.noteChange(parent),
    // A client asks by itself whether something changed.
    told: async () => {},
    unmount: async (force) => {
      if (!(await takeAway(mountPoint, force))) return false;
      await end();
      return true;
    },
  };
}

/** False when somebody uses the volume and it is not to be forced. Rejects when nothing helps. */
async function takeAway(mountPoint: string, force: boolean): Promise<boolean> {
  const isMounted = () => isOurs(mountPoint);
  let failure: unknown;
  for (const command of getUnmountCommands(process.platform, mountPoint, force)) {
    if (!(await isMounted())) return true;
    await runCommand(command).catch((error) => {
      failure = error;
    });
  }
  if (!(await isMounted())) return true;
  if (!force && /busy/i.test(String((failure as { stderr?: unknown })?.stderr ?? failure))) return false;
  throw failure;
}

async function isOurs(mountPoint: string): Promise<boolean> {
  return (await loadMounts()).some((mount) => mount.path === mountPoint && mount.ours);
}

async function runCommand([program, ...args]: Command): Promise<void> {
  await run(program, args, { timeout: nfsLimits.commandMs });
}
