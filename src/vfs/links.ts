import type { Ino, NodeRow } from '../store/nodeRow.ts';
import { getLinkName, linkSuffix } from '../sync/tree/links.ts';
import { isLocallyWithin } from '../sync/tree/paths.ts';
import type { VfsContext } from './context.ts';
import { checkNewName } from './names.ts';

/** Only names and kinds differ between what is shown and the node table (sync/tree/links.ts). */
type Links = Pick<VfsContext, 'nodes' | 'bounds' | 'linkRules'>;

/**
 * Is this file shown as a symbolic link? One that was made elsewhere only where it stays in the volume, unless the user
 * allows others: who can write to the account could make programs here write to any file of this computer.
 */
export function isLink(links: Links, row: NodeRow): boolean {
  if (row.link === 'own') return true;
  return row.link === 'foreign' && (links.linkRules.followOutside || staysWithin(links, row));
}

/**
 * Does the target stay in the volume, whatever becomes of the rest of the tree? It does when it climbs first, no higher than
 * the top, and then goes down only: each folder on the way down is in the volume, or a link that was judged so itself. After
 * a name, `..` may be above anything, because that name may be, or become, a link.
 */
function staysWithin({ nodes, bounds }: Links, { parent, target }: NodeRow): boolean {
  const { mountPoint } = bounds;
  const isAbsolute = target?.startsWith('/') ?? false;
  if (target === null || (isAbsolute && !`${target}/`.startsWith(`${mountPoint}/`))) return false;
  const within = isAbsolute ? target.slice(mountPoint?.length ?? 0) : target;
  const names = within.split('/').filter((name) => name !== '' && name !== '.');
  const down = names.findIndex((name) => name !== '..');
  const climbs = down === -1 ? names.length : down;
  if (names.includes('..', climbs)) return false;
  return climbs <= (isAbsolute ? 0 : getDepth(nodes, bounds.root, parent));
}

/** Folders between `folder` and `top`; 0 for what is not below it. */
function getDepth(nodes: VfsContext['nodes'], top: Ino, folder: Ino | null): number {
  let depth = 0;
  for (let at = folder; at !== top; depth += 1) {
    if (at === null) return 0;
    at = nodes.get(at)?.parent ?? null;
  }
  return depth;
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

/**
 * A node is in another folder than before: links made elsewhere that are in it, or it itself, may now be shown by their other
 * name, because where they lead to depends on how deep they are (`staysWithin`).
 */
export function noteMoved({ nodes, onVisibleChange }: VfsContext, ino: Ino): void {
  const moved = nodes.get(ino);
  if (moved?.kind === 'file' && moved.link !== 'foreign') return;
  for (const { ino: link, parent, name } of nodes.getForeignLinks()) {
    if (parent !== null && isLocallyWithin(nodes, link, ino)) onVisibleChange({ parent, name });
  }
}
