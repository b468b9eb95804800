import { ErrnoError } from '../base/errno.ts';
import type { Ino } from '../store/nodeRow.ts';
import { checkChangeable, getRow, type VfsContext } from './context.ts';
import { vfsLimits } from './limits.ts';

/** setxattr(2)'s flags: neither, XATTR_CREATE or XATTR_REPLACE. */
export type XattrMode = 'set' | 'create' | 'replace';

/** The only attribute that is read and written in parts (macOS). */
const resourceFork = 'com.apple.ResourceFork';

/**
 * Access lists and capabilities belong to a file system with owners. Refused for reading too: `ls` and `cp` then stop asking.
 * The kernel asks for `security.capability` before every write, so this answers before any path is looked at.
 */
export function isForeignXattr(name: string): boolean {
  return name.startsWith('system.') || name.startsWith('security.') || name.startsWith('trusted.');
}

/** ENODATA when the node has no such attribute. */
export function getXattr(context: VfsContext, ino: Ino, name: string): Buffer {
  const value = context.xattrs.get(getRow(context, ino).ino, name);
  if (value === undefined) throw noSuchXattr();
  return value;
}

export function listXattrs(context: VfsContext, ino: Ino): string[] {
  return context.xattrs.list(getRow(context, ino).ino);
}

/** Kept with the node on this computer. EEXIST, ENODATA by `mode`; E2BIG beyond the largest value; EOPNOTSUPP for foreign ones. */
export function setXattr(
  context: VfsContext,
  ino: Ino,
  name: string,
  value: Buffer,
  options: { mode: XattrMode; position: number },
): void {
  if (isForeignXattr(name)) throw new ErrnoError('EOPNOTSUPP', 'no attributes of that kind here');
  const { xattrs, nodes, clock, activity, pusher, barrier } = context;
  getRow(context, ino);
  checkChangeable(context, ino);
  const old = xattrs.get(ino, name);
  if (options.mode === 'create' && old !== undefined) throw new ErrnoError('EEXIST', 'attribute exists');
  if (options.mode === 'replace' && old === undefined) throw noSuchXattr();
  if (options.position !== 0 && name !== resourceFork) throw new ErrnoError('EINVAL', 'written whole only');
  const end = options.position + value.length;
  if (end > vfsLimits.xattrMax) throw new ErrnoError('E2BIG', 'value is too large');
  const whole = name === resourceFork ? spliced(old, value, options.position) : value;
  nodes.transaction(() => {
    xattrs.set(ino, name, whole);
    nodes.update(ino, { ctimeMs: clock.now() });
  });
  // Finder says by an attribute when a copy is complete (sync/plan/quietTime.ts).
  activity.noteChange(ino);
  barrier.note();
  pusher.nudge();
}

export function removeXattr(context: VfsContext, ino: Ino, name: string): void {
  const { xattrs, nodes, clock, pusher, barrier } = context;
  getRow(context, ino);
  checkChangeable(context, ino);
  nodes.transaction(() => {
    if (!xattrs.remove(ino, name)) throw noSuchXattr();
    nodes.update(ino, { ctimeMs: clock.now() });
  });
  barrier.note();
  pusher.nudge();
}

function spliced(old: Buffer | undefined, part: Buffer, position: number): Buffer {
  const whole = Buffer.alloc(Math.max(old?.length ?? 0, position + part.length));
  old?.copy(whole);
  part.copy(whole, position);
  return whole;
}

function noSuchXattr(): ErrnoError {
  return new ErrnoError('ENODATA', 'no such attribute');
}
