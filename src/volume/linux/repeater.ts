import { closeSync, constants, mkdirSync, openSync, rmdirSync, statSync, symlinkSync, unlinkSync } from 'node:fs';

// The process that repeats (repeats.ts). It asks the system for one thing at a time, on its first thread: so the driver knows its
// requests from all others. What one of them answers does not matter: then watchers have missed one change.

/** One operation on a path in a volume. */
export type Deed = 'makeFile' | 'makeFolder' | 'makeLink' | 'removeFile' | 'removeFolder';
export interface Order {
  readonly deed: Deed;
  /** Where the volume is mounted, and its device as the mount table has it: `major:minor`. */
  readonly root: string;
  readonly device: string;
  /** Path from `root`. */
  readonly path: string;
}

const deeds: Record<Deed, (path: string) => void> = {
  makeFile: (path) => closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDONLY)),
  makeFolder: mkdirSync,
  makeLink: (path) => symlinkSync('.', path),
  removeFile: unlinkSync,
  removeFolder: rmdirSync,
};

process.on('message', ({ deed, root, device, path }: Order) => {
  try {
    // From inside the volume, and only of this one. When the drive has been killed meanwhile, `root` is the folder below, or
    // the volume of the next drive: there nothing is a repetition, and a file would be made or removed for good.
    process.chdir(root);
    if (toDevice(statSync('.').dev) === device) deeds[deed](path);
  } catch {
    // The volume is gone, or what was to be repeated is done already: nothing is left to do.
  }
  // A working directory in the volume would keep it in use.
  process.chdir('/');
  process.send?.('done');
});

/** As the mount table writes it, from glibc's `dev_t`, whose numbers of volumes are of 32 bits. */
function toDevice(dev: number): string {
  return `${(dev >>> 8) & 0xfff}:${(dev & 0xff) | ((dev >>> 12) & 0xfff00)}`;
}
