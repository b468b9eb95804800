import { closeSync, constants, mkdirSync, openSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs';

// The process that repeats (repeats.ts). It asks the system for one thing at a time, on its first thread: so the driver knows its
// requests from all others. What one of them answers does not matter: then watchers have missed one change.

/** One operation on a path. */
export type Deed = 'makeFile' | 'makeFolder' | 'makeLink' | 'removeFile' | 'removeFolder';
export interface Order {
  readonly deed: Deed;
  readonly path: string;
}

const deeds: Record<Deed, (path: string) => void> = {
  makeFile: (path) => closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDONLY)),
  makeFolder: mkdirSync,
  makeLink: (path) => symlinkSync('.', path),
  removeFile: unlinkSync,
  removeFolder: rmdirSync,
};

process.on('message', ({ deed, path }: Order) => {
  try {
    deeds[deed](path);
  } catch {
    // As above.
  }
  process.send?.('done');
});
