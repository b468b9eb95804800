import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import type { Pins } from '../../store/pins.ts';

/** The nearest folder above `row` that is pinned itself. */
export function findPinnedAbove(pins: Pins, nodes: Nodes, row: NodeRow): Ino | undefined {
  for (let at = row.parent; at !== null; at = nodes.get(at)?.parent ?? null) if (pins.has(at)) return at;
  return undefined;
}

/** Is a file whose content on the server is `md5` pinned, itself or by a folder above? */
export function isPinned(pins: Pins, nodes: Nodes, md5: string): boolean {
  if (pins.isEmpty()) return false;
  return nodes.getHolders(md5).some((row) => pins.has(row.ino) || findPinnedAbove(pins, nodes, row) !== undefined);
}
