import type { Place } from '../../posix/syscalls.ts';
import type { TestDrive } from '../../support/mountedDrive.ts';
import { workerCommand } from './initramfs.ts';
import type { Machine } from './machine.ts';

/** The volume of a drive as the machine mounts it by NFS on `folder`. */
export async function mountDrive(machine: Machine, drive: TestDrive, folder: string): Promise<Place> {
  await machine.mount(await drive.serve(), folder);
  return {
    root: () => folder,
    remount: async () => {
      await machine.unmount(folder);
      await drive.restart();
      await machine.mount(await drive.serve(), folder);
    },
    settle: drive.settle,
    startWorker: () => machine.start(workerCommand),
  };
}
