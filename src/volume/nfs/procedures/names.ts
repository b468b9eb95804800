import { ErrnoError } from '../../../base/errno.ts';
import type { Ino, Place } from '../../../store/nodeRow.ts';
import { getAttr, getBefore, getFolder, getWritableFolder, writePostAttr, writeWcc } from '../attributes.ts';
import { type NfsContext, noteChanged } from '../context.ts';
import { findHint } from '../hints.ts';
import { nothing, nothingBeforeAndAfter, type Procedure, readHandle, readName } from './procedure.ts';

export const lookup: Procedure = {
  name: 'lookup',
  failedArguments: nothing,
  plan: (context, args) => {
    const folder = readHandle(context, args);
    const name = readName(args);
    return {
      failed: (writer) => writePostAttr(context, writer, folder),
      work: async () => {
        getFolder(context, folder);
        const ino = await findChild(context, folder, name);
        return (writer) => {
          writer.opaque(context.handles.toHandle(ino));
          writePostAttr(context, writer, ino);
          writePostAttr(context, writer, folder);
        };
      },
    };
  },
};

/** "..", too, stays within the volume. */
async function findChild(context: NfsContext, folder: Ino, name: string): Promise<Ino> {
  const { view, removed } = context;
  if (name === '.') return folder;
  if (name === '..') return folder === view.root ? folder : (view.vfs.getPlace(folder)?.parent ?? view.root);
  const taken = removed.find(folder, name);
  if (taken !== undefined) return taken;
  try {
    return await context.patience.run(
      `lookup ${folder} ${name}`,
      async () => (await view.vfs.lookup(folder, name)).ino,
    );
  } catch (error) {
    const hint = findHint(view, folder, name);
    if (hint !== undefined && error instanceof ErrnoError && error.code === 'ENOENT') return hint;
    throw error;
  }
}

/**
 * The children of a folder that is going to be changed are known when this resolves: what may wait for the network waits
 * here, where it may be asked for again, and not in the change itself.
 */
export async function ensureListed({ view, patience }: NfsContext, folder: Ino, name: string): Promise<void> {
  await patience.run(`list for ${folder} ${name}`, async () => {
    await view.vfs.find(folder, name);
  });
}

export const readlink: Procedure = {
  name: 'readlink',
  failedArguments: nothing,
  plan: (context, args) => {
    const ino = readHandle(context, args);
    return {
      failed: (writer) => writePostAttr(context, writer, ino),
      work: async () => {
        getAttr(context, ino);
        const target = await context.patience.run(`readlink ${ino}`, () => context.view.vfs.readlink(ino));
        return (writer) => void writePostAttr(context, writer, ino).text(target);
      },
    };
  },
};

export const remove: Procedure = {
  name: 'remove',
  once: true,
  changes: true,
  failedArguments: nothingBeforeAndAfter,
  plan: (context, args) => {
    const folder = readHandle(context, args);
    const name = readName(args);
    const before = getBefore(context, folder);
    return {
      failed: (writer) => writeWcc(context, writer, before, folder),
      work: async () => {
        if (context.removed.find(folder, name) !== undefined) await context.removed.drop(folder, name);
        else {
          getWritableFolder(context, folder);
          await ensureListed(context, folder, name);
          await context.view.vfs.unlink(folder, name);
          noteChanged(context, folder, name);
        }
        return (writer) => writeWcc(context, writer, before, folder);
      },
    };
  },
};

export const rmdir: Procedure = {
  name: 'rmdir',
  once: true,
  changes: true,
  failedArguments: nothingBeforeAndAfter,
  plan: (context, args) => {
    const folder = readHandle(context, args);
    const name = readName(args);
    const before = getBefore(context, folder);
    return {
      failed: (writer) => writeWcc(context, writer, before, folder),
      work: async () => {
        getWritableFolder(context, folder);
        await ensureListed(context, folder, name);
        const { vfs } = context.view;
        const child = await vfs.lookup(folder, name);
        // Whether it is empty is known of a listed folder only.
        if (child.kind !== 'file') await context.patience.run(`readdir ${child.ino}`, () => vfs.readdir(child.ino));
        await vfs.rmdir(folder, name);
        noteChanged(context, folder, name);
        return (writer) => writeWcc(context, writer, before, folder);
      },
    };
  },
};

export const rename: Procedure = {
  name: 'rename',
  once: true,
  changes: true,
  failedArguments: (writer) => {
    nothingBeforeAndAfter(writer);
    nothingBeforeAndAfter(writer);
  },
  plan: (context, args) => {
    const from = { parent: readHandle(context, args), name: readName(args) };
    const to = { parent: readHandle(context, args), name: readName(args) };
    const beforeFrom = getBefore(context, from.parent);
    const beforeTo = getBefore(context, to.parent);
    return {
      failed: (writer) => writeWcc(context, writeWcc(context, writer, beforeFrom, from.parent), beforeTo, to.parent),
      work: async () => {
        await renameChild(context, from, to);
        return (writer) => writeWcc(context, writeWcc(context, writer, beforeFrom, from.parent), beforeTo, to.parent);
      },
    };
  },
};

async function renameChild(context: NfsContext, from: Place, to: Place): Promise<void> {
  const { view, removed } = context;
  getWritableFolder(context, from.parent);
  getWritableFolder(context, to.parent);
  if (removed.find(from.parent, from.name) !== undefined || removed.find(to.parent, to.name) !== undefined) {
    throw new ErrnoError('EINVAL', 'a removed file has no name any more');
  }
  await ensureListed(context, from.parent, from.name);
  await ensureListed(context, to.parent, to.name);
  const row = await view.vfs.lookup(from.parent, from.name);
  if (removed.isSillyRename(row, from, to)) await removed.take(row, from, to);
  else await view.vfs.rename(from, to, 'replace');
  noteChanged(context, from.parent, from.name);
  noteChanged(context, to.parent, to.name);
}

export const link: Procedure = {
  name: 'link',
  failedArguments: (writer) => {
    nothing(writer);
    nothingBeforeAndAfter(writer);
  },
  plan: (context, args) => {
    const ino = readHandle(context, args);
    return {
      failed: (writer) => {
        writePostAttr(context, writer, ino);
        nothingBeforeAndAfter(writer);
      },
      work: () => {
        throw new ErrnoError('EPERM', 'the service has no hard links');
      },
    };
  },
};
