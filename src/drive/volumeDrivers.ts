import type { Log } from '../base/log.ts';
import { createKernelDriver } from '../volume/linux/volume.ts';
import { bindingDriver } from '../volume/macfuse/volume.ts';
import type { Volume, VolumeDriver, VolumeView } from '../volume/volume.ts';

export const driverChoices = ['auto', 'fuse', 'binding'] as const;
/** `auto`: the best that this computer has; `fuse`: the kernel's protocol, the binding where only that speaks it. */
export type DriverChoice = (typeof driverChoices)[number];

const kernelDriver = createKernelDriver();

/** The drivers of volumes in the order in which they are tried. */
export function getVolumeDrivers(choice: DriverChoice): readonly VolumeDriver[] {
  if (choice === 'binding' || process.platform !== 'linux') return [bindingDriver];
  return choice === 'fuse' ? [kernelDriver] : [kernelDriver, bindingDriver];
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
