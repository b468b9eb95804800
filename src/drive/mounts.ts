import { homedir, userInfo } from 'node:os';
import { resolve } from 'node:path';
import { untilAborted } from '../base/abort.ts';
import { createEmitter, type Emitter } from '../base/events.ts';
import type { Log } from '../base/log.ts';
import { DriveError } from '../protocol/errors.ts';
import type { MountParams } from '../protocol/messages.ts';
import type { MountState, MountStatus } from '../protocol/state.ts';
import { type Ino, rootIno } from '../store/nodeRow.ts';
import { getLocalPath, isLocallyWithin } from '../sync/tree/paths.ts';
import { getPossibleNames } from '../vfs/links.ts';
import { findHolders } from '../volume/holders.ts';
import { MountError } from '../volume/mountError.ts';
import { checkMountPoint, detach, ensureMountPoint, loadMounts, mountOver } from '../volume/mountPoint.ts';
import type { NameChange, Volume, VolumeDriver, VolumeView } from '../volume/volume.ts';
import { findSource } from './mountSource.ts';
import type { Session } from './session.ts';
import { findDrivers, findResuming, mountWithBest } from './volumeDrivers.ts';

/** What a window waits for the notices of its change to reach the kernel, ms: they mostly take less than one. */
const tellMs = 1_000;

interface Mount {
  readonly params: MountParams;
  status: MountStatus;
  volume: Volume | undefined;
  /** Changes while the volume is being made: programs may use it before it can be told. */
  readonly early: NameChange[];
}

type MakeVolume = (name: string, view: VolumeView) => Promise<Volume>;

export interface MountsOptions {
  /** In the order in which they are tried; asked before each mount. */
  readonly getDrivers: () => readonly VolumeDriver[];
  /** May what makes previews and indexes of its own accord download? Asked each time. */
  readonly previewsDownload: () => boolean;
}

/** The volumes of one session. */
export class Mounts {
  readonly changed: Emitter<void>;
  readonly #session: Session;
  readonly #reserved: readonly string[];
  readonly #log: Log;
  readonly #options: MountsOptions;
  readonly #mounts = new Map<string, Mount>();
  /** Volumes that are being made. */
  readonly #opening = new Set<Promise<void>>();
  #closed = false;

  constructor(session: Session, reserved: readonly string[], log: Log, options: MountsOptions) {
    this.#session = session;
    this.#reserved = reserved;
    this.#log = log;
    this.#options = options;
    this.changed = createEmitter((error) => log.error('listener failed', { error }));
  }

  getStates(): MountState[] {
    return [...this.#mounts.entries()].map(([mountPoint, { params, status, volume }]) => ({
      mountPoint,
      source: params.source,
      readOnly: params.readOnly,
      status,
      ...(volume === undefined ? {} : { kind: volume.kind }),
    }));
  }

  /**
   * Resolves when programs on the volumes see every change that was made until now. A notice about a folder waits for operations
   * there, which may wait for the network: after `tellMs` this resolves all the same.
   */
  async told(): Promise<void> {
    const volumes = [...this.#mounts.values()].map(({ volume }) => volume?.told());
    await untilAborted(Promise.all(volumes), AbortSignal.timeout(tellMs)).catch(() => {});
  }

  /** Volumes that are there, or are being made. */
  get size(): number {
    return [...this.#mounts.values()].filter(({ status }) => status !== 'failed').length;
  }

  /** Resolves when the volume is usable. Rejects with DriveError; nothing is left behind then. */
  async mount(params: MountParams): Promise<MountState> {
    try {
      // Before the folder is looked at: the drive never touches a volume of its own.
      const wanted = resolve(params.mountPoint);
      if (this.#isTaken(wanted)) throw new DriveError('alreadyMounted', { path: wanted });
      const drivers = await findDrivers(this.#options.getDrivers(), this.#log);
      const root = await findSource(this.#session, params.source);
      const rules = { home: homedir(), reserved: this.#reserved };
      const resuming = await findResuming(drivers, wanted);
      const mountPoint = resuming ? wanted : await ensureMountPoint(params.mountPoint, rules, this.#log);
      if (this.#closed) throw new DriveError('shuttingDown');
      if (this.#isTaken(mountPoint)) throw new DriveError('alreadyMounted', { path: mountPoint });
      // A better driver would meet the volume that is there, which answers nobody.
      const able = resuming ? [resuming] : drivers;
      const makeVolume: MakeVolume = (name, view) => mountWithBest(able, mountPoint, name, view);
      const makeOver: MakeVolume = (name, view) => mountOver(mountPoint, () => makeVolume(name, view), this.#log);
      const { kind } = await this.#add({ ...params, mountPoint }, root, resuming ? makeVolume : makeOver);
      const { source, readOnly } = params;
      this.#log.info('mounted', { mountPoint, source, readOnly, kind });
      return { mountPoint, source, readOnly, status: 'mounted', kind };
    } catch (error) {
      if (this.#closed) throw new DriveError('shuttingDown', {}, { cause: error });
      if (error instanceof MountError) throw new DriveError(error.kind, error.detail, { cause: error });
      throw error;
    }
  }

  /** Rejects with DriveError where a mount would be refused for its mount point. */
  async checkMountPoint(path: string): Promise<void> {
    const wanted = resolve(path);
    if (this.#isTaken(wanted)) throw new DriveError('alreadyMounted', { path: wanted });
    try {
      await checkMountPoint(wanted, { home: homedir(), reserved: this.#reserved });
    } catch (error) {
      if (error instanceof MountError) throw new DriveError(error.kind, error.detail, { cause: error });
      throw error;
    }
  }

  /** A mount point whose volume died may be mounted on again. */
  #isTaken(mountPoint: string): boolean {
    const mount = this.#mounts.get(mountPoint);
    return mount !== undefined && mount.status !== 'failed';
  }

  /** Offers a part of the account to clients that mount it themselves. Resolves with the volume, whose mount point is its address. */
  async serve(source: string, readOnly: boolean, serve: (view: VolumeView) => Promise<Volume>): Promise<Volume> {
    const root = await findSource(this.#session, source);
    return this.#add({ mountPoint: '', source, readOnly }, root, (_name, view) => serve(view));
  }

  /** Takes the volume away; pending work goes on. Rejects `busy` when files are open and `force` is not given. */
  async unmount(mountPoint: string, force: boolean): Promise<void> {
    const mount = this.#mounts.get(mountPoint);
    if (mount?.status === 'failed') {
      this.#mounts.delete(mountPoint);
      this.changed.emit();
      return;
    }
    if (mount?.volume === undefined) throw new DriveError('notMounted', { path: mountPoint });
    mount.status = 'unmounting';
    this.changed.emit();
    // A program that has a file open may never close it.
    if (force) {
      await this.#session.vfs.flushQuiet(0).catch((error) => this.#log.warn('an open file was not flushed', { error }));
    }
    const done = await mount.volume.unmount(force).catch((error) => {
      mount.status = 'mounted';
      this.changed.emit();
      throw error;
    });
    if (!done) {
      mount.status = 'mounted';
      this.changed.emit();
      throw new DriveError('busy', { path: mountPoint, holders: (await findHolders(mountPoint)).join(', ') });
    }
    this.#mounts.delete(mountPoint);
    this.changed.emit();
  }

  /** `unmountAll` for good: those that are being made go too, and no new one is made. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#opening);
    await this.unmountAll();
  }

  /** Takes every volume away, in use or not. Never rejects. */
  async unmountAll(): Promise<void> {
    for (const [mountPoint, { status }] of [...this.#mounts]) {
      if (status === 'failed') continue;
      try {
        await this.unmount(mountPoint, false);
      } catch (error) {
        this.#log.warn('a volume in use is detached', { mountPoint, error });
        // One that stays must not keep the others, nor the session from being closed.
        await this.unmount(mountPoint, true).catch((failure) => {
          this.#log.error('a volume could not be detached', { mountPoint, error: failure });
        });
      }
    }
  }

  /** Lists the volume while it is being made, and as long as it is there. */
  async #add(params: MountParams, root: Ino, make: MakeVolume): Promise<Volume> {
    const { mountPoint } = params;
    const mount: Mount = { params, status: 'mounting', volume: undefined, early: [] };
    this.#mounts.set(mountPoint, mount);
    this.changed.emit();
    const opening = this.#open(mount, root, make);
    const settled = opening.then(() => {});
    this.#opening.add(settled);
    try {
      const volume = await opening;
      mount.status = 'mounted';
      return volume;
    } catch (error) {
      this.#mounts.delete(mountPoint);
      throw error;
    } finally {
      this.#opening.delete(settled);
      this.changed.emit();
    }
  }

  async #open(mount: Mount, root: Ino, make: MakeVolume): Promise<Volume> {
    const { mountPoint, readOnly } = mount.params;
    const session = this.#session;
    const name = root === rootIno ? 'Jottacloud' : (session.nodes.get(root)?.name ?? 'Jottacloud');
    const view = this.#createView(mountPoint, root, readOnly, (change) => {
      for (const other of this.#mounts.values()) if (other !== mount) tell(other, change);
    });
    const stop = session.treeChanged.on((changes) => {
      for (const change of changes) {
        if (!isLocallyWithin(session.nodes, change.parent, root)) continue;
        for (const name of getPossibleNames(change.name)) tell(mount, { ...change, name });
      }
    });
    const volume = await make(name, view).catch((error) => {
      stop();
      throw error;
    });
    mount.volume = volume;
    for (const change of mount.early.splice(0)) volume.notify(change);
    void volume.gone.then(() => {
      stop();
      return this.#noteGone(mountPoint, volume);
    });
    return volume;
  }

  /**
   * Ejected by the user, or unmounted from outside: the work goes on, the volume is no longer listed. One that is still mounted
   * has died: it is listed as failed until it is mounted again, and every look at it would be an error: it is taken away.
   */
  async #noteGone(mountPoint: string, volume: Volume): Promise<void> {
    const mount = this.#mounts.get(mountPoint);
    if (mount?.volume !== volume) return;
    const isMounted = async () => (await loadMounts()).some(({ path }) => path === mountPoint);
    if (mount.status === 'mounted' && (await isMounted().catch(() => false))) {
      this.#log.error('a volume died', { mountPoint });
      Object.assign(mount, { status: 'failed', volume: undefined });
      await detach(mountPoint).catch((error) => this.#log.warn('a dead volume stays', { mountPoint, error }));
    } else if (this.#mounts.get(mountPoint) === mount) this.#mounts.delete(mountPoint);
    this.changed.emit();
  }

  #createView(mountPoint: string, root: Ino, readOnly: boolean, onChanged: (change: NameChange) => void): VolumeView {
    const { vfs, nodes, getAccount } = this.#session;
    const { uid, gid } = userInfo();
    const getQuota = () => {
      const { usedBytes, totalBytes } = getAccount();
      return { used: usedBytes, total: totalBytes };
    };
    const getPath = (folder: Ino) => {
      if (!isLocallyWithin(nodes, folder, root)) return undefined;
      const [path, above] = [getLocalPath(nodes, folder), getLocalPath(nodes, root)];
      if (path === undefined || above === undefined) return undefined;
      return path.slice(above === '/' ? 0 : above.length) || '/';
    };
    return {
      vfs: vfs.within({ root, mountPoint }),
      root,
      readOnly,
      // Only on macOS is it known which programs make previews.
      previewsStayLocal: () => process.platform === 'darwin' && !this.#options.previewsDownload(),
      getQuota,
      getPath,
      onChanged,
      log: this.#log,
      uid,
      gid,
    };
  }
}

/** One that has died is told nothing. */
function tell(mount: Mount, change: NameChange): void {
  if (mount.volume !== undefined) mount.volume.notify(change);
  else if (mount.status === 'mounting') mount.early.push(change);
}
