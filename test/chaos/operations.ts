import { constants } from 'node:fs';
import { type Lane, newBytes, type Operation, withBytes, withFile, withLocks, withNewName } from './choosing.ts';
import { list, makeTree, mkdir, removeTree, renameFolder, replaceByFolder } from './folderOperations.ts';
import { tryLockPath } from './locks.ts';
import { newSize, writePart, writeWhole } from './writing.ts';

const { O_RDONLY, O_WRONLY, O_RDWR, O_TRUNC, O_APPEND } = constants;

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
    // Where the end is that it adds to is known only while nothing came between.
    const done = !entry.contested && (await lane.actor.write(entry, handle, undefined, newBytes(lane.random)));
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
async function useHandle(lane: Lane): Promise<boolean> {
  const { actor, model, random } = lane;
  const held = model.getLive().filter(({ file, locks }) => (file?.handles.length ?? 0) > 0 && !locks.bytes);
  if (held.length === 0) return false;
  const entry = random.pick(held);
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
