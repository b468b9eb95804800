import type { Ino, LinkState, NodeKind, NodeRow } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';

/**
 * A symbolic link `NAME` is a small file `NAME.rclonelink` on the server that holds its target as text: what
 * `rclone --links` writes and reads. In the node table it is that file. Whether it is shown as a link is kept in its row
 * (`link`), so that a name never means something else because another name beside it came or went.
 */
export const linkSuffix = '.rclonelink';

/** A link called so could be neither listed nor opened nor removed. */
const noNames = ['', '.', '..'];

/** The name of the link that a file of this name stands for; undefined when it is no link file's name. */
export function getLinkName(stored: string): string | undefined {
  if (!stored.endsWith(linkSuffix)) return undefined;
  const name = stored.slice(0, -linkSuffix.length);
  return noNames.includes(name) ? undefined : name;
}

/** What a node that comes from the server is shown as until its target is known (sync/pull/linkTargets.ts). */
export function getFirstLinkState(kind: NodeKind, name: string): LinkState {
  return kind === 'file' && getLinkName(name) !== undefined ? 'new' : null;
}

/**
 * Of the link files of a folder, those whose bare name is taken are the files they are from now on. `onChange` hears of each.
 * Part of the caller's transaction.
 */
export function settleLinks(nodes: Nodes, folder: Ino, onChange: (row: NodeRow) => void): void {
  for (const { ino, name, link } of nodes.getLinks(folder)) {
    if (link === 'file' || nodes.getChild(folder, getLinkName(name) ?? '') === undefined) continue;
    onChange(nodes.update(ino, { link: 'file' }));
  }
}
