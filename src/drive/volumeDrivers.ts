import type { Log } from '../base/log.ts';
import { driverSettings } from '../protocol/messages.ts';
import { createKernelDriver } from '../volume/linux/volume.ts';
import { bindingDriver } from '../volume/macfuse/volume.ts';
import { MountError } from '../volume/mountError.ts';
import { createNfsDriver, type NfsDriverOptions } from '../volume/nfs/driver.ts';
import type { Volume, VolumeDriver, VolumeView } from '../volume/volume.ts';

/** The setting's, and the libfuse binding where the kernel's protocol could be had. */
export const driverChoices = [...driverSettings, 'binding'] as const;
/** `auto`: the best that this computer has; `fuse`: the kernel's protocol, the binding where only that speaks it. */
export type DriverChoice = (typeof driverChoices)[number];

const kernelDriver = createKernelDriver();

/** Of a system that we know no kind of volumes for. */
const noDriver: VolumeDriver = {
  name: 'none',
  prepare: refuse,
  mount: refuse,
};

async function refuse(): Promise<never> {
  throw new MountError('systemCannotMount', {});
}

/** The drivers of volumes in the order in which they are tried. */
export function getVolumeDrivers(
  choice: DriverChoice,
  nfs: NfsDriverOptions,
  platform: NodeJS.Platform = process.platform,
): readonly VolumeDriver[] {
  if (platform === 'win32') return [noDriver];
  if (choice === 'nfs') return [createNfsDriver(nfs)];
  if (choice === 'binding') return [bindingDriver];
  if (platform === 'linux') return choice === 'fuse' ? [kernelDriver] : [kernelDriver, bindingDriver];
  // Every Mac can mount by NFS; where macFUSE is, it keeps more.
  return choice === 'fuse' ? [bindingDriver] : [bindingDriver, createNfsDriver(nfs)];
}

/**
 * The first that this computer can use and all after it, which are not asked before they are needed. Rejects as the last one
 * does when there is none.
 */
export async function findDrivers(drivers: readonly VolumeDriver[], log: Log): Promise<readonly VolumeDriver[]> {
  let failure: unknown;
  for (const [at, driver] of drivers.entries()) {
    try {
      await driver.prepare();
      return drivers.slice(at);
    } catch (error) {
      log.info('this computer has no such volumes', { driver: driver.name, error });
      failure = error;
    }
  }
  throw failure;
}

/** The driver that can go on with a volume which an earlier process left mounted there; undefined when there is no such volume. */
export async function findResuming(
  drivers: readonly VolumeDriver[],
  mountPoint: string,
): Promise<VolumeDriver | undefined> {
  for (const driver of drivers) if (await driver.canResume?.(mountPoint)) return driver;
  return undefined;
}

/** Of drivers as `findDrivers` answers them. Rejects as the last one does when none can mount. */
export async function mountWithBest(
  drivers: readonly VolumeDriver[],
  mountPoint: string,
  name: string,
  view: VolumeView,
): Promise<Volume> {
  let failure: unknown;
  for (const [at, driver] of drivers.entries()) {
    try {
      if (at > 0) await driver.prepare();
      return await driver.mount(mountPoint, name, view);
    } catch (error) {
      view.log.warn('a driver could not mount', { driver: driver.name, mountPoint, error });
      failure = error;
    }
  }
  throw failure;
}
