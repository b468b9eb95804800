import { ErrnoError } from '../../../base/errno.ts';
import type { Ino, Timestamp } from '../../../store/nodeRow.ts';
import {
  applyChanges,
  type Before,
  getAttr,
  getBefore,
  getWritableFolder,
  readChanges,
  writePostAttr,
  writeWcc,
} from '../attributes.ts';
import { type NfsContext, noteChanged } from '../context.ts';
import { nfsLimits } from '../limits.ts';
import { XdrError, type XdrReader } from '../xdr.ts';
import { ensureListed } from './names.ts';
import { nothingBeforeAndAfter, type Plan, type Procedure, readHandle, readName } from './procedure.ts';

/** createmode3. */
const unchecked = 0;
const exclusive = 2;

/** Answer of everything that makes a node in a folder. */
function planMaking(context: NfsContext, folder: Ino, name: string, make: () => Promise<Ino>): Plan {
  const before: Before | undefined = getBefore(context, folder);
  return {
    failed: (writer) => writeWcc(context, writer, before, folder),
    work: async () => {
      getWritableFolder(context, folder);
      if (context.removed.find(folder, name) !== undefined) throw new ErrnoError('EEXIST', "the name is a client's");
      await ensureListed(context, folder, name);
      const ino = await make();
      noteChanged(context, folder, name);
      return (writer) => {
        writer.bool(true).opaque(context.handles.toHandle(ino));
        writePostAttr(context, writer, ino);
        writeWcc(context, writer, before, folder);
      };
    },
  };
}

export const create: Procedure = {
  name: 'create',
  once: true,
  changes: true,
  failedArguments: nothingBeforeAndAfter,
  plan: (context, args) => {
    const folder = readHandle(context, args);
    const name = readName(args);
    const how = args.u32();
    if (how > exclusive) throw new XdrError('no such way to create');
    if (how === exclusive) {
      const mark = readMark(args);
      return planMaking(context, folder, name, () => createOnce(context, folder, name, mark));
    }
    const wanted = readChanges(args);
    return planMaking(context, folder, name, async () => {
      const ino = await open(context, folder, name, { mode: wanted.mode ?? 0, exclusive: how !== unchecked });
      // The mode is that of a new file; one that was there is cut as O_TRUNC asks.
      await applyChanges(context, ino, { ...wanted, mode: undefined });
      return ino;
    });
  },
};

async function open(
  { view, files }: NfsContext,
  folder: Ino,
  name: string,
  { mode, exclusive }: { mode: number; exclusive: boolean },
): Promise<Ino> {
  const options = { writing: true, append: false, truncate: false, exclusive };
  const { row, fh } = await view.vfs.create(folder, name, mode, options);
  files.adopt(row.ino, fh);
  return row.ino;
}

/** The 8 bytes by which a client knows its own exclusive create, as a time. */
function readMark(args: XdrReader): Timestamp {
  return { sec: args.u32() % 2 ** 31, nsec: args.u32() % 1_000_000_000 };
}

/**
 * A file nobody has made yet, O_EXCL. The mark is kept as the file's time, until the client sets the real one with its next
 * call, as other servers do: so a create that a client repeats after a restart of the drive is known as the same.
 */
async function createOnce(context: NfsContext, folder: Ino, name: string, mark: Timestamp): Promise<Ino> {
  const { vfs } = context.view;
  try {
    const ino = await open(context, folder, name, { mode: 0, exclusive: true });
    await vfs.setTimes(ino, mark);
    return ino;
  } catch (error) {
    if (!(error instanceof ErrnoError) || error.code !== 'EEXIST') throw error;
    const { ino } = await vfs.lookup(folder, name);
    const { size, mtime, kind } = getAttr(context, ino);
    if (kind !== 'file' || size !== 0 || mtime.sec !== mark.sec || mtime.nsec !== mark.nsec) throw error;
    return ino;
  }
}

export const mkdir: Procedure = {
  name: 'mkdir',
  once: true,
  changes: true,
  failedArguments: nothingBeforeAndAfter,
  plan: (context, args) => {
    const folder = readHandle(context, args);
    const name = readName(args);
    const { mode } = readChanges(args);
    return planMaking(context, folder, name, async () => (await context.view.vfs.mkdir(folder, name, mode ?? 0)).ino);
  },
};

export const symlink: Procedure = {
  name: 'symlink',
  once: true,
  changes: true,
  failedArguments: nothingBeforeAndAfter,
  plan: (context, args) => {
    const folder = readHandle(context, args);
    const name = readName(args);
    readChanges(args);
    const target = readTarget(args);
    return planMaking(context, folder, name, async () => {
      const { vfs } = context.view;
      await vfs.symlink(folder, name, target);
      return (await vfs.lookup(folder, name)).ino;
    });
  },
};

function readTarget(args: XdrReader): string {
  const target = args.text(nfsLimits.targetBytes);
  if (target === undefined) throw new ErrnoError('EILSEQ', 'the target of the link is not UTF-8');
  return target;
}

/** Devices, pipes and sockets. */
export const mknod: Procedure = {
  name: 'mknod',
  failedArguments: nothingBeforeAndAfter,
  plan: (context, args) => {
    const folder = readHandle(context, args);
    const before = getBefore(context, folder);
    return {
      failed: (writer) => writeWcc(context, writer, before, folder),
      work: () => {
        throw new ErrnoError('EPERM', 'the service has files, folders and links only');
      },
    };
  },
};
