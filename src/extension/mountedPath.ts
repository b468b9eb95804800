import path from 'node:path';
import { nameKey } from '../base/nameKey.ts';
import type { DriveState, MountState } from '../protocol/state.ts';

/** Where `accountPath` is on this computer, through the most specific mount that is up; undefined when none covers it. */
export function getMountedPath(state: DriveState, accountPath: string): string | undefined {
  const mount = state.mounts
    .filter(({ status, source }) => status === 'mounted' && isWithin(accountPath, source))
    .sort((a, b) => b.source.length - a.source.length)[0];
  if (mount === undefined) return undefined;
  const inside = mount.source === '/' ? accountPath : accountPath.slice(mount.source.length);
  return path.join(mount.mountPoint, inside);
}

export function getLiveMounts(state: DriveState): readonly MountState[] {
  return state.mounts.filter(({ status }) => status === 'mounted');
}

/** Is `accountPath` the folder `source` or below it? The server does not tell cases apart. */
export function isWithin(accountPath: string, source: string): boolean {
  if (source === '/') return true;
  const [file, folder] = [accountPath, source].map(nameKey);
  return file === folder || (file?.startsWith(`${folder}/`) ?? false);
}
