import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import type { Nodes } from '../../store/nodes.ts';
import { noteFormerPlace } from './paths.ts';
import { cutName, splitEnding } from './standIns.ts';

export interface ConflictNames {
  readonly host: string;
  /** ms since the epoch. */
  readonly now: number;
}

/** `name (conflicted copy <host> <date>).ext`, numbered when taken. */
export function conflictName(nodes: Nodes, parent: Ino, name: string, { host, now }: ConflictNames): string {
  const { stem, ending } = splitEnding(name);
  const date = new Date(now).toISOString().slice(0, 10);
  for (let number = 1; ; number += 1) {
    const suffix = ` (conflicted copy ${host} ${date}${number === 1 ? '' : ` ${number}`})${ending}`;
    // The suffix is what must survive.
    const candidate = cutName(stem, suffix);
    if (nodes.getChild(parent, candidate) === undefined && nodes.getSyncedChild(parent, candidate) === undefined) {
      return candidate;
    }
  }
}

/**
 * Moves the local version out of the way of the server's. `content`: the server has other bytes for it; it becomes a new,
 * unsynced node under the conflict name. `name`: something else has the name it was to get; it keeps what the server has
 * of it and only goes to another name.
 */
export function setAside(nodes: Nodes, row: NodeRow, clash: 'content' | 'name', names: ConflictNames): NodeRow {
  if (row.parent === null) throw new Error('a removed node cannot be set aside');
  const name = conflictName(nodes, row.parent, row.name, names);
  if (clash === 'name') return nodes.update(row.ino, { name, failure: null });
  // A partly rewritten file still needs the bytes it was based on.
  if (row.synced !== null) noteFormerPlace(nodes, row.synced);
  return nodes.update(row.ino, { name, synced: null, failure: null });
}
