import { ErrnoError } from '../base/errno.ts';
import { newReadahead } from '../content/readahead.ts';
import type { Ino, NodeRow, Place } from '../store/nodeRow.ts';
import { writebackLimits } from '../sync/tree/limits.ts';
import { getRow, type VfsContext } from './context.ts';
import { isLink, toStoredName } from './links.ts';
import { type PutOptions, put } from './put.ts';
import { readRow } from './reads.ts';

/** Target of a symbolic link. EINVAL for anything else. May wait for the network as a read does. */
export async function readlink(context: VfsContext, ino: Ino): Promise<string> {
  const row = getRow(context, ino);
  if (!isLink(context, row)) throw new ErrnoError('EINVAL', 'not a symbolic link');
  if (row.target !== null && row.link === 'foreign') return row.target;
  return (await readRow(context, row, newReadahead())).toString();
}

/** Creates a symbolic link; EEXIST when the name is taken in any spelling. */
export async function symlink(context: VfsContext, parent: Ino, name: string, target: string): Promise<void> {
  await putLink(context, { parent, name }, target, { create: true, overwrite: false });
}

/** The same; with `overwrite` a link that has the name gets the new target in one step. */
export async function putLink(
  context: VfsContext,
  place: Place,
  target: string,
  options: Pick<PutOptions, 'create' | 'overwrite'>,
): Promise<NodeRow> {
  toStoredName(place.name, true);
  const bytes = Buffer.from(target);
  if (bytes.length > writebackLimits.linkTargetMax) throw new ErrnoError('ENAMETOOLONG', 'the target is too long');
  return put(context, place, { ...options, link: true }, (draft) => draft.write(bytes));
}
