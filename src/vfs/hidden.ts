import type { Clock } from '../base/clock.ts';
import { nameKey } from '../base/nameKey.ts';
import type { Ino, NodeRow, Place } from '../store/nodeRow.ts';
import type { Nodes } from '../store/nodes.ts';
import { vfsLimits } from './limits.ts';

/** An open file that libfuse took from its name: to remove it, or to rename something onto that name. */
export interface Hidden extends Place {
  readonly ino: Ino;
  /** ms since the epoch. */
  readonly at: number;
  /** Somebody looked for the name afterwards: it was removed, and no rename onto it was under way. */
  readonly missed: boolean;
}

interface Names {
  readonly nodes: Pick<Nodes, 'get'>;
  readonly hiddenNames: Map<string, Hidden>;
  readonly closedAt: Map<Ino, number>;
  readonly clock: Pick<Clock, 'now'>;
}

export function getHiddenKey({ parent, name }: Place): string {
  return `${parent}/${name}`;
}

/** The file that libfuse gave this name, also after it got its own back; undefined for any other name. */
export function getHiddenAs({ nodes, hiddenNames }: Names, place: Place): NodeRow | undefined {
  if (hiddenNames.size === 0) return undefined;
  const hidden = hiddenNames.get(getHiddenKey(place));
  const row = hidden === undefined ? undefined : nodes.get(hidden.ino);
  if (hidden === undefined || row === undefined) return undefined;
  const isBack = row.parent === hidden.parent && row.name === hidden.name;
  return isBack || isHiddenAs(row, getHiddenKey(place)) ? row : undefined;
}

/** The file that libfuse has just hidden, to rename something onto its name. */
export function getJustHidden(names: Names, { parent, name }: Place): (Hidden & { row: NodeRow }) | undefined {
  const { nodes, hiddenNames, clock } = names;
  const found: (Hidden & { row: NodeRow })[] = [];
  for (const [key, hidden] of hiddenNames) {
    const row = nodes.get(hidden.ino);
    const isRecent = Math.abs(clock.now() - hidden.at) <= vfsLimits.renameFollowsMs && !hidden.missed;
    const isHere = hidden.parent === parent && nameKey(hidden.name) === nameKey(name);
    if (isRecent && isHere && row !== undefined && isHiddenAs(row, key)) found.push({ ...hidden, row });
  }
  return found.at(-1);
}

/** Out of the tree, or, when it was closed just before, in it under that name. */
export function isHiddenAs({ parent, name }: NodeRow, key: string): boolean {
  return parent === null || getHiddenKey({ parent, name }) === key;
}

/**
 * The name was looked for and is not there. The kernel does so before every rename onto a name that was removed, and never
 * between the two steps of one rename.
 */
export function noteMissed({ hiddenNames }: Names, { parent, name }: Place): void {
  for (const [key, hidden] of hiddenNames) {
    if (hidden.parent !== parent || hidden.missed) continue;
    if (nameKey(hidden.name) === nameKey(name)) hiddenNames.set(key, { ...hidden, missed: true });
  }
}

/** libfuse counts a file as open until it has heard that the last close was carried out. */
export function isClosing({ closedAt, clock }: Names, ino: Ino): boolean {
  const at = closedAt.get(ino);
  return at !== undefined && Math.abs(clock.now() - at) <= vfsLimits.closeHeardMs;
}

/** Forgets those that libfuse must have heard of by now. */
export function noteLastClose({ closedAt, clock }: Names, ino: Ino): void {
  const now = clock.now();
  closedAt.delete(ino);
  closedAt.set(ino, now);
  for (const [other, at] of closedAt) {
    if (Math.abs(now - at) <= vfsLimits.closeHeardMs) return;
    closedAt.delete(other);
  }
}
