import type { JottaPath } from './types.ts';

/** The special device of every account (PROTOCOL.md §5). */
const mainDevice = 'jotta';
/** Its mountpoints that are views of what lies elsewhere, and have no content of their own. */
const views: ReadonlySet<string> = new Set(['trash', 'latest', 'links']);
/** What others share with the account: to be read, and not for other operations on files. */
const shared = 'shared';

export function isMainDevice(name: string): boolean {
  return name.toLowerCase() === mainDevice;
}

export function isView(device: string, mountpoint: string): boolean {
  return isMainDevice(device) && views.has(mountpoint.toLowerCase());
}

/** True of what the account only lets be read. */
export function isReadOnlyPlace([device = '', mountpoint = '']: JottaPath): boolean {
  return isView(device, mountpoint) || (isMainDevice(device) && mountpoint.toLowerCase() === shared);
}
