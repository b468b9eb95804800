import { constants } from 'node:fs';
import { nameKey } from '../../src/store/nodeRow.ts';
import type { Actor } from './actor.ts';
import { type Release, tryAll, tryLockBytes, tryLockPath, tryUsePath } from './locks.ts';
import type { Entry, Handle, Model } from './model.ts';
import type { Random } from './random.ts';

const { O_RDONLY, O_WRONLY, O_RDWR, O_TRUNC, O_APPEND } = constants;

export interface Lane {
  readonly actor: Actor;
  readonly model: Model;
  readonly random: Random;
}

/** One thing a program does. Answers false when there was nothing to do it with. */
export type Operation = (lane: Lane) => Promise<boolean>;

/** Enough for folders to fill and rings of renames, few enough to check each round. */
const mostFiles = 60;
const mostFolders = 14;

/** What programs do to a drive, and how often. */
export const operations: readonly (readonly [weight: number, operation: Operation])[] = [
  [14, saveNew],
  [5, createAndKeepOpen],
  [10, overwrite],
  [10, safeSave],
  [5, backupSave],
  [4, append],
  [6, openAndKeep],
  [16, useHandle],
  [5, rewritePart],
  [4, truncate],
  [7, renameFile],
  [5, renameOver],
  [3, swapNames],
  [8, unlink],
  [3, unlinkOpen],
  [4, copy],
  [4, mkdir],
  [2, makeTree],
  [2, removeTree],
  [3, renameFolder],
  [2, replaceByFolder],
  [4, setTime],
  [1, setMode],
  [6, read],
  [5, stat],
  [4, list],
];

// New files

async function saveNew(lane: Lane): Promise<boolean> {
  return withNewName(lane, async (folder, name) => {
    const made = await lane.actor.create(folder, name, lane.random.chance(0.2));
    if (made === undefined) return;
    await withBytes(made.entry, () => writeWhole(lane, made.entry, made.handle, newBytes(lane.random)));
  });
}

async function createAndKeepOpen(lane: Lane): Promise<boolean> {
  return withNewName(lane, async (folder, name) => {
    const made = await lane.actor.create(folder, name);
    if (made === undefined) return;
    await withBytes(made.entry, async () => {
      await lane.actor.write(made.entry, made.handle, 0, newBytes(lane.random));
    });
  });
}

async function copy(lane: Lane): Promise<boolean> {
  return withFile(lane, async (source) => {
    const bytes = source.file?.view ?? Buffer.alloc(0);
    await withNewName(lane, async (folder, name) => {
      const made = await lane.actor.create(folder, name);
      if (made !== undefined) await withBytes(made.entry, () => writeWhole(lane, made.entry, made.handle, bytes));
    });
  });
}

// Saves of programs

/** Truncates and writes anew. */
async function overwrite(lane: Lane): Promise<boolean> {
  return withFile(lane, async (entry) => {
    const handle = await lane.actor.open(entry, O_WRONLY | O_TRUNC);
    if (handle !== undefined) await writeWhole(lane, entry, handle, newBytes(lane.random));
  });
}

/** Writes a new file and renames it over the old one. */
async function safeSave(lane: Lane): Promise<boolean> {
  return withFile(lane, async (entry) => {
    const { parent, name } = entry;
    if (parent === undefined) return;
    await withNewName(
      lane,
      async (folder, temporary) => {
        const made = await lane.actor.create(folder, temporary);
        if (made === undefined) return;
        await withBytes(made.entry, async () => {
          if (!(await writeWhole(lane, made.entry, made.handle, newBytes(lane.random)))) return;
          await withLocks(tryLockPath(lane.model, made.entry), () =>
            lane.actor.rename(made.entry, parent, name, entry),
          );
        });
      },
      { folder: parent, name: `.${name}.${lane.random.int(1000, 9999)}.tmp` },
    );
  });
}

/** Renames the old file to a backup, writes the name anew, and now and then removes the backup. */
async function backupSave(lane: Lane): Promise<boolean> {
  return withFile(lane, async (entry) => {
    const { parent, name } = entry;
    if (parent === undefined) return;
    await withNewName(
      lane,
      async (folder, backup) => {
        if (!(await lane.actor.rename(entry, folder, backup))) return;
        const made = await lane.actor.create(parent, name);
        if (made === undefined) return;
        await withBytes(made.entry, () => writeWhole(lane, made.entry, made.handle, newBytes(lane.random)));
        if (lane.random.chance(0.5)) await lane.actor.unlink(entry);
      },
      { folder: parent, name: `${name}~` },
    );
  });
}

async function append(lane: Lane): Promise<boolean> {
  return withFile(lane, async (entry) => {
    if (entry.contested) return;
    const handle = await lane.actor.open(entry, O_WRONLY | O_APPEND);
    if (handle === undefined) return;
    const done = await lane.actor.write(entry, handle, undefined, newBytes(lane.random));
    if (done && lane.random.chance(0.3)) await lane.actor.fsync(entry, handle);
    await lane.actor.close(entry, handle);
  });
}

/** Changes a few bytes in the middle. */
async function rewritePart(lane: Lane): Promise<boolean> {
  return withFile(lane, async (entry) => {
    if (entry.contested) return;
    const handle = await lane.actor.open(entry, O_RDWR);
    if (handle === undefined) return;
    await writePart(lane, entry, handle);
    await lane.actor.close(entry, handle);
  });
}

async function truncate(lane: Lane): Promise<boolean> {
  return withFile(lane, async (entry) => {
    if (entry.contested) return;
    await lane.actor.truncate(entry, newSize(lane, entry));
  });
}

// Files held open

async function openAndKeep(lane: Lane): Promise<boolean> {
  return withFile(lane, async (entry) => {
    if (!entry.contested) await lane.actor.open(entry, lane.random.pick([O_RDONLY, O_RDWR, O_RDWR, O_WRONLY]));
  });
}

/** Through a descriptor: the path may change meanwhile. */
async function useHandle({ actor, model, random }: Lane): Promise<boolean> {
  const held = model.getLive().filter(({ file, locks }) => (file?.handles.length ?? 0) > 0 && !locks.bytes);
  if (held.length === 0) return false;
  const entry = random.pick(held);
  const lane = { actor, model, random };
  return withBytes(entry, async () => {
    await actor.dropStale(entry);
    const handle = entry.file?.handles.at(-1);
    if (handle === undefined) return;
    if (entry.contested || entry.file?.uncertain === true || random.chance(0.3)) {
      await actor.close(entry, handle);
      return;
    }
    if (!handle.writing) return actor.readHandle(entry, handle);
    const steps = random.int(1, 3);
    for (let step = 0; step < steps && entry.file?.uncertain === false; step += 1) {
      if (random.chance(0.15)) await actor.truncateHandle(entry, handle, newSize(lane, entry));
      else if (random.chance(0.25)) await actor.fsync(entry, handle);
      else await writePart(lane, entry, handle);
    }
  });
}

async function unlinkOpen(lane: Lane): Promise<boolean> {
  return withFile(lane, async (entry) => {
    if (entry.contested) return;
    const handle = await lane.actor.open(entry, O_RDWR);
    if (handle === undefined) return;
    await writePart(lane, entry, handle);
    if (await lane.actor.unlink(entry)) await writePart(lane, entry, handle);
    await lane.actor.close(entry, handle);
  });
}

// Names

async function renameFile(lane: Lane): Promise<boolean> {
  return withFile(lane, (entry) =>
    withNewName(lane, async (folder, name) => {
      await lane.actor.rename(entry, folder, name);
    }),
  );
}

async function renameOver(lane: Lane): Promise<boolean> {
  return withFile(lane, (entry) =>
    withFile(lane, async (victim) => {
      if (victim.parent !== undefined) await lane.actor.rename(entry, victim.parent, victim.name, victim);
    }),
  );
}

/** a → t, b → a, t → b. */
async function swapNames(lane: Lane): Promise<boolean> {
  return withFile(lane, (a) =>
    withFile(lane, (b) =>
      withNewName(lane, async (folder, temporary) => {
        const [placeA, placeB] = [a, b].map(({ parent, name }) => ({ parent, name }));
        if (placeA?.parent === undefined || placeB?.parent === undefined) return;
        if (!(await lane.actor.rename(a, folder, temporary))) return;
        if (!(await lane.actor.rename(b, placeA.parent, placeA.name))) return;
        await lane.actor.rename(a, placeB.parent, placeB.name);
      }),
    ),
  );
}

async function unlink(lane: Lane): Promise<boolean> {
  return withFile(lane, async (entry) => {
    await lane.actor.unlink(entry);
  });
}

async function setTime(lane: Lane): Promise<boolean> {
  return withFile(lane, async (entry) => {
    await lane.actor.setTime(entry, lane.random.int(1_000_000_000, 1_700_000_000));
  });
}

async function setMode(lane: Lane): Promise<boolean> {
  return withFile(lane, (entry) => lane.actor.setMode(entry, lane.random.pick([0o600, 0o644, 0o755])));
}

async function read(lane: Lane): Promise<boolean> {
  return withFile(lane, (entry) => lane.actor.read(entry));
}

async function stat(lane: Lane): Promise<boolean> {
  return withFile(lane, (entry) => lane.actor.stat(entry));
}

// Folders

async function mkdir(lane: Lane): Promise<boolean> {
  if (getFolders(lane.model).length > mostFolders) return removeTree(lane);
  return withNewName(
    lane,
    async (folder, name) => {
      await lane.actor.mkdir(folder, name);
    },
    { isFolder: true },
  );
}

async function makeTree(lane: Lane): Promise<boolean> {
  if (getFolders(lane.model).length > mostFolders) return false;
  return withNewName(
    lane,
    async (folder, name) => {
      const top = await lane.actor.mkdir(folder, name);
      if (top === undefined) return;
      let inner: Entry | undefined;
      await withLocks(tryUsePath(top), async () => {
        inner = await lane.actor.mkdir(top, 'inner');
      });
      for (const each of [top, inner, inner]) {
        if (each !== undefined) await saveInto(lane, each);
      }
    },
    { isFolder: true },
  );
}

/** As `rm -r` does it. */
async function removeTree(lane: Lane): Promise<boolean> {
  return withFolder(lane, async (folder) => {
    await removeWhole(lane, folder);
  });
}

async function removeWhole(lane: Lane, folder: Entry): Promise<boolean> {
  for (const child of lane.model.getChildren(folder)) {
    if (child.file === undefined) {
      if (!(await removeWhole(lane, child))) return false;
      continue;
    }
    let done = false;
    await withBytes(child, async () => {
      if (await lane.actor.settle(child)) done = await lane.actor.unlink(child);
    });
    if (!done) return false;
  }
  return lane.actor.rmdir(folder);
}

async function renameFolder(lane: Lane): Promise<boolean> {
  return withFolder(lane, (folder) =>
    withNewName(
      lane,
      async (parent, name) => {
        await lane.actor.rename(folder, parent, name);
      },
      { isFolder: true },
    ),
  );
}

/** A file goes, a folder takes its name. */
async function replaceByFolder(lane: Lane): Promise<boolean> {
  return withFile(lane, async (entry) => {
    const { parent, name } = entry;
    if (parent === undefined || !(await lane.actor.unlink(entry))) return;
    const folder = await lane.actor.mkdir(parent, name);
    if (folder !== undefined) await saveInto(lane, folder);
  });
}

async function list(lane: Lane): Promise<boolean> {
  const folder = lane.random.pick([lane.model.root, ...getFolders(lane.model)]);
  return withLocks(tryUsePath(folder), () => lane.actor.list(folder));
}

// Choosing and holding

function getFolders(model: Model): Entry[] {
  return model.getLive().filter(({ file }) => file === undefined);
}

async function withLocks(release: Release | undefined, work: () => Promise<unknown>): Promise<boolean> {
  if (release === undefined) return false;
  try {
    await work();
    return true;
  } finally {
    release();
  }
}

function withBytes(entry: Entry, work: () => Promise<unknown>): Promise<boolean> {
  return withLocks(tryLockBytes(entry), work);
}

/** Picks a file nobody else uses, bytes and path held, and what it holds known (or contested). */
async function withFile(lane: Lane, work: (entry: Entry) => Promise<unknown>): Promise<boolean> {
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

async function withFolder(lane: Lane, work: (folder: Entry) => Promise<unknown>): Promise<boolean> {
  const folders = getFolders(lane.model);
  if (folders.length === 0) return false;
  const folder = lane.random.pick(folders);
  return withLocks(tryLockPath(lane.model, folder), () => work(folder));
}

const reserved = new WeakMap<Entry, Set<string>>();

/** Keeps others off a name in `folder`; undefined when someone has it. */
function tryReserve(folder: Entry, name: string): Release | undefined {
  const taken = reserved.get(folder) ?? new Set();
  reserved.set(folder, taken);
  const key = nameKey(name);
  if (taken.has(key)) return undefined;
  taken.add(key);
  return () => taken.delete(key);
}

/** Picks a folder and a name that is free in it. */
async function withNewName(
  lane: Lane,
  work: (folder: Entry, name: string) => Promise<unknown>,
  wanted: { folder?: Entry; name?: string; isFolder?: boolean } = {},
): Promise<boolean> {
  const { model, random } = lane;
  const files = model.getLive().length - getFolders(model).length;
  if (wanted.name === undefined && wanted.isFolder !== true && files >= mostFiles) return unlink(lane);
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
function newBytes(random: Random): Buffer {
  const length = random.weighted([
    [1, 0],
    [30, random.int(1, 4_000)],
    [12, random.int(4_000, 300_000)],
    [3, random.int(1_000_000, 3_000_000)],
  ]);
  return random.bytes(length);
}

function newSize({ random }: Lane, entry: Entry): number {
  const { length } = entry.file?.view ?? Buffer.alloc(0);
  return random.pick([0, random.int(0, length), length + random.int(1, 10_000)]);
}

/** Writes all of an empty file in pieces and closes it. Answers whether every step was acknowledged. */
async function writeWhole(lane: Lane, entry: Entry, handle: Handle, bytes: Buffer) {
  const { actor, random } = lane;
  const piece = random.pick([bytes.length, 4096, 65_536, 1_000_000]) || 1;
  let done = true;
  for (let at = 0; at < bytes.length && done; at += piece) {
    done = await actor.write(entry, handle, at, bytes.subarray(at, at + piece));
    if (done && random.chance(0.03)) done = await actor.fsync(entry, handle);
  }
  if (done && random.chance(0.3)) done = await actor.fsync(entry, handle, true);
  return (await actor.close(entry, handle, done)) && done;
}

async function writePart({ actor, random }: Lane, entry: Entry, handle: Handle) {
  const { length } = entry.file?.view ?? Buffer.alloc(0);
  const bytes = random.bytes(random.int(1, random.chance(0.1) ? 200_000 : 3_000));
  await actor.write(entry, handle, random.int(0, length + (random.chance(0.1) ? 5_000 : 0)), bytes);
}

async function saveInto(lane: Lane, folder: Entry): Promise<boolean> {
  return withNewName(
    lane,
    async (parent, name) => {
      const made = await lane.actor.create(parent, name);
      if (made === undefined) return;
      await withBytes(made.entry, () => writeWhole(lane, made.entry, made.handle, newBytes(lane.random)));
    },
    { folder },
  );
}
