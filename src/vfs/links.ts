import { ErrnoError } from '../base/errno.ts';
import type { Ino, NodeRow } from '../store/nodeRow.ts';
import type { Nodes } from '../store/nodes.ts';
import { vfsLimits } from './limits.ts';
import { checkNewName } from './names.ts';

/**
 * A symbolic link `NAME` is a small file `NAME.rclonelink` on the server that holds its target as text: what
 * `rclone --links` writes and reads. In the node table it is that file; only names and kinds of this layer differ.
 */
const linkSuffix = '.rclonelink';

/** Is this file shown as a symbolic link? Not when its bare name is taken by something else, nor when it cannot be a target. */
export function isLink(nodes: Nodes, row: NodeRow): boolean {
  if (row.kind !== 'file' || !row.name.endsWith(linkSuffix)) return false;
  if (row.size === 0 || row.size > vfsLimits.linkTargetMax || row.name.length === linkSuffix.length) return false;
  return row.parent === null || nodes.getChild(row.parent, row.name.slice(0, -linkSuffix.length)) === undefined;
}

/** The name under which the mount shows a node. */
export function getShownName(nodes: Nodes, row: NodeRow): string {
  return isLink(nodes, row) ? row.name.slice(0, -linkSuffix.length) : row.name;
}

/** Every name under which the mount may have shown a node of this stored name. */
export function getPossibleNames(stored: string): string[] {
  return stored.endsWith(linkSuffix) ? [stored, stored.slice(0, -linkSuffix.length)] : [stored];
}

/** The child shown under any spelling of `name`. */
export function getShownChild(nodes: Nodes, parent: Ino, name: string): NodeRow | undefined {
  const exact = nodes.getChild(parent, name);
  if (exact !== undefined) return isLink(nodes, exact) ? undefined : exact;
  const link = nodes.getChild(parent, name + linkSuffix);
  return link !== undefined && isLink(nodes, link) ? link : undefined;
}

/** The name a node gets in the table when it is to be shown as `name`. EINVAL, ENAMETOOLONG; EPERM for a link file's own name. */
export function toStoredName(name: string, link: boolean): string {
  const stored = checkNewName(name);
  if (stored.endsWith(linkSuffix)) throw new ErrnoError('EPERM', 'the ending is reserved for symbolic links');
  return link ? checkNewName(stored + linkSuffix) : stored;
}
