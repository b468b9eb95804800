import type { Ino, NodeRow } from '../store/nodeRow.ts';
import { getLinkName, linkSuffix } from '../sync/tree/links.ts';
import type { VfsContext } from './context.ts';
import { checkNewName } from './names.ts';

/** Only names and kinds differ between what is shown and the node table (sync/tree/links.ts). */
type Links = Pick<VfsContext, 'nodes'>;

/** Is this file shown as a symbolic link? */
export function isLink(_links: Links, { link }: NodeRow): boolean {
  return link === 'own' || link === 'foreign';
}

/** The name under which a node is shown. */
export function getShownName(links: Links, row: NodeRow): string {
  return isLink(links, row) ? (getLinkName(row.name) ?? row.name) : row.name;
}

/** Every name under which a node of this stored name may have been shown. */
export function getPossibleNames(stored: string): string[] {
  const name = getLinkName(stored);
  return name === undefined ? [stored] : [stored, name];
}

/** The child shown under any spelling of `name`. */
export function getShownChild(links: Links, parent: Ino, name: string): NodeRow | undefined {
  const exact = links.nodes.getChild(parent, name);
  if (exact !== undefined && !isLink(links, exact)) return exact;
  const link = links.nodes.getChild(parent, name + linkSuffix);
  return link !== undefined && isLink(links, link) ? link : undefined;
}

/** The name a node gets in the table when it is to be shown as `name`. EINVAL, ENAMETOOLONG. */
export function toStoredName(name: string, link: boolean): string {
  const stored = checkNewName(name);
  return link ? checkNewName(stored + linkSuffix) : stored;
}

/** A node gets a name in the table: a link file beside it, of which this is the bare name, stays the file it is. */
export function claimName({ nodes }: Links, parent: Ino, stored: string): void {
  const beside = nodes.getChild(parent, stored + linkSuffix);
  if (beside !== undefined && beside.link !== null) nodes.update(beside.ino, { link: 'file' });
}
