import type { Log } from '../base/log.ts';
import { createKernelDriver } from '../volume/linux/volume.ts';
import { bindingDriver } from '../volume/macfuse/volume.ts';
import { createNfsDriver, type NfsDriverOptions } from '../volume/nfs/driver.ts';
import type { Volume, VolumeDriver, VolumeView } from '../volume/volume.ts';

export const driverChoices = ['auto', 'fuse', 'binding', 'nfs'] as const;
/** `auto`: the best that this computer has; `fuse`: the kernel's protocol, the binding where only that speaks it. */
export type DriverChoice = (typeof driverChoices)[number];

const kernelDriver = createKernelDriver();

/** The drivers of volumes in the order in which they are tried. */
export function getVolumeDrivers(choice: DriverChoice, nfs: NfsDriverOptions): readonly VolumeDriver[] {
  if (choice === 'nfs') return [createNfsDriver(nfs)];
  if (choice === 'binding') return [bindingDriver];
  if (process.platform === 'linux') return choice === 'fuse' ? [kernelDriver] : [kernelDriver, bindingDriver];
  // Every Mac can mount by NFS; where macFUSE is, it keeps more.
  return choice === 'fuse' ? [bindingDriver] : [bindingDriver, createNfsDriver(nfs)];
}

/** Those that this computer can use. Rejects as the last one does when there is none. */
export async function prepareDrivers(drivers: readonly VolumeDriver[], log: Log): Promise<VolumeDriver[]> {
  const usable: VolumeDriver[] = [];
  let failure: unknown;
  for (const driver of drivers) {
    try {
      await driver.prepare();
      usable.push(driver);
    } catch (error) {
      log.info('this computer has no such volumes', { driver: driver.name, error });
      failure = error;
    }
  }
  if (usable.length === 0) throw failure;
  return usable;
}

/** Has an earlier process left a volume mounted there that one of the drivers can go on with? */
export async function canResume(drivers: readonly VolumeDriver[], mountPoint: string): Promise<boolean> {
  for (const driver of drivers) if (await driver.canResume?.(mountPoint)) return true;
  return false;
}

/** Rejects as the last driver does when none can mount. */
export async function mountWithBest(
  drivers: readonly VolumeDriver[],
  mountPoint: string,
  name: string,
  view: VolumeView,
): Promise<Volume> {
  let failure: unknown;
  for (const driver of drivers) {
    try {
      return await driver.mount(mountPoint, name, view);
    } catch (error) {
      view.log.warn('a driver could not mount', { driver: driver.name, mountPoint, error });
      failure = error;
    }
  }
  throw failure;
}
