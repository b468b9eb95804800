import type { Call } from './call.ts';
import type { Context } from './context.ts';
import { invalidArgument, noSuchFile, noSuchMountPoint, noSuchPath, type ServiceError } from './errors.ts';
import type { FileNode, FolderNode, Thing } from './model.ts';
import { mountPointOf, pathOf, resolve } from './tree.ts';

/** What the path of a call names, trashed things included. Throws 404 as a file or folder that is not there. */
export function existing(context: Context, call: Call, as: 'file' | 'folder'): Thing {
  const thing = resolve(context.account, call.segments);
  if (!thing) throw missing(context, call, as);
  return thing;
}

/** The 404 of a path that is not there, or is of the other kind (PROTOCOL.md §2.9). */
export function missing(context: Context, call: Call, as: 'file' | 'folder'): ServiceError {
  if (call.segments.length > 1 && !resolve(context.account, call.segments.slice(0, 2))) return noSuchMountPoint();
  return (as === 'file' ? noSuchFile : noSuchPath)(jfsPath(context, call));
}

/** What mv, mvDir and cp may start from: a live item; the trash is a view only (§2.3). */
export function sourceOf(context: Context, call: Call): FileNode | FolderNode | undefined {
  const thing = resolve(context.account, call.segments);
  if (thing?.kind !== 'file' && thing?.kind !== 'folder') return undefined;
  return thing.deleted === undefined && mountPointOf(thing.parent).view === undefined ? thing : undefined;
}

/** The absolute target `/user/device/mountpoint/…` of a move or copy, without the user. */
export function targetOf(context: Context, value: string | null): string[] {
  const [user, ...segments] = (value ?? '').split('/').filter(Boolean);
  if (user?.toLowerCase() !== context.account.user.toLowerCase() || segments.length < 3) {
    throw invalidArgument(`${value} is no absolute path of this user`);
  }
  return segments;
}

/** `/user/device/…` in the spelling of what is there, else as asked for. */
export function jfsPath({ account }: Context, call: Call): string {
  const thing = resolve(account, call.segments);
  if (thing && 'parent' in thing) return pathOf(account, thing);
  return `/${[account.user, ...call.segments].join('/')}`;
}
