import { ErrnoError } from '../base/errno.ts';
import type { Ino, NodeRow, Place } from '../store/nodeRow.ts';
import { ensureListed, getFolder, getRow, type VfsContext } from './context.ts';
import { getHiddenAs, noteMissed } from './hidden.ts';
import { vfsLimits } from './limits.ts';
import { getShownChild, getShownName } from './links.ts';

/** A name in a folder as the mount shows it. */
export interface DirEntry {
  readonly name: string;
  readonly row: NodeRow;
}

/** Node under any spelling of `name`. ENOENT only when the folder is known and has no such child. */
export async function lookup(context: VfsContext, parent: Ino, name: string): Promise<NodeRow> {
  const found = await find(context, parent, name);
  if (found === undefined) throw new ErrnoError('ENOENT', 'no such file');
  return found;
}

/** The same for who often asks for what is not there: undefined then, which takes a fraction of the time of an error. */
export async function find(context: VfsContext, parent: Ino, name: string): Promise<NodeRow | undefined> {
  const { folders, localNames } = context;
  const hidden = getHiddenAs(context, { parent, name });
  if (hidden !== undefined) return hidden;
  folders.noteViewed(parent);
  const known = getShownChild(context, parent, name);
  if (known !== undefined) return known;
  const folder = getFolder(context, parent);
  if (!folders.isKnown(folder) && !localNames.matches(name)) {
    await ensureListed(context, parent);
    const found = getShownChild(context, parent, name);
    if (found !== undefined) return found;
  }
  noteMissed(context, { parent, name });
  // The server has names of 255 characters, whatever their bytes: only what is not there is too long.
  if (Buffer.byteLength(name) > vfsLimits.nameMax) throw new ErrnoError('ENAMETOOLONG', 'name is longer than 255');
  return undefined;
}

/** The child shown under any spelling of `name`, as far as is known here. */
export function getKnown(context: VfsContext, parent: Ino, name: string): NodeRow | undefined {
  return getShownChild(context, parent, name);
}

/** Where a node is shown; undefined for one that is removed, and for the root. */
export function getPlace(context: VfsContext, ino: Ino): Place | undefined {
  const row = context.nodes.get(ino);
  if (row === undefined || row.parent === null) return undefined;
  return { parent: row.parent, name: getShownName(context, row) };
}

/** Walks `names` down from `start`. */
export async function resolve(context: VfsContext, start: Ino, names: readonly string[]): Promise<NodeRow> {
  let row = getRow(context, start);
  for (const name of names) {
    if (row.kind === 'file') throw new ErrnoError('ENOTDIR', 'not a folder');
    row = await lookup(context, row.ino, name);
  }
  return row;
}

/** All children, from the database once the folder has been listed. */
export async function readdir(context: VfsContext, ino: Ino): Promise<DirEntry[]> {
  const { nodes } = context;
  await ensureListed(context, getFolder(context, ino).ino);
  return nodes.getChildren(ino).map((row) => ({ name: getShownName(context, row), row }));
}
