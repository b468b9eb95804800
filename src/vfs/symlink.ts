import { ErrnoError } from '../base/errno.ts';
import { newReadahead } from '../content/contentReader.ts';
import type { Ino } from '../store/nodeRow.ts';
import { readRow } from './content.ts';
import { getNow, getRow, touchFolder, type VfsContext } from './context.ts';
import { prepareParent } from './create.ts';
import { toErrno } from './errors.ts';
import { vfsLimits } from './limits.ts';
import { getShownChild, isLink, toStoredName } from './links.ts';

/** Target of a symbolic link. EINVAL for anything else. May wait for the network as a read does. */
export async function readlink(context: VfsContext, ino: Ino): Promise<string> {
  const row = getRow(context, ino);
  if (!isLink(context.nodes, row)) throw new ErrnoError('EINVAL', 'not a symbolic link');
  const target = (await readRow(context, row, newReadahead())).toString();
  // Written elsewhere: what no link can point to is not one.
  if (target.includes('\0')) throw new ErrnoError('EINVAL', 'the target of the link holds a NUL');
  return target;
}

/** Creates a symbolic link; EEXIST when the name is taken in any spelling. Durable when it resolves. */
export async function symlink(context: VfsContext, parent: Ino, name: string, target: string): Promise<void> {
  const { nodes, staging, reader, barrier, activity, pusher, clock } = context;
  await prepareParent(context, parent, name);
  if (getShownChild(nodes, parent, name) !== undefined) throw new ErrnoError('EEXIST', 'name is taken');
  const stored = toStoredName(name, true);
  const bytes = Buffer.from(target);
  if (bytes.length > vfsLimits.linkTargetMax) throw new ErrnoError('ENAMETOOLONG', 'the target is too long');
  await context.room.ensure(bytes.length);
  const file = await staging.create(null, reader);
  try {
    await file.write(bytes, 0);
    await file.sync();
    const localOnly = getRow(context, parent).localOnly || context.localNames.matches(name);
    const row = nodes.transaction(() => {
      const taken = getShownChild(nodes, parent, name) ?? nodes.getChild(parent, stored);
      if (taken !== undefined) throw new ErrnoError('EEXIST', 'name is taken');
      const times = { mtime: getNow(context), ctimeMs: clock.now() };
      const made = nodes.insert({
        kind: 'file',
        parent,
        name: stored,
        size: bytes.length,
        ...times,
        mode: vfsLimits.linkMode,
        md5: null,
        localOnly,
        synced: null,
      });
      staging.save(file.info);
      touchFolder(context, parent);
      return nodes.update(made.ino, { staging: file.id });
    });
    activity.noteChange(row.ino);
  } catch (error) {
    await staging.unlink(file.id);
    throw toErrno(error);
  } finally {
    await staging.close(file.id);
  }
  await barrier.barrier();
  pusher.nudge();
}
