import type { Ino, LinkState, NodeKind, NodeRow } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import { writebackLimits } from './limits.ts';

/**
 * A symbolic link `NAME` is a small file `NAME.rclonelink` on the server that holds its target as text: what
 * `rclone --links` writes and reads. In the node table it is that file. Whether it is shown as a link is kept in its row
 * (`link`), so that a name never means something else because another name beside it came or went.
 */
export const linkSuffix = '.rclonelink';

/** The name of the link that a file of this name stands for; undefined when it is no link file's name. */
export function getLinkName(stored: string): string | undefined {
  const isNamed = stored.endsWith(linkSuffix) && stored.length > linkSuffix.length;
  return isNamed ? stored.slice(0, -linkSuffix.length) : undefined;
}

/** What a node that comes from the server is shown as until `settleLinks` has looked at it. */
export function getFirstLinkState(kind: NodeKind, name: string): LinkState {
  return kind === 'file' && getLinkName(name) !== undefined ? 'new' : null;
}

/**
 * Decides what the link files of a folder that was listed are shown as. One whose bare name is taken stays the file it is.
 * `onChange` hears of each that is shown otherwise from now on. Part of the caller's transaction.
 */
export function settleLinks(nodes: Nodes, folder: Ino, onChange: (row: NodeRow) => void): void {
  for (const row of nodes.getLinks(folder)) {
    const link = settleLink(nodes, folder, row);
    if (link !== row.link) onChange(nodes.update(row.ino, { link }));
  }
}

function settleLink(nodes: Nodes, folder: Ino, { name, size, link }: NodeRow): LinkState {
  if (nodes.getChild(folder, getLinkName(name) ?? '') !== undefined) return 'file';
  const mayBeTarget = size > 0 && size <= writebackLimits.linkTargetMax;
  return link === 'new' && mayBeTarget ? 'foreign' : link;
}
