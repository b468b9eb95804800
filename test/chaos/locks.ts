import type { Entry, Model } from './model.ts';

/** Undoes what was taken. */
export type Release = () => void;

/** For work on the bytes through a descriptor: renames may go on meanwhile. undefined when it is taken. */
export function tryLockBytes({ locks }: Entry): Release | undefined {
  if (locks.bytes) return undefined;
  locks.bytes = true;
  return () => {
    locks.bytes = false;
  };
}

/** Relies on `entry` staying where it is, together with others that do. */
export function tryUsePath(entry: Entry): Release | undefined {
  const chain: Entry[] = [];
  for (let at: Entry | undefined = entry; at !== undefined; at = at.parent) chain.push(at);
  if (chain.some(({ locks, removed }) => locks.path || removed)) return undefined;
  for (const { locks } of chain) locks.pathUsers += 1;
  return () => {
    for (const { locks } of chain) locks.pathUsers -= 1;
  };
}

/** May change where `entry` is, or take it away; nobody relies on it or on anything below. */
export function tryLockPath(model: Model, entry: Entry): Release | undefined {
  const all = [entry, ...model.getBelow(entry)];
  if (all.some(({ locks }) => locks.pathUsers > 0 || locks.path)) return undefined;
  const release = entry.parent === undefined ? undefined : tryUsePath(entry.parent);
  if (release === undefined) return undefined;
  entry.locks.path = true;
  return () => {
    entry.locks.path = false;
    release();
  };
}

/** All of them or none. */
export function tryAll(...takers: (() => Release | undefined)[]): Release | undefined {
  const taken: Release[] = [];
  const release = () => {
    for (const each of taken.toReversed()) each();
  };
  for (const take of takers) {
    const each = take();
    if (each === undefined) {
      release();
      return undefined;
    }
    taken.push(each);
  }
  return release;
}
