import { nameKey } from '../../src/base/nameKey.ts';
import type { Actor } from './actor.ts';
import { type Release, tryAll, tryLockBytes, tryLockPath, tryUsePath } from './locks.ts';
import type { Entry, Model } from './model.ts';
import type { Random } from './random.ts';
import type { WindowActor } from './windowActor.ts';

/** One program, and what it works with. */
export interface Lane {
  /** A program on the mount, or a person in a window. */
  readonly actor: Actor;
  readonly window: WindowActor;
  readonly model: Model;
  readonly random: Random;
}

/** One thing a program does. Answers false when there was nothing to do it with. */
export type Operation = (lane: Lane) => Promise<boolean>;

/** Enough for folders to fill and rings of renames, few enough to check each round. */
const mostFiles = 60;
export const mostFolders = 14;

export function getFolders(model: Model): Entry[] {
  return model.getLive().filter(({ file }) => file === undefined);
}

export async function withLocks(release: Release | undefined, work: () => Promise<unknown>): Promise<boolean> {
  if (release === undefined) return false;
  try {
    await work();
    return true;
  } finally {
    release();
  }
}

export function withBytes(entry: Entry, work: () => Promise<unknown>): Promise<boolean> {
  return withLocks(tryLockBytes(entry), work);
}

/** Picks a file nobody else uses, bytes and path held, and what it holds known (or contested). */
export async function withFile(lane: Lane, work: (entry: Entry) => Promise<unknown>): Promise<boolean> {
  const { model, random, actor } = lane;
  const free = model.getLive().filter(({ file, locks }) => file !== undefined && !locks.bytes && !locks.path);
  if (free.length === 0) return false;
  const entry = random.pick(free);
  const release = tryAll(
    () => tryLockBytes(entry),
    () => tryLockPath(model, entry),
    // Its name stays its own even while it is away from it.
    () => (entry.parent === undefined ? undefined : tryReserve(entry.parent, entry.name)),
  );
  return withLocks(release, async () => {
    if ((await actor.settle(entry)) || entry.contested) await work(entry);
  });
}

export async function withFolder(lane: Lane, work: (folder: Entry) => Promise<unknown>): Promise<boolean> {
  const folders = getFolders(lane.model);
  if (folders.length === 0) return false;
  const folder = lane.random.pick(folders);
  return withLocks(tryLockPath(lane.model, folder), () => work(folder));
}

const reserved = new WeakMap<Entry, Set<string>>();

/** Keeps others off a name in `folder`; undefined when someone has it. */
export function tryReserve(folder: Entry, name: string): Release | undefined {
  const taken = reserved.get(folder) ?? new Set();
  reserved.set(folder, taken);
  const key = nameKey(name);
  if (taken.has(key)) return undefined;
  taken.add(key);
  return () => taken.delete(key);
}

/** Picks a folder and a name that is free in it. */
export async function withNewName(
  lane: Lane,
  work: (folder: Entry, name: string) => Promise<unknown>,
  wanted: { folder?: Entry; name?: string; isFolder?: boolean } = {},
): Promise<boolean> {
  const { model, random } = lane;
  const files = model.getLive().length - getFolders(model).length;
  if (wanted.name === undefined && wanted.isFolder !== true && files >= mostFiles) {
    return withFile(lane, (entry) => lane.actor.unlink(entry));
  }
  const folder = wanted.folder ?? random.pick([model.root, ...getFolders(model)]);
  const name = wanted.name ?? newName(random, wanted.isFolder === true);
  const isTaken = model.getChildren(folder).some((child) => nameKey(child.name) === nameKey(name));
  const release = tryAll(
    () => (isTaken ? undefined : tryReserve(folder, name)),
    () => tryUsePath(folder),
  );
  return withLocks(release, () => work(folder, name));
}

/** From a small set, so that names come back: a removed file's, a folder's, each other's. */
function newName(random: Random, isFolder: boolean): string {
  const number = random.int(1, 30);
  if (isFolder) return `folder ${number}`;
  return random.pick([`note-${number}.txt`, `bilde ${number} æøå.jpg`, `Data${number}`, `a.b.${number}.tar.gz`]);
}

/** Mostly small, now and then larger than what is fetched and verified in one go (cacheLimits.wholeFetchBytes). */
export function newBytes(random: Random): Buffer {
  const length = random.weighted([
    [1, 0],
    [30, random.int(1, 4_000)],
    [12, random.int(4_000, 300_000)],
    [3, random.int(1_000_000, 3_000_000)],
  ]);
  return random.bytes(length);
}

/** Two requests in five are called off: at once, in the middle, or when it is over already. ms. */
export function whenToCancel({ random }: Lane): number | undefined {
  return random.chance(0.4) ? random.int(0, random.pick([0, 5, 20, 100, 1_000])) : undefined;
}
