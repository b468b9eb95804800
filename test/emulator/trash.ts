import type { Account, Container, MountPointNode, Node } from './model.ts';
import { descendants, mountPointsOf, resolveBelow } from './tree.ts';

/** What was put into the trash itself; what went along with a folder or mountpoint is below that. */
export function* trashTops(account: Account): Generator<Node> {
  for (const mountPoint of mountPointsOf(account)) {
    if (mountPoint.deleted !== undefined) continue;
    for (const node of descendants(mountPoint)) {
      if (node.deleted !== undefined && node.parent.deleted === undefined) yield node;
    }
  }
}

export function* trashedMountPoints(account: Account): Generator<MountPointNode> {
  for (const mountPoint of mountPointsOf(account)) if (mountPoint.deleted !== undefined) yield mountPoint;
}

/** Resolves names below the view Trash; of tops that share a name, the one trashed last (quirk `trashPaths`). */
export function resolveInTrash(account: Account, [first = '', ...rest]: readonly string[]): Node | undefined {
  const tops = [...trashTops(account)].filter(({ name }) => name.toLowerCase() === first.toLowerCase());
  const top = tops.sort((a, b) => (a.deleted ?? 0) - (b.deleted ?? 0)).at(-1);
  if (!top || top.kind === 'file') return rest.length === 0 ? top : undefined;
  const found: Container | Node | undefined = resolveBelow(top, rest);
  return found?.kind === 'mountPoint' ? undefined : found;
}
