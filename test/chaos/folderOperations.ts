import {
  getFolders,
  type Lane,
  mostFolders,
  newBytes,
  withBytes,
  withFile,
  withFolder,
  withLocks,
  withNewName,
} from './choosing.ts';
import { tryUsePath } from './locks.ts';
import type { Entry } from './model.ts';
import { writeWhole } from './writing.ts';

export async function mkdir(lane: Lane): Promise<boolean> {
  if (getFolders(lane.model).length > mostFolders) return removeTree(lane);
  return withNewName(
    lane,
    async (folder, name) => {
      await lane.actor.mkdir(folder, name);
    },
    { isFolder: true },
  );
}

export async function makeTree(lane: Lane): Promise<boolean> {
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
export async function removeTree(lane: Lane): Promise<boolean> {
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

export async function renameFolder(lane: Lane): Promise<boolean> {
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
export async function replaceByFolder(lane: Lane): Promise<boolean> {
  return withFile(lane, async (entry) => {
    const { parent, name } = entry;
    if (parent === undefined || !(await lane.actor.unlink(entry))) return;
    const folder = await lane.actor.mkdir(parent, name);
    if (folder !== undefined) await saveInto(lane, folder);
  });
}

export async function list(lane: Lane): Promise<boolean> {
  const folder = lane.random.pick([lane.model.root, ...getFolders(lane.model)]);
  return withLocks(tryUsePath(folder), () => lane.actor.list(folder));
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
